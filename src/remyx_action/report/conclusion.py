"""report → publish: what comment, check and summary say of each policy, and the job's exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal, overload
from urllib.parse import quote

from msgspec import Struct, field

from remyx_action.errors import EXIT_OF_VERDICT, Annotation, Exit, Problem, Refusal, Severity, most_severe
from remyx_action.policy.rules import Mark
from remyx_action.project.files.yaml_text import Place

from . import render
from .render import escape
from .render.cause import cause_of, marked, verdict_words, views_in
from .render.condition_words import ConditionView
from .render.no_verdict import NoVerdict
from .render.sections import MARKER
from .render.words import MARK_WORDS, NO_VERDICT, NOT_JUDGED, NoVerdictKind
from .report import Report

if TYPE_CHECKING:
    from .render.bar_diff import ShownChange

REPORT_ONLY = "Report only (`fail-on: never`): whatever the verdict, this check passes."
ALLOWED = "The policy lets this iterate through (`gate: {iterate: allow}`)."
COMMENT_BYTES = (64_000, 32_000, 12_000)
SUMMARY_BYTES = (1_000_000, 300_000, 60_000)
CHECK_BYTES = (65_000, 30_000, 12_000)
SEVERITY = (Exit.SHIP, Exit.ITERATE, Exit.REJECT, Exit.NOT_JUDGED, Exit.FILES_WRONG, Exit.USAGE)


class Section(Struct, frozen=True, kw_only=True):
    """The conclusion about one policy."""

    policy: str
    word: str
    """ship · reject · iterate · not-judged · files-wrong · nothing · internal-error."""
    reason: str
    passes: bool
    """Whether the check's conclusion is success."""
    exit: Exit
    """Of the verdict itself, whether it blocks or not."""
    title: str
    """One line, ours."""
    result: Report | NoVerdict | None = None
    """What is drawn; None: `text` is."""
    text: str = ""
    """Markdown."""
    note: str = ""
    """Why it passes or not, where the verdict alone does not say so."""
    annotations: Sequence[Annotation] = ()
    lines: Mapping[str, str] = field(default_factory=dict)
    """Pointer of a condition → the address of its line; "" → that of the policy; {} where it is not known."""

    @property
    def report(self) -> Report | None:
        return self.result if isinstance(self.result, Report) else None


def whole_exit(sections: Sequence[Section]) -> Exit:
    """0 exactly where every check's conclusion is success, else the most severe of those that block."""
    blocking = [section.exit for section in sections if not section.passes]
    return (most_severe(blocking) or Exit.NOT_JUDGED) if blocking else Exit.SHIP


def worst(sections: Sequence[Section]) -> Section:
    """The section that speaks for all of them: one that decides the exit code."""
    blocking = [section for section in sections if not section.passes]
    return max(blocking or sections, key=lambda section: SEVERITY.index(section.exit))


def of_report(
    report: Report, *, places: Mapping[str, Place], path: str, report_only: bool, tree: str = ""
) -> Section:
    """A verdict's section; `places` are those of the policy file at `path`.

    `tree`: where the base commit's files are shown, such as `https://github.com/o/r/blob/<commit>`.
    """
    policy = report.policy.policy
    allowed = policy.gate.iterate == "allow" and _may_pass(report)
    exit_code = EXIT_OF_VERDICT[report.verdict]
    passes = exit_code is Exit.SHIP or allowed or report_only
    return Section(
        policy=policy.name,
        word=report.verdict or "not-judged",
        reason=report.reason,
        passes=passes,
        exit=exit_code,
        title=headline_of(report),
        result=report,
        note=REPORT_ONLY if report_only else ALLOWED if allowed else "",
        annotations=tuple(_conditions(report, places, path, "warning" if passes else "failure")),
        lines=_lines(report, places, f"{tree}/{quote(path)}") if tree else {},
    )


def _may_pass(report: Report) -> bool:
    """Whether `gate: {iterate: allow}` concerns this verdict: nothing but the bar itself is missed.

    Never one that could still be rejected, nor one under a cap.
    """
    reject = report.reject_rule()
    return (
        report.reason in ("below_bar", "ship_undetermined")
        and (reject is None or reject.mark is Mark.FALSE)
        and not report.inputs.caps
    )


def of_nothing(
    policy: str,
    why: str,
    *,
    commit: str | None,
    first: bool = False,
    changes: Sequence[ShownChange] = (),
    harness: Sequence[str] = (),
) -> Section:
    """Green, with a title that says so: a required check that is never reported would block for ever.

    `changes` are what the pull request does to the bar, `harness` the changed files that measure.
    """
    kind: NoVerdictKind = "first" if first else "nothing"
    return Section(
        policy=policy,
        word="nothing",
        reason="nothing_to_judge_by" if first else "nothing_to_evaluate",
        passes=True,
        exit=Exit.SHIP,
        title=_title_of_nothing(kind, changes, harness),
        result=NoVerdict(
            kind=kind,
            message=why,
            commit=commit,
            policy=policy or None,
            changes=tuple(changes),
            harness=tuple(harness),
        ),
    )


def _title_of_nothing(kind: NoVerdictKind, changes: Sequence[ShownChange], harness: Sequence[str]) -> str:
    from .render.bar_diff import headline  # the diff's weight is for pull requests alone

    parts = [NO_VERDICT[kind][1], *([headline(changes)] if changes else [])]
    parts += ["This change edits files that measure."] if harness else []
    return ". ".join(part.rstrip(".") for part in parts)


def of_refusal(policy: str, refusal: Refusal, *, report_only: bool, commit: str | None = None) -> Section:
    """There is no verdict, for a reason that a person can fix."""
    code = refusal.message.partition(":")[0]
    return Section(
        policy=policy,
        word="not-judged",
        reason=code if code in NOT_JUDGED else "not_judged",
        passes=report_only,
        exit=refusal.exit,
        title="Not judged",
        result=NoVerdict(
            kind="not_judged",
            message=refusal.message,
            help=refusal.help,
            commit=commit,
            policy=policy or None,
        ),
        note=REPORT_ONLY if report_only else "",
    )


def of_problems(
    policy: str, problems: Sequence[Problem], *, folder: str, report_only: bool, commit: str | None
) -> Section:
    """Files under `.remyx/` are wrong; `folder` is the project's, with a trailing `/`, or empty."""
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    return Section(
        policy=policy,
        word="files-wrong",
        reason="files_wrong",
        passes=report_only,
        exit=Exit.FILES_WRONG,
        title="Not judged: files under .remyx/ are wrong",
        result=NoVerdict(kind="files_wrong", problems=tuple(problems), commit=commit, policy=policy or None),
        note=REPORT_ONLY if report_only else "",
        annotations=tuple(
            Annotation(
                path=f"{folder}{each.path}",
                line=each.line,
                level="failure",
                title=each.code,
                message=f"{escape.one_line(each.message)}\nhelp: {escape.one_line(each.help)}",
            )
            for each in errors
        ),
    )


def of_bug(policy: str, name: str, *, commit: str | None) -> Section:
    """A defect of ours is never a verdict."""
    return Section(
        policy=policy,
        word="internal-error",
        reason="internal_error",
        passes=False,
        exit=Exit.NOT_JUDGED,
        title="Not judged: internal error",
        result=NoVerdict(
            kind="internal_error",
            message=f"{name}, a defect of remyx-action",
            help="read the job's log: it says which report to file",
            commit=commit,
            policy=policy or None,
        ),
    )


class Texts(Sequence[str]):
    """The same in ever fewer bytes, longest first; each is rendered when it is asked for."""

    def __init__(self, draw: Callable[[int], str], limits: Sequence[int]) -> None:
        self._limits = limits
        self._draw = cache(draw)

    def __len__(self) -> int:
        return len(self._limits)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._draw(limit) for limit in self._limits[index]]
        return self._draw(self._limits[index])


def comments(sections: Sequence[Section], *, footer: str) -> Texts:
    """The comment, longest first; each later one leaves more out and says so."""
    return Texts(lambda limit: _as_one(sections, limit, footer, render.comment), COMMENT_BYTES)


def summaries(sections: Sequence[Section], *, footer: str) -> Texts:
    """The job summary, longest first."""
    return Texts(lambda limit: _as_one(sections, limit, footer, render.summary), SUMMARY_BYTES)


def check_texts(section: Section, *, footer: str) -> Texts:
    """The text of one check, longest first."""
    return Texts(lambda limit: _as_one([section], limit, footer, render.summary), CHECK_BYTES)


def _as_one(sections: Sequence[Section], limit: int, footer: str, draw: Callable[..., str]) -> str:
    notes = list(dict.fromkeys(section.note for section in sections if section.note))
    ends = [*notes, *([footer] if footer else [])]
    results = [section.result for section in sections if section.result is not None]
    room = limit - sum(len(end.encode()) + 2 for end in ends)
    lines = {section.policy: section.lines for section in sections}
    texts = (
        [draw(*results, limit=room, lines=lines).rstrip().removesuffix(MARKER).rstrip()] if results else []
    )
    texts += [section.text.rstrip() for section in sections if section.result is None]
    return "\n\n".join([*texts, *ends]) + "\n"


def _lines(report: Report, places: Mapping[str, Place], file: str) -> Mapping[str, str]:
    """Return the address of every condition's line, and of the policy."""
    pointers = [condition.pointer for condition in report.policy.rules.conditions()]
    return {"": file} | {
        pointer: f"{file}#L{places[pointer].line}" for pointer in pointers if pointer in places
    }


def _conditions(
    report: Report, places: Mapping[str, Place], path: str, level: Literal["failure", "warning"]
) -> Iterator[Annotation]:
    """The lines of the policy whose conditions stand between the variant and a ship."""
    if report.verdict in {None, "ship"}:
        return
    of = marked(report)
    in_the_way = [view for view in views_in(of.ship) if view.condition.mark is not Mark.TRUE]
    for view in (*in_the_way, *of.of_reject(Mark.TRUE)):
        if view.condition.pointer in places:
            yield Annotation(
                path=path,
                line=places[view.condition.pointer].line,
                level=level,
                title=escape.plain((*view.label, *((" ",) if view.label else ()), *view.asks)),
                message=_came_out(view),
            )


def _came_out(view: ConditionView) -> str:
    word = MARK_WORDS[view.condition.role, view.condition.mark]
    parts = [escape.plain(phrase) for phrase in (view.came_out, view.certainty) if phrase]
    text = "; ".join([f"{word}: {parts[0]}" if parts else word, *parts[1:]])
    return f"{text}. {view.raised}" if view.raised else text


def headline_of(report: Report) -> str:
    """Return verdict and cause in one line of plain text."""
    of = marked(report)
    return f"{verdict_words(of)}: {escape.plain(cause_of(of))}"
