"""What a repository shows of its evaluation: scripts, containers, results, test data and configurations.

Everything found here is a proposal to a person; file contents are hostile and read as data.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from posixpath import basename, dirname, join, normpath
from typing import Any

from msgspec import Struct

from remyx_action.project.files.dockerfile import bases, copied, instructions
from remyx_action.project.files.json_text import NotStrictJson
from remyx_action.project.files.json_text import read as read_json
from remyx_action.project.files.layout import matcher
from remyx_action.project.files.pointer import pointer_to
from remyx_action.project.files.yaml_text import load_yaml
from remyx_action.project.models.container import Container, Prebuild
from remyx_action.readers.arm_files import format_of
from remyx_action.sources.disk import read_below
from remyx_action.sources.disk.project_files import PASSED_OVER

from .answers import Contents
from .result_files import contents_of_files

MOST_FILES, MOST_TRIED, MOST_DATA = 20_000, 40, 8
DEEPEST = 4
LARGEST_RESULT_BYTES, LARGEST_TEXT_BYTES = 8_000_000, 200_000
_SCRIPT = re.compile(
    r"(run_)?((eval|evaluate|evaluation|benchmark|bench|score)(_\w+)?|\w+_(eval|bench))\.(py|sh)"
)
_FOLDER = re.compile(r"(^|[/_-])(eval|bench|score)", re.IGNORECASE)
_RESULT = re.compile(r"(.*[_-])?(results?|metrics|scores?|summary|report|samples|evals?)([_.-].*)?")
_RESULT_FOLDER = re.compile(
    r"(^|/)(results?|outputs?|reports?|runs?|reviews|evals?|logs?|baselines?|variants?|candidates?)(/|$)"
)
_DATA = (".jsonl", ".csv", ".tsv", ".parquet", ".txt")
_CONFIGS = re.compile(r"(^|/)(config|conf|settings|params|model|experiment)\w*(/[^/]+)?\.(ya?ml|json)$")
_MODEL_KEYS = re.compile(r"(\w+_)?(model|checkpoint)(_(name|id|path|name_or_path))?")
_ENTRIES = ("run", "entrypoint.sh")
_OPTION = re.compile(r"add_argument\(\s*(?:['\"]-\w['\"],\s*)?['\"](--[a-z][a-z0-9_-]*)['\"]")
_ASSET_OPTION = re.compile(r"--(model|checkpoint|asset|ckpt|index|retriever|prompt)([_-](name|id|path))*")
_OUTPUT_OPTION = re.compile(r"--(out|output|save)([_-]?(dir|path|folder|to))?")


class Program(Struct, frozen=True, kw_only=True):
    """Something that scores one version."""

    script: str
    """A file, or a folder that ends in `/`."""
    command: tuple[str, ...] = ()
    """How it is started, where not by itself."""
    reads_asset: bool = False
    """Whether its text reads REMYX_ASSET."""


class ModelName(Struct, frozen=True, kw_only=True):
    """A value in a configuration file that names a model."""

    file: str
    pointer: str
    asset: str


class Found(Struct, frozen=True, kw_only=True):
    """Proposals, the likeliest first."""

    paths: tuple[str, ...] = ()
    """Every file, below the root."""
    programs: tuple[Program, ...] = ()
    results: Mapping[str, Contents] = {}
    """Result file → what it holds."""
    models: tuple[ModelName, ...] = ()

    def data_beside(self, script: str) -> tuple[str, ...]:
        """Return test data beside a script, and folders `data` beside it or at the top."""
        folder = script.rstrip("/") if script.endswith("/") else dirname(script)
        folders = [
            name
            for name in (join(folder, "data"), "data")
            if any(path.startswith(f"{name}/") for path in self.paths)
        ]
        near = [
            path
            for path in self.paths
            if dirname(path) == folder and path.endswith(_DATA) and path not in self.results
            if path != "requirements.txt"
        ]
        return tuple(dict.fromkeys([*(f"{name}/**" for name in folders), *near[:MOST_DATA]]))


def survey(root: Path) -> Found:
    """Return what the folder shows; nothing outside it is read, and no link is followed."""
    paths: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER and not name.startswith("."))
        place = Path(folder).relative_to(root).as_posix()
        paths += [normpath(join(place, name)) for name in sorted(names) if name.isprintable()]
        if len(paths) > MOST_FILES:
            break
    paths = sorted(paths[:MOST_FILES], key=lambda path: (path.count("/"), path))
    near = [path for path in paths if path.count("/") <= DEEPEST and not path.startswith((".", "tests/"))]
    results = dict(_results(root, near))
    return Found(
        paths=tuple(paths),
        programs=tuple(_programs(root, [path for path in near if path not in results])),
        results=results,
        models=tuple(_models(root, [path for path in near if path not in results])),
    )


def _programs(root: Path, paths: Sequence[str]) -> Iterator[Program]:
    """Yield scripts by their names, and folders with a start of their own in place of what is in them."""
    started = {
        f"{dirname(path)}/"
        for path in paths
        if (basename(path) == "Dockerfile" or basename(path) in _ENTRIES) and _FOLDER.search(dirname(path))
    }
    named: set[str] = set()
    for path in paths:
        name, folder = basename(path), f"{dirname(path)}/"
        if folder in started and folder not in named:
            named.add(folder)
            yield Program(script=folder, reads_asset=_mentions(root, paths, folder))
        elif folder not in started and _SCRIPT.fullmatch(name.casefold()) and not name.startswith("test_"):
            yield program_at(root, path)


def program_at(root: Path, script: str) -> Program:
    """Return how a script is started: with the options that its argument parser has."""
    text = (read_below(root, script, cap_bytes=LARGEST_TEXT_BYTES) or b"").decode("utf-8", "replace")
    options = list(dict.fromkeys(_OPTION.findall(text)))
    asset = next((one for one in options if _ASSET_OPTION.fullmatch(one)), None)
    output = next((one for one in options if _OUTPUT_OPTION.fullmatch(one)), None)
    command: tuple[str, ...] = ()
    if script.endswith(".py") and (asset or output) and "REMYX_ASSET" not in text:
        command = ("python3", script)
        command += (asset, "{asset}") if asset else ()
        command += (output, _output(output, text)) if output else ()
    return Program(script=script, command=command, reads_asset="REMYX_ASSET" in text)


def _output(option: str, text: str) -> str:
    """Return the value of an option for results: a folder, or a file in it as its default is one."""
    default = re.search(
        re.escape(option) + r"['\"][^)]*?default=['\"][^'\"]*?([\w.-]+\.(?:json|jsonl|csv))", text
    )
    return f"{{output_dir}}/{default[1]}" if default else "{output_dir}"


def _mentions(root: Path, paths: Iterable[str], folder: str) -> bool:
    inside = [path for path in paths if path.startswith(folder) and path.endswith((".py", ".sh", "/run"))]
    texts = (read_below(root, path, cap_bytes=LARGEST_TEXT_BYTES) or b"" for path in inside[:MOST_TRIED])
    return any(b"REMYX_ASSET" in text for text in texts)


def _results(root: Path, paths: Sequence[str]) -> Iterator[tuple[str, Contents]]:
    """Yield what engines are known to write, then what is called results: one file of each folder."""
    by_folder: dict[str, list[str]] = {}
    for path in paths:
        name, named = basename(path), _is_named_result(path)
        few = len(by_folder.setdefault(dirname(path), [])) < MOST_TRIED
        format_ = format_of(name)
        is_tried = named or (few and format_ != "parquet")
        if format_ is not None and is_tried and _is_small_file(root / path):
            by_folder[dirname(path)].append(name)
    others = {}
    for folder, names in [one for one in by_folder.items() if one[1]][:MOST_TRIED]:
        called_results = {name for name in names if _is_named_result(join(folder, name))}
        found = contents_of_files(root / folder, names, called_results.__contains__)
        if found is not None and found.engine:
            yield join(folder, found.file), found
        elif found is not None:
            others[join(folder, found.file)] = found
    yield from others.items()


def _is_named_result(path: str) -> bool:
    """Whether a file's name or folder says that it holds results."""
    named = _RESULT.fullmatch(basename(path).casefold()) or _RESULT_FOLDER.search(dirname(path))
    return named is not None and not _CONFIGS.search(path)


def _is_small_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_RESULT_BYTES


def _models(root: Path, paths: Sequence[str]) -> Iterator[ModelName]:
    """Yield the values of configuration files whose key says that they name a model."""
    for path in [path for path in paths if _CONFIGS.search(path)][:MOST_TRIED]:
        document = parsed(root, path)
        for pointer, value in _texts(document, ""):
            key = pointer.rpartition("/")[2]
            if _MODEL_KEYS.fullmatch(key.casefold()) and value.strip() and value.isprintable():
                yield ModelName(file=path, pointer=pointer, asset=value)


def parsed(root: Path, path: str) -> Any:
    """Return the document of a YAML or JSON file, or None where there is none or it is wrong."""
    content = read_below(root, path, cap_bytes=LARGEST_TEXT_BYTES)
    if content is None:
        return None
    if not path.endswith(".json"):
        document = load_yaml(content, path)
        return None if document.problems else document.value
    try:
        return read_json(content)
    except NotStrictJson:
        return None


def texts_in(document: Any) -> dict[str, str]:
    """Return pointer → text of every text in a document's mappings."""
    return dict(_texts(document, ""))


def _texts(document: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(document, str) and pointer:
        yield pointer, document
    elif isinstance(document, dict) and pointer.count("/") < DEEPEST:
        for key, value in document.items():
            yield from _texts(value, pointer_to(pointer, key))


def container_of(root: Path, script: str, paths: Sequence[str], config: str) -> Container | None:
    """Return how the Dockerfile of a folder is built, where that takes more than the defaults.

    An image that it starts `FROM` and that another Dockerfile of the repository may make is built before;
    `config` is the file that each arm gets a copy of, "" for none.
    """
    dockerfile = _dockerfile(root, f"{script}Dockerfile")
    if dockerfile is None:
        return None
    others = [path for path in paths if basename(path) == "Dockerfile" and path != f"{script}Dockerfile"]
    prebuild = []
    for base in bases(dockerfile, {}):
        words = set(re.split(r"[/:_.-]", base.name))
        made = [path for path in others if words & set(re.split(r"[/:_.-]", dirname(path)))]
        if len(made) == 1:
            prebuild.append(Prebuild(dockerfile=made[0], context=dirname(made[0]) or ".", tag=base.name))
    mounts = {config: inside} if config and (inside := _place_inside(dockerfile, config)) else {}
    return Container(prebuild=prebuild, mount_config=mounts) if prebuild or mounts else None


def _place_inside(dockerfile: str, path: str) -> str | None:
    """Return where a COPY puts a file of the repository, or None where none does."""
    folder = "/"
    for one in instructions(dockerfile):
        if one.keyword == "WORKDIR" and one.words:
            folder = normpath(join(folder, one.words[0]))
        if one.keyword in {"COPY", "ADD"} and "from" not in one.flags and len(one.words) > 1:
            target = normpath(join(folder, one.words[-1]))
            for source in map(normpath, one.words[:-1]):
                if path == source:
                    into = one.words[-1].endswith("/") or len(one.words) > 2
                    return join(target, basename(path)) if into else target
                if source == "." or path.startswith(f"{source}/"):
                    return join(target, path.removeprefix("" if source == "." else f"{source}/"))
    return None


def harness_of(root: Path, found: Found, script: str, container: Container | None) -> tuple[str, ...]:
    """Return globs of what decides a score: the script, what its image copies, and test data beside it."""
    globs = [f"{script}**" if script.endswith("/") else script]
    dockerfile = _dockerfile(root, f"{script}Dockerfile") if script.endswith("/") else None
    if dockerfile is not None:
        globs += [f"{dirname(one.dockerfile)}/**" for one in (container.prebuild if container else ())]
        for _, source in copied(dockerfile):
            path = normpath(source)
            globs.append("**" if path == "." else f"{path}/**" if (root / path).is_dir() else path)
    else:
        globs += found.data_beside(script)
    kept: list[str] = []
    for glob in dict.fromkeys(globs):
        if not any(
            matcher([other])(glob.removesuffix("/**") + "/x" if glob.endswith("/**") else glob)
            for other in kept
        ):
            kept.append(glob)
    return tuple(kept)


def _dockerfile(root: Path, path: str) -> str | None:
    content = read_below(root, path, cap_bytes=LARGEST_TEXT_BYTES)
    return None if content is None else content.decode("utf-8", "replace")
