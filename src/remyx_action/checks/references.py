"""Load: names that one file uses and another declares, and what only several values together get wrong.

Works on the raw values, so that one broken line hides nothing about the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any
from unicodedata import normalize

from msgspec import Struct, field
from pydantic import BaseModel

from remyx_action.checks.lint_catalogue import LINTS
from remyx_action.checks.problem_words import Words
from remyx_action.checks.spec_problems import problem_at
from remyx_action.errors import Problem
from remyx_action.files.nearest import did_you_mean, listed, nearest, quoted
from remyx_action.files.yaml_loader import MOST_PROBLEMS, Document, pointer_to
from remyx_action.policy.bar import Leaf, Node, children_of, metric_keys
from remyx_action.policy.improvement import asked_to_improve
from remyx_action.specs import FieldCondition, Metrics, Policy, Template
from remyx_action.specs.policy import AllOf, AnyOf, AtLeast

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
    return bool(_get(document.value, "runtime") == "lighteval")


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


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _entries(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _keys(vocabulary: Document) -> dict[str, int]:
    """Metric key → index, as far as the file can be read."""
    keys: dict[str, int] = {}
    for index, metric in enumerate(_entries(_get(vocabulary.value, "metrics"))):
        key = _get(metric, "key")
        if isinstance(key, str):
            keys.setdefault(key, index)
    return keys


def _declared(vocabulary: Document) -> list[str]:
    """What metrics.yaml declares or, where a key is only misspelt, will declare once it is put right."""
    keys = list(_keys(vocabulary))
    return list(dict.fromkeys([*keys, *(normalize("NFKC", key).strip().casefold() for key in keys)]))


def _repeated_keys(vocabulary: Document) -> Iterator[Problem]:
    first = _keys(vocabulary)
    for index, metric in enumerate(_entries(_get(vocabulary.value, "metrics"))):
        key = _get(metric, "key")
        if isinstance(key, str) and first[key] != index:
            line = vocabulary.places[f"/metrics/{first[key]}/key"].line
            words = Words(
                code="repeated-metric",
                message=f"{quoted(key)} stands twice; first in line {line}",
                help="remove one of the two",
            )
            yield problem_at(vocabulary, VOCABULARY, f"/metrics/{index}/key", words)


def _template(files: Files, path: str, known: list[str]) -> Iterator[Problem]:
    document = files.documents[path]
    filled = files.filled.get(path)
    if filled is None and is_of_lighteval(document):
        return
    measured = filled.measured if filled else _entries(_get(document.value, "metrics"))
    for index, key in enumerate(measured):
        if filled and filled.provided:
            break
        if known and isinstance(key, str) and key not in known:
            words = _unknown("metric", key, known, "metrics.yaml")
            yield problem_at(document, path, f"/metrics/{index}", words)
    maps = {"/samples": _get(document.value, "samples")}
    maps["/results/names"] = _get(_get(document.value, "results"), "names")
    for parent, mapping in maps.items():
        for key in mapping if isinstance(mapping, dict) else ():
            if key not in measured:
                pointer = pointer_to(parent, key)
                words = _unknown(
                    "metric", key, [one for one in measured if isinstance(one, str)], "`metrics`"
                )
                yield problem_at(document, path, pointer, words, at_key=True)


def _policy(files: Files, path: str, known: list[str]) -> Iterator[Problem]:
    document = files.documents[path]
    yield from _named_template(files, path)
    template = _get(document.value, "template")
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
            for pointer, reference in _metric_names(_get(document.value, rule), f"/{rule}"):
                words = scope.refuse(reference)
                if words is not None:
                    yield problem_at(document, path, pointer, words)
        yield from _nothing_to_improve(files, path, template_path)
    for index, entry in enumerate(_entries(_get(document.value, "silence"))):
        lint = _get(entry, "lint")
        if isinstance(lint, str) and lint not in LINTS:
            words = Words(
                code="unknown-lint",
                message=f"no warning is called {quoted(lint)}",
                help=did_you_mean(lint, LINTS, none="remove it"),
            )
            yield problem_at(document, path, f"/silence/{index}/lint", words)


def _measured(template: Document) -> list[str]:
    keys = [key for key in _entries(_get(template.value, "metrics")) if isinstance(key, str)]
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
        if key in self.measured or not self.measured:
            return None
        if key not in self.known:
            return _unknown("metric", key, self.measured, self.where, suffix=dot + suffix)
        return Words(
            code="not-measured",
            message=f"the template {quoted(self.template)} does not measure {quoted(key)}",
            help=f"add it to the template's metrics, or use one of {listed(self.measured)}",
        )


def _metric_names(rule: Any, pointer: str, level: int = 0) -> Iterator[tuple[str, str]]:
    """Pointer and text of every `metric:` below a raw rule."""
    if not isinstance(rule, dict) or level > MOST_LEVELS_WALKED:
        return
    if isinstance(rule.get("metric"), str):
        yield f"{pointer}/metric", rule["metric"]
    for name in ("all", "any", "of"):
        for index, child in enumerate(_entries(rule.get(name))):
            yield from _metric_names(child, f"{pointer}/{name}/{index}", level + 1)


def _experiment(files: Files, path: str) -> Iterator[Problem]:
    document = files.documents[path]
    yield from _named_template(files, path)
    template, target = _get(document.value, "template"), _get(document.value, "target_metric")
    template_path = files.names("templates").get(template) if isinstance(template, str) else None
    if template_path is not None and isinstance(target, str):
        measured = files.measured(template_path)
        if target not in measured and not (not measured and is_of_lighteval(files.documents[template_path])):
            words = _unknown("metric", target, measured, f"the template {quoted(template)}")
            yield problem_at(document, path, "/target_metric", words)


def _named_template(files: Files, path: str) -> Iterator[Problem]:
    document = files.documents[path]
    template = _get(document.value, "template")
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


def _nothing_to_improve(files: Files, path: str, template_path: str) -> Iterator[Problem]:
    """`delta_confidence` of no metric: it would be unknown for ever."""
    policy, template, vocabulary = (files.specs.get(one) for one in (path, template_path, VOCABULARY))
    if not (
        isinstance(policy, Policy) and isinstance(template, Template) and isinstance(vocabulary, Metrics)
    ):
        return
    directions = {metric.key: metric.direction for metric in vocabulary.metrics}
    if not set(metric_keys(policy.ship)) <= set(directions) or asked_to_improve(policy.ship, directions):
        return
    words = Words(
        code="nothing-to-improve",
        message="delta_confidence is about the metrics that ship asks to improve, and it asks none",
        help="add `metric: KEY`, or a ship condition such as {metric: KEY, op: improves_by, threshold: 0}",
    )
    for name, rule in (("ship", policy.ship), ("reject", policy.reject)):
        for pointer, leaf in located_leaves(rule, f"/{name}"):
            if isinstance(leaf, FieldCondition) and leaf.field == "delta_confidence" and leaf.metric is None:
                yield problem_at(files.documents[path], path, pointer, words)


def located_leaves(rule: Node | None, pointer: str) -> Iterator[tuple[str, Leaf]]:
    """Every condition of a rule at any depth with its pointer, in the file's order."""
    if rule is None:
        return
    name = "all" if isinstance(rule, AllOf) else "any" if isinstance(rule, AnyOf) else "of"
    for index, child in enumerate(children_of(rule)):
        below = f"{pointer}/{name}/{index}"
        if isinstance(child, AllOf | AnyOf | AtLeast):
            yield from located_leaves(child, below)
        else:
            yield below, child
