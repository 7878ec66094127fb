"""`backtest`: the recorded verdicts, judged again by the bar of the working tree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from remyx_action.errors import WrongUsage
from remyx_action.history.record import Record
from remyx_action.odds.backtest import Backtest, Rate
from remyx_action.odds.sentences import chance_in_words, span_in_words
from remyx_action.policy.bar import Bar, make_bar
from remyx_action.project.files.wording import listed
from remyx_action.report.render import escape
from remyx_action.report.render.charts import Moves, PageTable, Section, document

from .history_words import trouble
from .output import Output
from .past_verdicts import of_record
from .run.project import choose, load_project

WORDS = ("ship", "reject", "iterate")


def backtest_project(
    root: Path,
    record: Record,
    *,
    policy: str | None,
    base: str | None,
    last: int | None,
    recorded: str | None = None,
) -> Output:
    """Judge the recorded verdicts of each policy by the files of the working tree, or of a commit.

    `recorded`: the name that the policy had in the record, where it was renamed since.
    """
    project = load_project(root, base=base)
    bars = [
        make_bar(one, template, project.vocabulary)
        for template, policies in choose(project.bundle, template=None, policy=policy)
        for one in policies
    ]
    if recorded is not None and len(bars) > 1:
        raise WrongUsage("--recorded names one policy", help="name the one that judges, too: --policy NAME")
    answers = [(bar, of_record(bar, record.verdicts, last=last, recorded=recorded)) for bar in bars]
    answers = [(bar, answer) for bar, answer in answers if answer.rows]
    if not answers:
        names = list(dict.fromkeys(one.policy for one in record.verdicts))
        raise WrongUsage(
            f"no verdict of {listed(recorded or bar.policy.name for bar in bars)} is recorded",
            help=f"recorded are {listed(names)}: --recorded NAME judges those of a policy that was renamed"
            if names
            else "`remyx-action history add VERDICT` adds one; --record DIR names a folder",
        )
    return Output(
        formats={
            "text": lambda _: "\n".join(
                [*(_as_text(*one) for one in answers), *(f"{line}\n" for line in trouble(record))]
            ),
            "json": lambda _: _all_as_json(answers, record),
            "page": lambda _: _as_page(answers, record),
        }
    )


def _table(answer: Backtest) -> list[list[str]]:
    seen = _kinds(answer)
    return [[old, *(str(answer.table.get((old, new), 0)) for new in seen)] for old in seen]


def _rate(rate: Rate) -> str:
    share = rate.count / rate.of if rate.of else 0.0
    return f"{rate.count} of {rate.of}, {chance_in_words(share)} ({span_in_words(rate.limits)})"


def _as_text(bar: Bar, answer: Backtest) -> str:
    lines = [f"{bar.policy.name}: {answer.sentence()}", "", "  recorded, then under this bar"]
    lines.append("  " + "".join(f"{word:>10}" for word in ("", *_kinds(answer))))
    lines += ["  " + "".join(f"{cell:>10}" for cell in row) for row in _table(answer)]
    lines.append("")
    lines += [f"  {title}: {before}; now {after}" for title, before, after in _rates(answer)]
    if answer.chance is not None:
        lines.append(f"  {_chance(answer)}")
    for row in answer.others:
        moved = "; ".join(f"`{escape.terminal(text)}`" for text in row.moved_by[:3]) or "a cap"
        lines.append(f"  {escape.terminal(row.past.name)}: {row.past.verdict} → {row.verdict}, by {moved}")
    for condition in answer.conditions:
        if condition.remark is not None:
            lines.append(f"  `{escape.terminal(condition.text)}` {condition.remark}")
    for gain in answer.gains:
        lines.append(
            f"  {escape.terminal(gain.key)}: what shipped claimed {gain.claimed:+.4f} on average; "
            f"without the luck of the chosen {gain.shrunken:+.4f}"
        )
    for row in answer.rows:
        if row.why is not None:
            lines.append(f"  {escape.terminal(row.past.name)} cannot be told: {escape.terminal(row.why)}")
    return "\n".join(lines) + "\n"


def _all_as_json(answers: Sequence[tuple[Bar, Backtest]], record: Record) -> str:
    plain = {"policies": [_as_json(*one) for one in answers], "warnings": list(record.warnings)}
    return json.dumps(plain, indent=2) + "\n"


def _as_json(bar: Bar, answer: Backtest) -> dict[str, Any]:
    def rates(found: Any) -> dict[str, Any]:
        return {
            word: [{"count": one.count, "of": one.of, "limits": list(one.limits)} for one in pair]
            for word, pair in found.items()
        }

    return {
        "policy": bar.policy.name,
        "sentence": answer.sentence(),
        "table": [{"old": old, "new": new, "count": count} for (old, new), count in answer.table.items()],
        "first": rates(answer.first),
        "last": rates(answer.last),
        "newly_shipped": answer.newly_shipped,
        "no_longer_shipped": answer.no_longer_shipped,
        "chance": answer.chance,
        "others": [
            {
                "name": row.past.name,
                "old": row.past.verdict,
                "new": row.verdict,
                "moved_by": list(row.moved_by),
            }
            for row in answer.others
        ],
        "not_answered": [{"name": row.past.name, "why": row.why} for row in answer.rows if row.why],
        "conditions": [
            {"text": one.text, "held": one.held, "failed": one.failed, "unknown": one.unknown}
            for one in answer.conditions
        ],
        "gains": [
            {"key": one.key, "shipped": one.shipped, "claimed": one.claimed, "shrunken": one.shrunken}
            for one in answer.gains
        ],
    }


def _as_page(answers: Sequence[tuple[Bar, Backtest]], record: Record) -> str:
    sections = [
        Section(title=f"Policy {bar.policy.name}", parts=list(_parts_of_page(answer)))
        for bar, answer in answers
    ]
    if record.warnings or record.unread:
        sections.append(Section(title="What does not fit", parts=trouble(record)))
    return document("What this bar would have said", [], sections)


def _kinds(answer: Backtest) -> Sequence[str]:
    return [*WORDS, *(["none"] if any("none" in place for place in answer.table) else [])]


def _moves(answer: Backtest) -> Moves:
    kinds = _kinds(answer)
    return Moves(
        title="Recorded verdicts, and under this bar: how many went from each to each",
        kinds=kinds,
        counts=[[answer.table.get((old, new), 0) for new in kinds] for old in kinds],
    )


def _parts_of_page(answer: Backtest) -> Iterator[str | Moves | PageTable]:
    sentence = answer.sentence()
    yield f"{sentence[0].upper()}{sentence[1:]}."
    if answer.table:
        yield _moves(answer)
    yield PageTable(header=["recorded", *(f"now {word}" for word in _kinds(answer))], rows=_table(answer))
    yield PageTable(header=["of all changes", "recorded", "under this bar"], rows=_rates(answer))
    if answer.chance is not None:
        yield _chance(answer)
    if answer.others:
        others = [
            [row.past.name, row.past.verdict or "none", row.verdict or "none", "; ".join(row.moved_by)]
            for row in answer.others
        ]
        yield PageTable(header=["change", "recorded", "now", "moved by"], rows=others)
    conditions = [
        [one.text, str(one.held), str(one.failed), str(one.unknown), one.remark or ""]
        for one in answer.conditions
    ]
    yield PageTable(header=["condition", "held", "failed", "unknown", "remark"], rows=conditions)
    if answer.gains:
        gains = [[one.key, f"{one.claimed:+.4f}", f"{one.shrunken:+.4f}"] for one in answer.gains]
        yield PageTable(
            header=["metric", "what shipped claimed", "without the luck of the chosen"], rows=gains
        )
    unanswered = [[row.past.name, row.why] for row in answer.rows if row.why is not None]
    if unanswered:
        yield PageTable(header=["change", "why it cannot be told"], rows=unanswered)


def _rates(answer: Backtest) -> list[list[str]]:
    return [
        [f"{title}, {word}", *map(_rate, rates[word])]
        for title, rates in (("first looks", answer.first), ("last looks", answer.last))
        for word in ("ship", "reject")
    ]


def _chance(answer: Backtest) -> str:
    return (
        f"{answer.newly_shipped} more and {answer.no_longer_shipped} fewer ship: a split so uneven comes by "
        f"chance {chance_in_words(answer.chance)} of the time (McNemar)."
    )
