"""What doctor found, for people and for programs."""

from __future__ import annotations

import json
from textwrap import wrap

from msgspec import Struct

from remyx_action.policy.lock_state import WHY, Item, LockState

from .words import lock_words

MARKS = {"verified": "✓", "missing": "✗", "unknown": "?"}
COLOURS = {"verified": "32", "missing": "31", "unknown": "33"}
NO_LEVEL_3 = (
    "not defended: everyone with write access can post this check as GitHub Actions, from any branch; "
    "a dedicated App whose key pull requests cannot reach, or a required workflow, defends (level 3)"
)


class Examined(Struct, frozen=True, kw_only=True):
    """The items about one branch, and what they come to."""

    repository: str
    branch: str
    tip: str | None
    items: tuple[Item, ...]
    lock: LockState
    level_3: tuple[str, ...]
    """What keeps the verdict out of a pull request's reach; empty: nothing is known to."""
    notes: tuple[str, ...]
    """What is wrong with the branch's workflow files."""
    unread: tuple[str, ...]


def examined_as_text(examined: Examined, *, width: int = 80, colour: bool = False) -> str:
    """Return one line an item; what is not verified says why it matters and what to do."""
    lines = [f"{examined.repository}, branch {examined.branch}", ""]
    for item in examined.items:
        mark = MARKS[item.state]
        shown = _filled(f"{mark} ", item.what, width)
        if colour:
            shown[0] = shown[0].replace(mark, f"\x1b[{COLOURS[item.state]}m{mark}\x1b[0m", 1)
        lines += shown
        if item.state != "verified":
            lines += _filled("    why: ", WHY[item.id], width)
            lines += _filled("    fix: ", item.fix, width)
    if any(item.state == "unknown" for item in examined.items) and examined.unread:
        lines += ["", *(line for text in examined.unread for line in _filled("not readable: ", text, width))]
    lines += ["", *(line for text in examined.level_3 or (NO_LEVEL_3,) for line in _filled("", text, width))]
    lines += [line for text in examined.notes for line in _filled("", text, width)]
    return "\n".join([*lines, "", *_filled("", summary(examined), width)]) + "\n"


def summary(examined: Examined) -> str:
    """Return the lock in one sentence, and how many items there are of each state."""
    states = [item.state for item in examined.items]
    counts = ", ".join(f"{states.count(state)} {state}" for state in MARKS if state in states)
    return f"{' '.join(lock_words(str(examined.lock)))} ({counts})"


def examined_as_json(examined: Examined) -> str:
    """Return the same bytes for the same answers."""
    document = {
        "schema": "remyx-doctor/1",
        "repository": examined.repository,
        "branch": examined.branch,
        "tip": examined.tip,
        "enforced": examined.lock.level == "locked",
        "lock": str(examined.lock),
        "words": " ".join(lock_words(str(examined.lock))),
        "items": [
            {"id": item.id, "state": item.state, "what": item.what, "why": WHY[item.id], "fix": item.fix}
            for item in examined.items
        ],
        "level_3": list(examined.level_3),
        "notes": list(examined.notes),
        "unread": list(examined.unread),
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
