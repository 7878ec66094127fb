"""How often one condition held over many verdicts."""

from __future__ import annotations

from msgspec import Struct


class MarkCounts(Struct, frozen=True, kw_only=True):
    """Of one condition, in how many verdicts it had each mark."""

    text: str
    """The condition, as a line."""
    held: int
    failed: int
    unknown: int

    @property
    def remark(self) -> str | None:
        """Return what is odd about the counts, or None."""
        if self.held + self.failed == 0:
            return "was never known"
        if self.held == 0:
            return "never held"
        return "never failed" if self.failed == 0 else None
