"""What doctor found, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import wrap

from remyx_action.policy.enforcement import Item, lock_enforced

MARKS = {"verified": "✓", "missing": "✗", "unknown": "?"}
COLOURS = {"verified": "32", "missing": "31", "unknown": "33"}


def items_as_text(
    items: Sequence[Item], *, about: str, unread: Sequence[str], width: int = 80, colour: bool = False
) -> str:
    """One line an item; what is not verified says why it matters and what to do."""
    lines = [about, ""]
    for item in items:
        mark = MARKS[item.state]
        lines += _filled(f"{mark} ", item.what, width)
        if colour:
            start = len(lines) - len(_filled(f"{mark} ", item.what, width))
            lines[start] = lines[start].replace(mark, f"\x1b[{COLOURS[item.state]}m{mark}\x1b[0m", 1)
        if item.state != "verified":
            lines += _filled("    why: ", item.why, width)
            lines += _filled("    fix: ", item.fix, width)
    if any(item.state == "unknown" for item in items):
        lines += ["", *(line for text in unread for line in _filled("not readable: ", text, width))]
    lines.append("")
    return "\n".join([*lines, *_filled("", summary(items), width)]) + "\n"


def summary(items: Sequence[Item]) -> str:
    """How many there are of each, and what they come to."""
    counts = {state: sum(1 for item in items if item.state == state) for state in MARKS}
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    worth = (
        "a lock here is enforced: `locked`"
        if lock_enforced(items)
        else "a lock here is not known to be enforced: at best `captured`"
    )
    return f"{told}; {worth}"


def items_as_json(items: Sequence[Item], *, repository: str, branch: str, unread: Sequence[str]) -> str:
    """The same bytes for the same answers."""
    document = {
        "schema": "remyx-doctor/1",
        "repository": repository,
        "branch": branch,
        "enforced": lock_enforced(items),
        "items": [
            {"id": item.id, "state": item.state, "what": item.what, "why": item.why, "fix": item.fix}
            for item in items
        ],
        "unread": list(unread),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _filled(start: str, text: str, width: int) -> list[str]:
    return wrap(
        text,
        width=width,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )
