"""Render: what a change of the bar does, as Markdown for a comment, for a terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import wrap
from typing import Protocol

from remyx_action.policy.diff import Change, Effect, effect_by_policy, whole_effect
from remyx_action.policy.diff.change import together

from . import escape, numbers

LIMIT = 600
"""Characters of one sentence."""
SHOWN = 40
"""Changes that a comment lists before the rest is counted."""
WORST_FIRST = (Effect.LOOSENED, Effect.INCOMPARABLE, Effect.TIGHTENED, Effect.UNCHANGED)

HEADLINES = {
    Effect.LOOSENED: "This change loosens the bar.",
    Effect.INCOMPARABLE: "This change cannot be shown to keep the bar: read it as a loosening.",
    Effect.TIGHTENED: "This change tightens the bar.",
    Effect.UNCHANGED: "This change leaves the bar as it is.",
}
BOTH_WAYS = "This change loosens the bar in one place and tightens it in another: read it as a loosening."
NOTHING = "No metric, template or policy changed."
SIGNS = {Effect.LOOSENED: "↓", Effect.INCOMPARABLE: "?", Effect.TIGHTENED: "↑", Effect.UNCHANGED: "="}
COLOURS = {
    Effect.LOOSENED: "\x1b[31m",
    Effect.INCOMPARABLE: "\x1b[33m",
    Effect.TIGHTENED: "\x1b[32m",
    Effect.UNCHANGED: "\x1b[2m",
}
PLAIN = "\x1b[0m"


class ShownChange(Protocol):
    """The fields of a change that are shown, whether it comes from the diff itself or from a report."""

    @property
    def effect(self) -> str:
        """A value of `Effect`."""

    @property
    def path(self) -> str: ...

    @property
    def sentence(self) -> str: ...


def changes_as_markdown(changes: Sequence[ShownChange], *, shown: int = SHOWN, limit: int = LIMIT) -> str:
    """A headline and a list by file, loosened first; what is beyond `shown` is counted by effect.

    `limit` is in characters, of each sentence and path.
    """
    ordered = worst_first(changes)
    lines = [f"**{headline(changes)}**"]
    path = None
    for change in ordered[:shown]:
        if change.path != path:
            path = change.path
            lines += ["", escape.code(path, limit=limit), ""]
        sentence = escape.prose(change.sentence, limit=limit)
        lines.append(f"- {SIGNS[_effect(change)]} **{_effect(change).value}**: {sentence}")
    if len(ordered) > shown:
        lines.append(f"- and {_counted(ordered[shown:])}")
    return "\n".join(lines).rstrip() + "\n"


def changes_as_text(
    changes: Sequence[ShownChange], *, width: int = 80, colour: bool = False, shown: int | None = None
) -> str:
    """A headline, then each change under its file; every line at most `width` columns where words allow.

    `shown` changes at most, the worst ones; the last line counts all of them.
    """
    lines = [headline(changes)]
    path = ""
    for change in worst_first(changes)[:shown]:
        if change.path != path:
            path = change.path
            lines += ["", escape.terminal(path)]
        effect = f"{SIGNS[_effect(change)]} {_effect(change).value}"
        text = f"{effect}: {escape.terminal(change.sentence, limit=LIMIT)}"
        first, *rest = wrap(text, width=max(width, 30), initial_indent="  ", subsequent_indent="    ")
        if colour:
            first = first.replace(effect, f"{COLOURS[_effect(change)]}{effect}{PLAIN}", 1)
        lines += [first, *rest]
    if changes:
        lines += ["", _counted(changes)]
    return "\n".join(lines) + "\n"


def changes_as_json(changes: Sequence[Change]) -> str:
    """`{"schema": "remyx-diff/1", "effect", "policies": {name: effect}, "changes": […]}`, in file order."""
    document = {
        "schema": "remyx-diff/1",
        "effect": whole_effect(changes).value,
        "policies": {name: effect.value for name, effect in effect_by_policy(changes).items()},
        "changes": [
            {
                "effect": change.effect.value,
                "path": change.path,
                "pointer": change.pointer,
                "policies": list(change.policies),
                "code": change.code,
                "sentence": change.sentence,
            }
            for change in changes
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def headline(changes: Sequence[ShownChange]) -> str:
    """What everything does together, in one sentence."""
    effects = {_effect(change) for change in changes}
    if {Effect.LOOSENED, Effect.TIGHTENED} <= effects and Effect.INCOMPARABLE not in effects:
        return BOTH_WAYS
    return HEADLINES[together(effects)] if changes else NOTHING


def verb_of(changes: Sequence[ShownChange]) -> str:
    """Return what the changes do to the bar, to follow "this pull request"."""
    effects = {_effect(change) for change in changes}
    if Effect.LOOSENED in effects:
        return "loosens that bar"
    if Effect.INCOMPARABLE in effects:
        return "changes that bar, which may loosen it"
    return "tightens that bar" if Effect.TIGHTENED in effects else "changes files of that bar"


def worst_first(changes: Sequence[ShownChange]) -> list[ShownChange]:
    """Files by their worst change, and in each file the worst change first; else in order."""
    worst: dict[str, int] = {}
    for change in changes:
        rank = WORST_FIRST.index(_effect(change))
        worst[change.path] = min(rank, worst.get(change.path, rank))
    order = list(worst)
    return sorted(
        changes,
        key=lambda change: (
            worst[change.path],
            order.index(change.path),
            WORST_FIRST.index(_effect(change)),
        ),
    )


def _effect(change: ShownChange) -> Effect:
    return Effect(change.effect)


def _counted(changes: Sequence[ShownChange]) -> str:
    """`2 loosened, 1 unchanged`."""
    counts = [(effect, sum(_effect(change) is effect for change in changes)) for effect in WORST_FIRST]
    return ", ".join(f"{numbers.count(count)} {effect.value}" for effect, count in counts if count)
