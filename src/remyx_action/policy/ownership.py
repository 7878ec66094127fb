"""Whether every protected path has the owners that the lock records, by the CODEOWNERS of one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from remyx_action.project.codeowners import Codeowners, OwnedShare, are_the_same, each_owner_once
from remyx_action.project.path_patterns import (
    Pattern,
    TooIntricateError,
)

from .lock_state import Item, ItemId, MissingProtection, UnknownProtection, Verified

LOCK_STEP = "run `remyx-action lock --owners @org/team` and commit what it writes"


class RecordedOwners(Struct, frozen=True, kw_only=True):
    """Whom the lock of one template records as the owners of each protected path."""

    template: str
    owners: Mapping[str, Sequence[str]]


def ownership(
    id_: ItemId,
    owners: Codeowners,
    protected: Mapping[str, Pattern],
    recorded: Sequence[RecordedOwners],
    when: str,
) -> Item:
    """Return whether every protected path has owners, and those that each lock records."""
    holes: list[tuple[str, OwnedShare]] = []
    moved: list[tuple[str, OwnedShare, RecordedOwners]] = []
    named: list[str] = []
    for path, pattern in protected.items():
        try:
            shares = owners.shares_of(pattern)
        except TooIntricateError as error:
            return UnknownProtection(
                id=id_, what=f"who owns {path} {when}: {error}", fix="make CODEOWNERS simpler"
            )
        present = [owner for share in shares for owner in share.owners]
        named += present
        holes += [(path, share) for share in shares if not share.owners]
        moved += [
            (path, _first_other(shares, lock.owners[path]), lock)
            for lock in recorded
            if present and path in lock.owners and not are_the_same(present, lock.owners[path])
        ]
    if holes:
        what, fix = _of_a_hole(*holes[0], when)
        return MissingProtection(id=id_, what=f"{what}{_more(holes)}", fix=fix)
    if moved:
        what, fix = _of_another_owner(*moved[0], when)
        return MissingProtection(id=id_, what=f"{what}{_more(moved)}", fix=fix)
    owning = " ".join(each_owner_once(sorted(named)))
    return Verified(id=id_, what=f"{len(protected)} protected paths are owned {when} by {owning}")


def _of_a_hole(path: str, share: OwnedShare, when: str) -> tuple[str, str]:
    """Return what is wrong, and the fix."""
    where = f" from {share.example}" if share.example != path.strip("/") else ""
    because = f": line {share.line} of CODEOWNERS takes it away{where}" if share.line else ""
    undo = f"remove line {share.line}, or " if share.line else ""
    fix = f"{undo}run `remyx-action lock`, whose block comes last; commit it"
    return f"{path} has no owner {when}{because}", fix


def _first_other(shares: Sequence[OwnedShare], wanted: Sequence[str]) -> OwnedShare:
    """Return the share whose owners are not those wanted; any where only their union differs."""
    owned = [share for share in shares if share.owners]
    return next((share for share in owned if not are_the_same(share.owners, wanted)), owned[0])


def _of_another_owner(path: str, share: OwnedShare, lock: RecordedOwners, when: str) -> tuple[str, str]:
    before, now = " ".join(sorted(lock.owners[path])) or "nobody", " ".join(share.owners)
    what = f"{path} is owned by {now} {when} (line {share.line} of CODEOWNERS), not by {before}"
    again = f"have {before} review it and run `remyx-action lock {lock.template}` again"
    return f"{what} as the lock of {lock.template} records", f"undo line {share.line}, or {again}"


def _more(found: Sequence[object]) -> str:
    return f" and {len(found) - 1} more" if len(found) > 1 else ""
