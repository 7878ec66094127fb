"""Errors of a policy that no model sees: they need its template, the metrics, or the list of lints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from remyx_action.errors import Problem
from remyx_action.policy.rules import OnField, compile_policy
from remyx_action.project.files.wording import did_you_mean, quoted
from remyx_action.project.files.yaml_text import Document
from remyx_action.project.load import VOCABULARY, Bundle, load_bundle
from remyx_action.project.models import Metrics, Policy, Template
from remyx_action.project.models.metrics import all_metrics
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
    try:
        rules = compile_policy(policy, all_metrics(template, vocabulary))
    except KeyError:  # an unknown metric is an error of its own
        return
    words = Words(
        code="nothing-to-improve",
        message="delta_confidence is about the metrics that ship asks to improve, and it asks none",
        help="add `metric: KEY`, or a ship condition such as {metric: KEY, op: improves_by, threshold: 0}",
    )
    for condition in rules.conditions():
        if isinstance(condition, OnField) and condition.field == "delta_confidence" and not condition.keys:
            yield problem_at(files.documents[path], path, condition.pointer, words)
