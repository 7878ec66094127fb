"""Load: names that one file uses and another declares, and what only several values together get wrong.

Works on the raw values, so that one broken line hides nothing about the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from posixpath import normpath
from typing import Any
from unicodedata import normalize

from msgspec import Struct, field
from pydantic import BaseModel

from remyx_action.errors import Problem
from remyx_action.project.models.field_types import FIELDS

from .files.pointer import pointer_to
from .files.wording import did_you_mean, listed, nearest, quoted
from .files.yaml_text import MOST_PROBLEMS, Document
from .models import Template
from .models.conditions import parse_line
from .problems import Words, problem_at

Located = tuple[str, Words]
"""JSON Pointer and what is wrong there."""


def misused_containers(template: Template) -> Iterator[Located]:
    """Every contradiction of one template; the files that it names are not looked at."""
    yield from _predict(template)
    yield from _patches(template)
    yield from _placeholders(template)


def _predict(template: Template) -> Iterator[Located]:
    predict = template.predict
    if predict is None:
        return
    if predict.container.dockerfile is None:
        yield (
            "/predict/container",
            Words(
                code="missing-key",
                message="the code under test has no image: `dockerfile` is missing",
                help="add `dockerfile: PATH`, a Dockerfile of the base branch",
            ),
        )
    if template.compare == "commits" and "**" in (predict.source or template.paths or ["**"]):
        yield (
            "/predict/source" if predict.source else "/predict",
            Words(
                code="source-unbounded",
                message="nothing says what of a commit is the code under test: labels could come along",
                help='write `source: ["src/**"]`, or narrow the template\'s `paths`',
            ),
        )
    yield from _beside_the_scorer(template)


def _beside_the_scorer(template: Template) -> Iterator[Located]:
    """Folders that the code under test gets to see, and that hold what scores it."""
    predict = template.predict
    assert predict is not None
    if _holds(predict.inputs, template.program):
        yield (
            "/predict/inputs",
            Words(
                code="inputs-hold-the-scorer",
                message=f"code under test would see its scorer: {template.program} is in {predict.inputs}",
                help="name the file or folder of the inputs alone, without the labels",
            ),
        )
    for place, context in _contexts(template):
        if _holds(context, template.program):
            yield (
                place,
                Words(
                    code="context-holds-the-scorer",
                    message=f"the image of the code under test could hold the labels: its context {context} "
                    f"holds {template.program}",
                    help="give it a folder of its own, such as `context: evaluation/image`",
                ),
            )


def _contexts(template: Template) -> Iterator[tuple[str, str]]:
    predict = template.predict
    assert predict is not None
    yield "/predict/container", predict.container.context
    for index, before in enumerate(predict.container.prebuild):
        yield f"/predict/container/prebuild/{index}", before.context


def _holds(folder: str, path: str) -> bool:
    root, inside = normpath(folder), normpath(path)
    return root in {".", inside} or inside.startswith(f"{root}/")


def _patches(template: Template) -> Iterator[Located]:
    container, files = template.container, [patch.file for patch in template.patch or ()]
    if container is None:
        return
    for index, file in enumerate(files):
        if file not in container.mount_config:
            yield (
                f"/patch/{index}/file",
                Words(
                    code="patch-without-place",
                    message=f"`container.mount_config` does not say where {file} belongs in the container",
                    help=f"add `{file}: /PATH/IN/THE/CONTAINER` to it",
                ),
            )
    for file in container.mount_config:
        if file not in files:
            yield (
                pointer_to("/container/mount_config", file),
                Words(
                    code="unpatched-file",
                    message=f"`patch` changes no {file}, so it is the image's own",
                    help=did_you_mean(file, files, none="remove it, or patch the file"),
                ),
            )


def _placeholders(template: Template) -> Iterator[Located]:
    commands = {"/command": template.command or []}
    if template.predict is not None:
        commands["/predict/command"] = template.predict.command
    for pointer, words in commands.items():
        inside = pointer == "/predict/command"
        wrong = {"harness", "output_dir"} if inside else {"inputs"}
        if template.predict is None:
            wrong.add("predictions")
        for index, word in enumerate(words):
            for name in sorted(name for name in wrong if f"{{{name}}}" in word):
                advice = "`{predictions}`" if inside else "`predict`, whose command knows it"
                yield (
                    f"{pointer}/{index}",
                    Words(
                        code="placeholder-without-value",
                        message=f"{{{name}}} has no value here",
                        help=f"use {advice}" if inside else f"leave it out, or write {advice}",
                    ),
                )


VOCABULARY = ".remyx/metrics.yaml"
MOST_LEVELS_WALKED = 40


class Filled(Struct, frozen=True, kw_only=True):
    """The metrics of a template of lighteval's, `auto` and names resolved."""

    measured: list[str]
    provided: bool
    """Whether the list of tasks declares them; else metrics.yaml has to."""


class Files(Struct, frozen=True, kw_only=True):
    """What has been read so far."""

    documents: dict[str, Document]
    """By path."""
    specs: dict[str, BaseModel]
    """By path; only files without a problem."""
    filled: dict[str, Filled] = field(default_factory=dict)
    """By path; only templates of lighteval's without a problem."""

    def names(self, folder: str) -> dict[str, str]:
        """Stem → path of every file of that folder, right or wrong."""
        start = f".remyx/{folder}/"
        return {
            path[len(start) :].rpartition(".")[0]: path for path in self.documents if path.startswith(start)
        }

    def measured(self, path: str) -> list[str]:
        """The metric keys of the template at `path`, as far as they are known."""
        if path in self.filled:
            return self.filled[path].measured
        document = self.documents[path]
        return [] if is_of_lighteval(document) else _measured(document)

    def brought(self) -> list[str]:
        """The metric keys that templates declare by themselves."""
        filled = [one.measured for one in self.filled.values() if one.provided]
        return [key for keys in filled for key in keys]


def is_of_lighteval(document: Document) -> bool:
    """Whether a template says so, right or wrong."""
    return bool(get(document.value, "runtime") == "lighteval")


def needs_vocabulary(files: Files) -> bool:
    """Return whether some template measures what only metrics.yaml can declare."""
    paths = files.names("templates").values()
    return not paths or any(
        not is_of_lighteval(files.documents[path])
        or (path in files.filled and not files.filled[path].provided)
        for path in paths
    )


def misplaced_references(files: Files) -> Iterator[Problem]:
    """Every name that means nothing, and every pair of values that contradict each other."""
    vocabulary = files.documents.get(VOCABULARY)
    known = _declared(vocabulary) if vocabulary else []
    if vocabulary:
        yield from islice(_repeated_keys(vocabulary), MOST_PROBLEMS + 1)
    checks: list[tuple[str, Callable[[str], Iterator[Problem]]]] = [
        ("templates", lambda path: _template(files, path, known)),
        ("policies", lambda path: _policy(files, path, [*known, *files.brought()])),
        ("experiments", lambda path: _experiment(files, path)),
        ("locks", lambda path: _named_template(files, path)),
    ]
    for folder, check in checks:
        for path in files.names(folder).values():
            yield from islice(check(path), MOST_PROBLEMS + 1)


def get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def entries(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _keys(vocabulary: Document) -> dict[str, int]:
    """Metric key → index, as far as the file can be read."""
    keys: dict[str, int] = {}
    for index, metric in enumerate(entries(get(vocabulary.value, "metrics"))):
        key = get(metric, "key")
        if isinstance(key, str):
            keys.setdefault(key, index)
    return keys


def _declared(vocabulary: Document) -> list[str]:
    """What metrics.yaml declares or, where a key is only misspelt, will declare once it is put right."""
    keys = list(_keys(vocabulary))
    return list(dict.fromkeys([*keys, *(normalize("NFKC", key).strip().casefold() for key in keys)]))


def _repeated_keys(vocabulary: Document) -> Iterator[Problem]:
    first = _keys(vocabulary)
    for index, metric in enumerate(entries(get(vocabulary.value, "metrics"))):
        key = get(metric, "key")
        if isinstance(key, str) and first[key] != index:
            line = vocabulary.places[f"/metrics/{first[key]}/key"].line
            words = Words(
                code="repeated-metric",
                message=f"duplicate key {quoted(key)}; first in line {line}",
                help="remove one of the two",
            )
            yield problem_at(vocabulary, VOCABULARY, f"/metrics/{index}/key", words)


def _template(files: Files, path: str, known: list[str]) -> Iterator[Problem]:
    document = files.documents[path]
    filled = files.filled.get(path)
    if filled is None and is_of_lighteval(document):
        return
    measured = filled.measured if filled else entries(get(document.value, "metrics"))
    for index, key in enumerate(measured):
        if filled and filled.provided:
            break
        if known and isinstance(key, str) and key not in known:
            words = _unknown("metric", key, known, "metrics.yaml")
            yield problem_at(document, path, f"/metrics/{index}", words)
    samples = get(document.value, "samples")
    for key in samples if isinstance(samples, dict) else ():
        if key not in measured:
            words = _unknown("metric", key, [one for one in measured if isinstance(one, str)], "`metrics`")
            yield problem_at(document, path, pointer_to("/samples", key), words, at_key=True)


def _policy(files: Files, path: str, known: list[str]) -> Iterator[Problem]:
    document = files.documents[path]
    yield from _named_template(files, path)
    template = get(document.value, "template")
    template_path = files.names("templates").get(template) if isinstance(template, str) else None
    if template_path is not None:
        filled = files.filled.get(template_path)
        scope = _Scope(
            template=str(template),
            measured=files.measured(template_path),
            known=known,
            where=f"the template {quoted(template)}" if filled and filled.provided else "metrics.yaml",
        )
        for rule in ("ship", "reject"):
            for pointer, reference in _metric_names(get(document.value, rule), f"/{rule}"):
                words = scope.refuse(reference)
                if words is not None:
                    yield problem_at(document, path, pointer, words)


def _measured(template: Document) -> list[str]:
    keys = [key for key in entries(get(template.value, "metrics")) if isinstance(key, str)]
    return list(dict.fromkeys(keys))


class _Scope(Struct, frozen=True, kw_only=True):
    """The metrics that a policy may name."""

    template: str
    measured: list[str]
    known: list[str]
    where: str
    """What would declare another one."""

    def refuse(self, reference: str) -> Words | None:
        key, dot, suffix = reference.partition(".")
        if key in self.measured or not self.measured or key in FIELDS:
            return None
        if key not in self.known:
            return _unknown("metric", key, self.measured, self.where, suffix=dot + suffix)
        return Words(
            code="not-measured",
            message=f"the template {quoted(self.template)} does not measure {quoted(key)}",
            help=f"add it to the template's metrics, or use one of {listed(self.measured)}",
        )


def _metric_names(rule: Any, pointer: str, level: int = 0) -> Iterator[tuple[str, str]]:
    """Pointer and text of every metric that is named below a raw rule, in lines and in keys."""
    if isinstance(rule, str):
        named = _metric_of_line(rule)
        if named is not None:
            yield pointer, named
    if not isinstance(rule, dict) or level > MOST_LEVELS_WALKED:
        return
    yield from _metric_names(rule.get("if"), f"{pointer}/if", MOST_LEVELS_WALKED + 1)
    if isinstance(rule.get("metric"), str):
        yield f"{pointer}/metric", rule["metric"]
    for name in ("all", "any", "of"):
        for index, child in enumerate(entries(rule.get(name))):
            yield from _metric_names(child, f"{pointer}/{name}/{index}", level + 1)


def _metric_of_line(line: str) -> str | None:
    """The metric that a line names; None where it names none or is no condition."""
    try:
        return parse_line(line).metric
    except ValueError:
        return None


def _experiment(files: Files, path: str) -> Iterator[Problem]:
    document = files.documents[path]
    yield from _named_template(files, path)
    template, target = get(document.value, "template"), get(document.value, "target_metric")
    template_path = files.names("templates").get(template) if isinstance(template, str) else None
    if template_path is not None and isinstance(target, str):
        measured = files.measured(template_path)
        if target not in measured and not (not measured and is_of_lighteval(files.documents[template_path])):
            words = _unknown("metric", target, measured, f"the template {quoted(template)}")
            yield problem_at(document, path, "/target_metric", words)


def _named_template(files: Files, path: str) -> Iterator[Problem]:
    document = files.documents[path]
    template = get(document.value, "template")
    if isinstance(template, str) and template not in files.names("templates"):
        names = list(files.names("templates"))
        yield problem_at(
            document, path, "/template", _unknown("template", template, names, ".remyx/templates/")
        )


def _unknown(what: str, name: str, allowed: list[str], where: str, *, suffix: str = "") -> Words:
    match = nearest(name, allowed)
    return Words(
        code=f"unknown-{what}",
        message=f"{where} has no {what} {quoted(name)}",
        help=f"did you mean {match}{suffix}?"
        if match
        else did_you_mean(name, allowed, none=f"add it to {where}"),
    )
