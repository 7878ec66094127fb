"""Load: every text below `.remyx/` → one Bundle, or every problem in all of them at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace
from pydantic import BaseModel

from remyx_action.errors import Problem, Severity
from remyx_action.project.models.field_types import NAME_PATTERN

from .files.wording import did_you_mean, quoted
from .files.yaml_text import MOST_PROBLEMS, Document, Place, load_json, load_yaml
from .models import Experiment, Lock, Metrics, Policy, Template
from .problems import Words, problem_at, read_spec
from .references import Files, is_of_lighteval, misplaced_references, misused_containers, needs_vocabulary
from .result_maps import misused_maps

ROOT = ".remyx"
VOCABULARY = f"{ROOT}/metrics.yaml"
IGNORED = frozenset({f"{ROOT}/repo_intel.yaml"})
"""Belongs to another tool."""

FOLDERS: dict[str, tuple[str, type[BaseModel]]] = {
    "templates": (".yaml", Template),
    "policies": (".yaml", Policy),
    "experiments": (".yaml", Experiment),
    "locks": (".json", Lock),
}
"""Folder → the ending of its files, and what each of them is."""
BASELINES = "baselines"
"""Recorded arms, `.json`: read where an arm is read."""
SCHEMAS = "schemas"
"""What `schema --project` writes for editors."""


class Bundle(Struct, frozen=True, kw_only=True):
    """Everything under `.remyx/`. Only where there are no errors may anything be judged by it."""

    metrics: Metrics | None
    """With those that templates of lighteval bring along; None where metrics.yaml is missing or wrong."""
    templates: Mapping[str, Template]
    """By name; files that are wrong are left out, here and below."""
    policies: Mapping[str, Policy]
    experiments: Mapping[str, Experiment]
    locks: Mapping[str, Lock]
    """By the template's name."""
    problems: tuple[Problem, ...] = ()
    """Sorted by file and place."""
    places: Mapping[str, Mapping[str, Place]] = field(default_factory=dict)
    """Path → JSON Pointer → place, of every file that could be read."""

    @property
    def vocabulary(self) -> Metrics:
        """The metrics of a bundle without errors."""
        assert self.metrics is not None
        return self.metrics

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity is Severity.WARNING)


Check = Callable[[Files], Iterator[Problem]]
"""Finds errors across the files that were read."""


def load_bundle(texts: Mapping[str, bytes], *, checks: Iterable[Check] = ()) -> Bundle:
    """Return the bundle of `texts` (path below the project's root → bytes) with every problem in it.

    `checks` are errors that a floor above knows of: those of the policy come from there.
    """
    problems: list[Problem] = []
    files = Files(documents={}, specs={})
    for path in sorted(texts):
        if path in IGNORED or not path.startswith(f"{ROOT}/"):
            continue
        model = _model_of(path, problems)
        if model is None:
            continue
        document = load_json(texts[path], path) if path.endswith(".json") else load_yaml(texts[path], path)
        spec, found = read_spec(model, document, path)
        problems.extend(found)
        problems.extend(_misnamed(document, path))
        files.documents[path] = document
        if spec is not None:
            files.specs[path] = spec
    problems.extend(_twins(files.documents))
    if any(is_of_lighteval(document) for document in files.documents.values()):
        from .tasks.filling import fill_in_tasks  # brings the list of tasks along

        problems.extend(fill_in_tasks(files))
    if VOCABULARY not in texts and needs_vocabulary(files):
        problems.append(_no_vocabulary(texts))
    problems.extend(misplaced_references(files))
    for path, spec in files.specs.items():
        if isinstance(spec, Template):
            document = files.documents[path]
            located = [*misused_containers(spec), *misused_maps(spec)]
            problems.extend(problem_at(document, path, *found) for found in located)
    for check in checks:
        problems.extend(check(files))
    return _bundle(files, problems)


def stem_of(path: str) -> str:
    """`default` of `.remyx/policies/default.yaml`."""
    return path.rpartition("/")[2].rpartition(".")[0]


def _bundle(files: Files, problems: list[Problem]) -> Bundle:
    vocabulary = files.specs.get(VOCABULARY)
    by_folder: dict[str, dict[str, Any]] = {folder: {} for folder in FOLDERS}
    for path, spec in files.specs.items():
        if path != VOCABULARY:
            by_folder[path.split("/")[1]][stem_of(path)] = spec
    return Bundle(
        metrics=vocabulary if isinstance(vocabulary, Metrics) else None,
        **by_folder,
        problems=_limited(problems),
        places={path: document.places for path, document in files.documents.items()},
    )


def _limited(problems: list[Problem]) -> tuple[Problem, ...]:
    """Sorted, each once, and of each file no more than a person reads."""
    limited: list[Problem] = []
    for path, group in groupby(sorted(set(problems)), key=lambda problem: problem.path):
        of_file = list(group)
        limited += of_file[:MOST_PROBLEMS]
        if len(of_file) > MOST_PROBLEMS:
            limited.append(
                replace(
                    of_file[MOST_PROBLEMS],
                    code="more-problems",
                    message=f"{path} has more problems from here on",
                    help="correct those above first",
                )
            )
    return tuple(limited)


def _model_of(path: str, problems: list[Problem]) -> type[BaseModel] | None:
    """What the file at `path` should hold; None where nothing reads it, with a problem if it looks meant."""
    _, folder, *rest = path.split("/")
    if path == VOCABULARY:
        return Metrics
    if not rest:
        if re.search(r"\.(ya?ml|json)$", folder.casefold()):
            help_ = did_you_mean(folder, ["metrics.yaml"], none=f"move it into one of {', '.join(FOLDERS)}")
            problems.append(_stray(path, help_))
        return None
    if folder == SCHEMAS:
        return None
    if folder not in FOLDERS and folder != BASELINES:
        problems.append(_stray(path, did_you_mean(folder, [*FOLDERS, BASELINES], none="remove it")))
        return None
    ending, model = FOLDERS.get(folder, (".json", None))
    name = rest[-1]
    if name == ".gitkeep":
        return None
    if len(rest) > 1:
        problems.append(_stray(path, f"move it to {ROOT}/{folder}/"))
    elif not name.endswith(ending):
        problems.append(_stray(path, f"files here end in {ending}: {ROOT}/{folder}/<name>{ending}"))
    elif not re.match(NAME_PATTERN, stem_of(path)):
        problems.append(_stray(path, "name it with letters, digits, . _ and -, at most 64"))
    else:
        return model
    return None


def _stray(path: str, help_: str) -> Problem:
    return Problem(
        path=path,
        line=1,
        column=1,
        pointer="",
        code="stray-file",
        message="nothing reads a file of this name",
        help=help_,
    )


def _misnamed(document: Document, path: str) -> Iterator[Problem]:
    if path == VOCABULARY or not isinstance(document.value, dict):
        return
    key = "template" if path.endswith(".json") else "name"
    name, stem = document.value.get(key), stem_of(path)
    if isinstance(name, str) and name != stem and f"/{key}" not in document.broken:
        words = Words(
            code="name-differs",
            message=f"the name {quoted(name)} differs from the file's, {quoted(stem)}",
            help=f"write `{key}: {stem}`, or rename the file",
        )
        yield problem_at(document, path, f"/{key}", words)


def _twins(paths: Iterable[str]) -> Iterator[Problem]:
    """Names that some file systems cannot keep apart."""
    seen: dict[str, str] = {}
    for path in sorted(paths):
        first = seen.setdefault(path.casefold(), path)
        if first != path:
            yield Problem(
                path=path,
                line=1,
                column=1,
                pointer="",
                code="twin-file",
                message=f"differs from {first} only by case",
                help="rename or remove one of the two",
            )


def _no_vocabulary(texts: Mapping[str, bytes]) -> Problem:
    found = any(path.startswith(f"{ROOT}/") for path in texts)
    return Problem(
        path=VOCABULARY,
        line=1,
        column=1,
        pointer="",
        code="missing-file",
        message="is missing" if found else f"is missing: there is nothing under {ROOT}/",
        help="write it: `version: 1` and `metrics:`, the list of what the evaluation reports",
    )
