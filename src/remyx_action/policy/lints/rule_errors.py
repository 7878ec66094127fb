"""Errors of a policy that no model sees: they need its template, the metrics, or the list of lints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from remyx_action.decimals import plain
from remyx_action.errors import Problem
from remyx_action.policy.rules import Condition, OnField, OnMetric, compile_policy
from remyx_action.project.files.wording import did_you_mean, quoted
from remyx_action.project.files.yaml_text import Document
from remyx_action.project.load import VOCABULARY, Bundle, load_bundle
from remyx_action.project.models import Metric, Metrics, Policy, Template
from remyx_action.project.models.conditions import bare_percentage
from remyx_action.project.models.metrics import all_metrics, declared_value, readings_of
from remyx_action.project.problems import Words, problem_at
from remyx_action.project.references import Files, entries, get

from .catalogue import LINTS
from .possible import errors_of_rules

BARE_KEY = re.compile(r"\b(?P<key>[a-z][a-z0-9_-]*)\.value\b[^`,]*`?")
"""In the help for a comparison of a metric that says nothing of value or delta."""


def load_checked(texts: Mapping[str, bytes]) -> Bundle:
    """Return the bundle of `texts` with every problem in it, those of its policies included."""
    bundle = load_bundle(texts, checks=(errors_of_policies,))
    metrics = {metric.key: metric for metric in bundle.metrics.metrics} if bundle.metrics else {}
    return replace(bundle, problems=tuple(_with_value_today(problem, metrics) for problem in bundle.problems))


def _with_value_today(problem: Problem, metrics: Mapping[str, Metric]) -> Problem:
    """The problem of a bare key with what the metric's value is now, so that one sees which one is meant."""
    found = BARE_KEY.search(problem.help) if problem.code == "metric-without-suffix" else None
    value = declared_value(metrics[found["key"]]) if found and found["key"] in metrics else None
    if found is None or value is None:
        return problem
    end = found.end()
    return replace(problem, help=f"{problem.help[:end]} (now {plain(value):f}){problem.help[end:]}")


def errors_of_policies(files: Files) -> Iterator[Problem]:
    """Yield the errors of every policy; what its model refuses does not hide the others."""
    for path in files.names("policies").values():
        yield from _unknown_lints(files.documents[path], path)
        policy = files.specs.get(path)
        if isinstance(policy, Policy):
            yield from _of_rules(files, path, policy)


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


def _of_rules(files: Files, path: str, policy: Policy) -> Iterator[Problem]:
    """Yield the errors of a policy's compiled rules, where every metric that they name is known."""
    template = files.specs.get(files.names("templates").get(policy.template, ""))
    vocabulary = files.specs.get(VOCABULARY)
    if not isinstance(template, Template) or not isinstance(vocabulary, Metrics):
        return
    try:
        rules = compile_policy(policy, all_metrics(template, vocabulary))
    except KeyError:  # an unknown metric is an error of its own
        return
    for pointer, words in errors_of_rules(rules):
        yield problem_at(files.documents[path], path, pointer, words)
    for condition in rules.conditions():
        wrong = _nothing_to_improve(condition) or _percentage_of_what(condition)
        if wrong is not None:
            yield problem_at(files.documents[path], path, condition.pointer, wrong)


def _nothing_to_improve(condition: Condition) -> Words | None:
    """Of `delta_confidence` of no metric where ship asks no metric to improve: it would stay unknown."""
    if not isinstance(condition, OnField) or condition.field != "delta_confidence" or condition.keys:
        return None
    return Words(
        code="nothing-to-improve",
        message="delta_confidence is about the metrics that ship asks to improve, and it asks none",
        help="write delta_confidence(KEY), or add a ship condition such as KEY improves_by 0",
    )


def _percentage_of_what(condition: Condition) -> Words | None:
    """Of a bare percentage on a share: points, or a part of the baseline."""
    percentage = bare_percentage(condition.text)
    if percentage is None or not isinstance(condition, OnMetric):
        return None
    metric = condition.metric
    readings = readings_of(percentage, metric.range, declared_value(metric))
    if readings is None:
        return None
    return Words(
        code="percentage-of-what",
        message=f"{percentage}% on {metric.key} may be a part of the baseline, or points",
        help=readings,
    )
