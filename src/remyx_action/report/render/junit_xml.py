"""View → JUnit XML, which GitLab, Jenkins, Azure and CircleCI show: a case for verdict and conditions.

A condition in the way of a change is a failure, one that is not known is skipped, and a comparison without
a verdict is an error: of the elements and attributes of Jenkins's schema (junit-10.xsd) nothing else is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal
from xml.etree import ElementTree as ET

from msgspec import Struct

from remyx_action.policy.rules import Mark
from remyx_action.project.files.pointer import json_path
from remyx_action.report.report import Report

from . import escape
from .condition_words import ConditionView
from .escape import Phrase
from .no_verdict import GREEN, NoVerdict
from .problems import counted
from .rule_lines import ConditionText
from .view import RuleView, View, view_of
from .words import MARK_WORDS

CaseOutcome = Literal["passed", "failure", "skipped", "error"]

LOG_LINES = 40
LINE_LIMIT = 2_000
"""Characters of one line."""
PROBLEMS_SHOWN = 100


class Case(Struct, frozen=True, kw_only=True):
    """One test case, in plain words of any kind: they are made inert where they are written."""

    group: str
    name: str
    outcome: CaseOutcome
    kind: str = ""
    """A word of ours for the outcome, such as `below_bar`."""
    message: str
    """One line."""
    lines: Sequence[str] = ()
    """What else is to be read."""


def junit(*reports: Report) -> str:
    """Return one suite for each report, in their order."""
    suites = []
    for report in reports:
        view = view_of(report)
        suites.append(
            _suite(
                view.policy, tuple(_cases(view, report)), clock=report.run.clock, seconds=report.run.seconds
            )
        )
    return _document(suites)


def without_verdict(end: NoVerdict) -> str:
    """Return a suite with one case: an error, or skipped where there was nothing to judge."""
    _, word = end.named
    text = f"{counted(end.errors)} in files under .remyx/" if end.kind == "files_wrong" else end.message
    name = end.policy or "remyx-action"
    problems = [
        f"{one.path}:{one.line}:{one.column} {json_path(one.pointer)}: {one.message}; {one.help}"
        for one in end.errors[:PROBLEMS_SHOWN]
    ]
    more = len(end.errors) - len(problems)
    lines = [*problems, *([f"and {more} more: remyx-action check lists them all"] if more > 0 else [])]
    case = Case(
        group=name,
        name="verdict",
        outcome="skipped" if end.kind in GREEN else "error",
        kind=end.kind,
        message=f"{word}: {text}" if text else word,
        lines=[*lines, *([f"Next: {end.help}"] if end.help else [])],
    )
    return _document([_suite(name, [case])])


def _cases(view: View, report: Report) -> Iterator[Case]:
    """The verdict first, then every condition in the file's order."""
    outcome: CaseOutcome = "passed" if view.verdict == "ship" else "error" if view.failed else "failure"
    yield Case(
        group=view.policy,
        name="verdict",
        outcome=outcome,
        kind=report.reason,
        message=f"{view.word}: {escape.plain(view.cause)}",
        lines=tuple(_about(view)),
    )
    for rule in view.rules:
        yield from _conditions(view.policy, rule)


def _about(view: View) -> Iterator[str]:
    named: tuple[tuple[str, Phrase], ...] = (
        ("", view.about),
        ("", view.certainty),
        ("Next: ", view.next_step),
        ("Experiment ", view.experiment),
    )
    yield from (f"{label}{escape.plain(phrase)}" for label, phrase in named if phrase)
    for arm in view.arms:
        if arm.failed:
            yield f"{arm.name} {arm.state}"
            yield from escape.terminal_lines(arm.detail or "", lines=LOG_LINES)
    yield from (escape.plain(warning) for warning in view.warnings)
    yield f"Reproduce: {view.reproduce}"


def _conditions(policy: str, rule: RuleView) -> Iterator[Case]:
    """A condition that is written twice in one rule has its place in its name, as names tell cases apart."""
    views = [line.view for line in rule.lines if isinstance(line, ConditionText)]
    written = Counter(view.condition.text for view in views)
    for view in views:
        condition = view.condition
        again = f" ({json_path(condition.pointer)})" if written[condition.text] > 1 else ""
        yield Case(
            group=f"{policy}.{rule.title.lower()}",
            name=f"{condition.text}{again}",
            outcome=_outcome(view),
            kind=condition.reason or MARK_WORDS[condition.role, condition.mark].replace(" ", "_"),
            message=_message(view),
            lines=[condition.why] if condition.why else [],
        )


def _outcome(view: ConditionView) -> CaseOutcome:
    if view.mark is Mark.UNKNOWN:
        return "skipped"
    return "failure" if view.in_the_way else "passed"


def _message(view: ConditionView) -> str:
    """Mark, words and numbers, as a terminal shows them."""
    word = MARK_WORDS[view.condition.role, view.condition.mark]
    need_not = ", and need not be" if view.mark is Mark.FALSE and not view.in_the_way else ""
    label: Phrase = (*view.label, ": ") if view.label else ()
    parts = [part for part in (view.came_out, view.certainty) if part]
    found: Phrase = (" (", *escape.joined(parts, "; "), ")") if parts else ()
    return escape.plain((f"{word}{need_not}: ", *label, *view.asks, *found))


def _suite(name: str, cases: Sequence[Case], *, clock: str = "", seconds: object = 0) -> ET.Element:
    outcomes = Counter(case.outcome for case in cases)
    times = {"timestamp": clock, "time": f"{float(str(seconds)):.3f}"} if clock else {}
    suite = _element("testsuite", name=name, **_counts(outcomes), skipped=str(outcomes["skipped"]), **times)
    for case in cases:
        suite.append(_case(case))
    return suite


def _case(case: Case) -> ET.Element:
    element = _element("testcase", classname=case.group, name=case.name)
    if case.outcome == "passed":
        child = _element("system-out")
        child.text = _text([case.message, *case.lines])
    else:
        child = _element(case.outcome, type=case.kind, message=case.message)
        child.text = _text(case.lines)
    element.append(child)
    return element


def _counts(outcomes: Counter[CaseOutcome]) -> dict[str, str]:
    return {
        "tests": str(outcomes.total()),
        "failures": str(outcomes["failure"]),
        "errors": str(outcomes["error"]),
    }


def _document(suites: Sequence[ET.Element]) -> str:
    """ASCII alone, so that no console and no server can take it for another character set."""
    totals = {
        name: str(sum(int(suite.attrib[name]) for suite in suites))
        for name in ("tests", "failures", "errors")
    }
    root = _element("testsuites", name="remyx-action", **totals)
    root.extend(suites)
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return data.decode("ascii") + "\n"


def _element(tag: str, **attributes: str) -> ET.Element:
    """The only way to an element: whatever XML cannot hold is spelled out, and every value is one line."""
    return ET.Element(
        tag, {name: escape.terminal(value, limit=LINE_LIMIT) for name, value in attributes.items()}
    )


def _text(lines: Iterable[str]) -> str:
    """The only way to an element's text, likewise."""
    return "\n".join(escape.terminal(line, limit=LINE_LIMIT) for line in lines)
