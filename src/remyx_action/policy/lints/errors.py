"""Errors of a policy that no model sees: they need its template, the metrics, or the list of lints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from remyx_action.errors import Problem
from remyx_action.policy.bar import asked_to_improve
from remyx_action.project.files.wording import did_you_mean, quoted
from remyx_action.project.files.yaml_text import Document
from remyx_action.project.load import VOCABULARY, Bundle, load_bundle
from remyx_action.project.models import FieldCondition, Metrics, Policy, Template
from remyx_action.project.models.policy import AllOf, AnyOf, AtLeast, Leaf, Node, children_of, metric_keys
from remyx_action.project.problems import Words, problem_at
from remyx_action.project.references import Files, entries, get

from .catalogue import LINTS


def load_checked(texts: Mapping[str, bytes]) -> Bundle:
    """Return the bundle of `texts` with every problem in it, those of its policies included."""
    return load_bundle(texts, checks=(errors_of_policies,))


def errors_of_policies(files: Files) -> Iterator[Problem]:
    """Yield the errors of every policy; what its model refuses does not hide the others."""
    for path in files.names("policies").values():
        yield from _unknown_lints(files.documents[path], path)
        policy = files.specs.get(path)
        if isinstance(policy, Policy):
            yield from _nothing_to_improve(files, path, policy)


def _unknown_lints(document: Document, path: str) -> Iterator[Problem]:
    for index, entry in enumerate(entries(get(document.value, "silence"))):
        lint = get(entry, "lint")
        if isinstance(lint, str) and lint not in LINTS:
            words = Words(
                code="unknown-lint",
                message=f"no warning is called {quoted(lint)}",
                help=did_you_mean(lint, LINTS, none="remove it"),
            )
            yield problem_at(document, path, f"/silence/{index}/lint", words)


def _nothing_to_improve(files: Files, path: str, policy: Policy) -> Iterator[Problem]:
    """Yield `delta_confidence` of no metric where ship asks no metric to improve: it would stay unknown."""
    template = files.specs.get(files.names("templates").get(policy.template, ""))
    vocabulary = files.specs.get(VOCABULARY)
    if not isinstance(template, Template) or not isinstance(vocabulary, Metrics):
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
