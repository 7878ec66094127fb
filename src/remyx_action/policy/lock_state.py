"""What a lock is worth: findings, and the padlock that only verified ones make."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal, get_args

from msgspec import Struct
from msgspec.structs import fields

ProtectionState = Literal["verified", "missing", "unknown"]
ItemId = Literal[
    "lock-file",
    "owner-review",
    "approvals",
    "stale-reviews",
    "last-push",
    "required-check",
    "check-app",
    "up-to-date",
    "codeowners",
    "ownership",
    "ownership-after",
    "force-pushes",
    "deletion",
    "bypass",
]
WHY: dict[ItemId, str] = {
    "lock-file": "without it nothing says which bar was reviewed",
    "owner-review": "else whoever may merge can change the bar alone",
    "approvals": "else a change of the bar needs nobody's approval",
    "stale-reviews": "else what was approved is not what is merged",
    "last-push": "else whoever pushed last may be the one who approves it",
    "required-check": "else a red verdict blocks nothing",
    "check-app": "else another app, or anybody's token, can report our check green",
    "up-to-date": "else the verdict is about a base that moved",
    "codeowners": "GitHub skips lines that are wrong, and then nobody owns what they protect",
    "ownership": "a protected path changes with the review of whoever owns it, or of nobody",
    "ownership-after": "once merged, it decides whose review a change of the bar needs",
    "force-pushes": "else history, and the bar in it, can be rewritten",
    "deletion": "else the branch and its rules can be replaced",
    "bypass": "whoever may bypass the rules can change the bar alone",
}


class Verified(Struct, frozen=True, kw_only=True):
    """GitHub's answer, or git, says so."""

    id: ItemId
    what: str
    """What was found, one line."""
    fix: ClassVar[str] = ""
    state: ClassVar[ProtectionState] = "verified"


class MissingProtection(Struct, frozen=True, kw_only=True):
    """GitHub's answer, or git, says that it is not so."""

    id: ItemId
    what: str
    fix: str
    """The next step."""
    state: ClassVar[ProtectionState] = "missing"


class UnknownProtection(Struct, frozen=True, kw_only=True):
    """Nothing says so: it could not be asked, or the answer lacks it."""

    id: ItemId
    what: str
    fix: str
    """How to find out."""
    state: ClassVar[ProtectionState] = "unknown"


Item = Verified | MissingProtection | UnknownProtection


class Padlock(Struct, frozen=True, kw_only=True):
    """The proof that no change of the bar lands without its owners' approval: a verified item a part."""

    lock_file: Verified
    owner_review: Verified
    approvals: Verified
    codeowners: Verified
    ownership: Verified
    bypass: Verified

    def __post_init__(self) -> None:
        for field in fields(self):
            item = getattr(self, field.name)
            if not isinstance(item, Verified) or item.id != item_id(field.name):
                raise TypeError(f"{field.name} of a padlock is not verified")


def item_id(field: str) -> ItemId:
    """Return the id of the item that a part of the padlock needs."""
    found: ItemId = next(one for one in get_args(ItemId) if one == field.replace("_", "-"))
    return found


NEEDED = tuple(item_id(field.name) for field in fields(Padlock))
"""The items that a padlock needs."""


class LockState(Struct, frozen=True, kw_only=True):
    """What a lock is worth where a verdict is judged."""

    padlock: Padlock | None = None
    why: str = ""
    """The first reason for no padlock; "" where nobody asked for one."""
    captured: bool = False
    """Whether the lock file holds what it locks."""
    stale: bool = False
    """Whether there is a lock file, and it holds something else."""

    @property
    def level(self) -> Literal["unlocked", "captured", "locked"]:
        """Return `locked` only with a padlock."""
        return "locked" if self.padlock else "captured" if self.captured else "unlocked"

    def __str__(self) -> str:
        return f"{self.level}: {self.why}" if self.why else self.level

    def satisfies(self, required: Literal["off", "captured", "locked"]) -> bool:
        """Return whether the level is at least `required`."""
        levels = ("off", "unlocked", "captured", "locked")
        return levels.index(self.level) >= levels.index(required)


def state_of(items: Iterable[Item]) -> LockState:
    """Return the padlock where every needed item is verified, else the first reason for none."""
    found = {item.id: item for item in items}
    verified = {id_.replace("-", "_"): found[id_] for id_ in NEEDED if isinstance(found.get(id_), Verified)}
    if len(verified) == len(NEEDED):
        return LockState(padlock=Padlock(**verified), captured=True)  # type: ignore[arg-type]
    short = next(
        (found[id_] for id_ in NEEDED if id_ in found and id_.replace("-", "_") not in verified), None
    )
    lock_file = found.get("lock-file")
    return LockState(why=short.what if short else "", captured=isinstance(lock_file, Verified))
