"""The paths that need an owner's review, so that no change can move its own bar."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from posixpath import basename, normpath

from remyx_action.errors import Problem

from .codeowners import LOCATIONS
from .models import Template
from .path_patterns import Pattern, escaped, pattern_of

OF_THE_BAR = (
    ".remyx/metrics.yaml",
    ".remyx/templates/",
    ".remyx/policies/",
    ".remyx/locks/",
    ".remyx/baselines/",
)
"""Below the project's root; not experiments/, which are proposals and read from head."""

OF_THE_REPOSITORY = (
    ".github/",
    *(place for place in LOCATIONS if not place.startswith(".github/")),
    ".gitattributes",
    ".gitmodules",
    ".lfsconfig",
)
"""Below the repository's root: what starts the evaluation, who reviews, what git makes of a file."""

READ_BY_PYTHON = (
    "conftest.py",
    "sitecustomize.py",
    "usercustomize.py",
    "*.pth",
    "pytest.ini",
    "tox.ini",
    "setup.cfg",
    "pyproject.toml",
)
"""In the project's root, where the harness shares a tree with product code: programs read them unasked."""
REGULAR_MODES = {"100644", "100755"}
"""As git writes them: files, and those that may be executed."""
ALWAYS_FILES = {basename(place) for place in (*OF_THE_BAR, *OF_THE_REPOSITORY, *READ_BY_PYTHON)} - {""}
"""Names that mean nothing to anybody where a folder bears them."""


def protected_paths(template: Template, *, root: str = "") -> tuple[str, ...]:
    """Return CODEOWNERS patterns of everything a verdict by this template depends on, in order, each once.

    `root` is the project's folder below the repository's root: "" or ending in `/`. WrongPatternError where a
    path cannot be written in CODEOWNERS.
    """
    patterns = [f"/{escaped(root)}{place}" for place in OF_THE_BAR]
    patterns += [f"/{place}" for place in OF_THE_REPOSITORY]
    patterns += [_below(root, glob) for glob in review_globs(template)]
    for pattern in patterns:
        pattern_of(pattern)
    return _without_repeats(patterns)


def covered_by(path: str, files: Sequence[str]) -> Pattern:
    """Return the pattern of a protected path, as the file or the folder that the repository holds there.

    `files`: every file of the repository. What it does not hold may become either, unless its name is one
    that only means something to programs as a file.
    """
    pattern = pattern_of(path)
    held = [file for file in files if pattern.matches(file)]
    if pattern.about != "either" or (not held and basename(path) not in ALWAYS_FILES):
        return pattern
    as_file = pattern.as_file()
    if all(as_file.matches(file) for file in held):
        return as_file
    return pattern if any(as_file.matches(file) for file in held) else pattern.as_folder()


def not_lockable(protected: Iterable[Pattern], entries: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    """Yield what `lock` refuses: links, submodules, and files whose names look like a protected one's.

    `entries`: path below the repository's root and git's mode of each of its files.
    """
    patterns = list(protected)
    seen: dict[str, str] = {}
    for path, mode in entries:
        first = seen.setdefault(unicodedata.normalize("NFKC", path).casefold(), path)
        is_protected = any(one.matches(path) for one in patterns)
        if is_protected and mode not in REGULAR_MODES:
            yield _problem(
                path,
                "not-a-file",
                "is protected and no regular file: `lock` refuses it",
                "commit a regular file here",
            )
        if first != path and (is_protected or any(one.matches(first) for one in patterns)):
            message = f"looks like {first}, and one of them is protected: `lock` refuses both"
            yield _problem(path, "twin-file", message, "rename or remove one of the two")


def _problem(path: str, code: str, message: str, help: str) -> Problem:
    return Problem(path=path, line=1, column=1, pointer="", code=code, message=message, help=help)


def evaluated_globs(template: Template) -> list[str]:
    """Return the globs of the files whose change is evaluated; [] where the variant file alone is."""
    return template.paths or (["**"] if template.compare == "commits" else [])


def harness_globs(template: Template) -> list[str]:
    """Return the globs of the harness: script or own tasks, `harness`, and what containers build with."""
    script = (template.script or "").rstrip("/")
    programs = (
        [script, f"{script}/**"] if script else [template.custom_tasks] if template.custom_tasks else []
    )
    return list(dict.fromkeys([*programs, *(template.harness or []), *_named_beside(template)]))


def _named_beside(template: Template) -> list[str]:
    """Return what containers and patches name: it decides about the numbers like the script does."""
    predict = template.predict
    containers = [template.container, predict.container if predict else None]
    dockerfiles = [
        path
        for container in containers
        if container is not None
        for path in (container.dockerfile, *(before.dockerfile for before in container.prebuild))
    ]
    contexts = [one.context for one in containers if one is not None]
    contexts += [before.context for one in containers if one is not None for before in one.prebuild]
    sent = [f"{normpath(context)}/**" for context in contexts if normpath(context) != "."]
    inputs = [predict.inputs, f"{predict.inputs.rstrip('/')}/**"] if predict else []
    named = [*dockerfiles, *sent, *(patch.file for patch in template.patch or ()), *inputs]
    return list(dict.fromkeys(path for path in named if path is not None))


def review_globs(template: Template) -> list[str]:
    """Return the harness, and what Python reads unasked where it shares a tree with product code."""
    return [*harness_globs(template), *(READ_BY_PYTHON if shares_a_tree(template) else ())]


def shares_a_tree(template: Template) -> bool:
    """Return whether the harness runs together with product code: from the root, or with a checkout of it."""
    named = [template.script, template.custom_tasks, *(template.harness or [])]
    return template.compare == "commits" or any(path and "/" not in path.rstrip("/") for path in named)


def _below(root: str, glob: str) -> str:
    """Return the CODEOWNERS pattern that means at least what the glob means.

    `folder/*` is `/folder/` there: as a glob of .gitignore it means what lies deeper, too.
    """
    stem = glob.removesuffix("/**") if glob.endswith("/**") else glob.removesuffix("/*")
    path = normpath(root + stem)
    text = "/".join(part.replace(" ", "\\ ") for part in path.split("/"))
    return f"/{text}/" if stem != glob else f"/{text}"


def _without_repeats(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return each once, without those that lie in a listed folder.

    A folder goes where its bare name, which means file or folder, is listed too.
    """
    kept = list(dict.fromkeys(patterns))
    folders = tuple(one for one in kept if one.endswith("/"))
    return tuple(
        one
        for one in kept
        if not (one.endswith("/") and one.rstrip("/") in kept)
        and not any(one.startswith(folder) and one != folder for folder in folders)
    )
