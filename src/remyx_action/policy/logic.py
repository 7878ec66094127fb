"""Strong Kleene logic: how true, false and unknown combine."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Mark(StrEnum):
    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


def mark_of(truth: bool | None) -> Mark:  # noqa: FBT001 - a truth value is what it is about
    """None is unknown."""
    if truth is None:
        return Mark.UNKNOWN
    return Mark.TRUE if truth else Mark.FALSE


def at_least(k: int, marks: Sequence[Mark]) -> Mark:
    """True with k trues, false once k trues are out of reach, else unknown.

    `all` is at_least(len(marks)), `any` is at_least(1).
    """
    true = sum(mark is Mark.TRUE for mark in marks)
    unknown = sum(mark is Mark.UNKNOWN for mark in marks)
    if true >= k:
        return Mark.TRUE
    return Mark.UNKNOWN if true + unknown >= k else Mark.FALSE
