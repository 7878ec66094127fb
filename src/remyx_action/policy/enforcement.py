"""doctor: what GitHub says of a branch → whether a lock is enforced, item by item.

What could not be read is unknown, never missing: a token that sees too little proves nothing either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from remyx_action.project.codeowners import Codeowners, Pattern, WrongPatternError, pattern_of

State = Literal["verified", "missing", "unknown"]
GITHUB_ACTIONS_APP = 15368
"""The id of GitHub Actions on github.com; its checks come from this app."""


class Review(Struct, frozen=True, kw_only=True):
    """One rule that demands reviews."""

    approvals: int
    by_owners: bool
    stale_dismissed: bool
    last_push: bool
    paths: tuple[str, ...] = ()
    """Patterns of files that named reviewers must approve."""


class RequiredCheck(Struct, frozen=True, kw_only=True):
    name: str
    app: int | None
    """None: any app may report it."""


class Rules(Struct, frozen=True, kw_only=True):
    """What some source demands before anything lands on the branch."""

    reviews: tuple[Review, ...] = ()
    checks: tuple[RequiredCheck, ...] = ()
    up_to_date: bool = False
    """Strict checks, or a merge queue."""
    no_force_pushes: bool = False
    no_deletion: bool = False


class Bypass(Struct, frozen=True, kw_only=True):
    ruleset: str
    actors: tuple[str, ...] | None
    """None: hidden from whoever may not write rulesets."""


class Facts(Struct, frozen=True, kw_only=True):
    """What GitHub told."""

    rules: Rules | None
    """Of active rulesets; None: not readable."""
    classic: Rules | None
    """Of classic branch protection; None: not readable."""
    bypasses: tuple[Bypass, ...] | None
    codeowners_errors: tuple[str, ...] | None
    unread: tuple[str, ...] = ()
    """What could not be read, and why."""

    @property
    def demands(self) -> tuple[Rules, ...]:
        return tuple(rules for rules in (self.rules, self.classic) if rules is not None)

    @property
    def is_whole(self) -> bool:
        """Whether what is not seen is not there."""
        return self.rules is not None and self.classic is not None


class Asked(Struct, frozen=True, kw_only=True):
    """What the lock needs."""

    protected: tuple[str, ...]
    checks: tuple[str, ...]
    """The names of our checks on this branch, one a policy."""
    owners: Codeowners | None
    """Of the branch; None: it has no CODEOWNERS."""
    owners_after: Codeowners | None = None
    """As the pull request would leave it."""


class Item(Struct, frozen=True, kw_only=True):
    id: str
    state: State
    what: str
    """What was found, one line."""
    why: str
    """Why it matters."""
    fix: str
    """The next step; empty where nothing is to be done."""


WHY = {
    "owner-review": "else whoever may merge can change the bar alone",
    "approvals": "else a change of the bar needs nobody's approval",
    "stale-reviews": "else what was approved is not what is merged",
    "last-push": "else whoever pushed last may be the one who approves it",
    "required-check": "else a red verdict blocks nothing",
    "check-app": "else any app, or any workflow's token, can report our check green",
    "up-to-date": "else the verdict is about a base that moved",
    "codeowners": "GitHub skips lines that are wrong, and then nobody owns what they protect",
    "ownership": "a protected path without an owner changes without an owner's review",
    "ownership-after": "once merged, it would take an owner's review away",
    "force-pushes": "else history, and the bar in it, can be rewritten",
    "deletion": "else the branch and its rules can be replaced",
    "bypass": "whoever bypasses the rules is trusted with the bar",
}
_PULL_REQUEST = "in the branch's rules, under `Require a pull request before merging`"


def examine(asked: Asked, facts: Facts) -> list[Item]:
    """Every item, in a fixed order."""
    reviews = [review for rules in facts.demands for review in rules.reviews]
    items = [_owner_review(asked, facts, reviews)]
    for id_, words, test in (
        ("approvals", "at least one approval", lambda one: one.approvals >= 1),
        ("stale-reviews", "stale approvals are dismissed", lambda one: one.stale_dismissed),
        ("last-push", "the last push is approved by someone else", lambda one: one.last_push),
    ):
        items.append(_demanded(id_, words, any(map(test, reviews)), facts, f"turn it on {_PULL_REQUEST}"))
    items += _checks(asked, facts)
    items.append(
        _demanded(
            "up-to-date",
            "branches are up to date, or go through a merge queue",
            any(rules.up_to_date for rules in facts.demands),
            facts,
            "require branches to be up to date before merging, or a merge queue",
        )
    )
    items += _owners(asked, facts)
    for id_, words, test_rules in (
        ("force-pushes", "force pushes are blocked", lambda rules: rules.no_force_pushes),
        ("deletion", "deletion is blocked", lambda rules: rules.no_deletion),
    ):
        held = any(map(test_rules, facts.demands))
        items.append(_demanded(id_, words, held, facts, "turn it on in the branch's rules"))
    items.append(_bypass(facts))
    return items


def lock_enforced(items: Iterable[Item]) -> bool:
    """Whether every protected path has an owner, and an owner's approval is demanded: that is `locked`."""
    needed = {"owner-review", "approvals", "codeowners", "ownership"}
    return needed <= {item.id for item in items if item.state == "verified"}


def _item(id_: str, state: State, what: str, fix: str = "") -> Item:
    return Item(id=id_, state=state, what=what, why=WHY[id_], fix="" if state == "verified" else fix)


def _demanded(id_: str, words: str, held: bool, facts: Facts, fix: str) -> Item:  # noqa: FBT001
    """An item that one of two sources may demand."""
    if held:
        return _item(id_, "verified", words)
    if facts.is_whole:
        return _item(id_, "missing", f"not demanded: {words}", fix)
    return _item(id_, "unknown", f"not seen: {words}", f"{_to_see(facts)}, or {fix}")


def _to_see(facts: Facts) -> str:
    return "ask again" if facts.rules is None else "ask as an administrator"


def _owner_review(asked: Asked, facts: Facts, reviews: Sequence[Review]) -> Item:
    if any(review.by_owners for review in reviews):
        return _item("owner-review", "verified", "code owners must approve what they own")
    named = [path for review in reviews for path in review.paths]
    bare = _uncovered(asked.protected, named)
    if named and not bare:
        return _item("owner-review", "verified", "named reviewers must approve every protected path")
    seen = f"reviewers are named, but not for {', '.join(bare[:3])}" if named else ""
    fix = f"require review from Code Owners {_PULL_REQUEST}"
    item = _demanded(
        "owner-review", "code owners must approve what they own", held=False, facts=facts, fix=fix
    )
    return Item(id=item.id, state=item.state, what=seen or item.what, why=item.why, fix=item.fix)


def _uncovered(protected: Sequence[str], named: Sequence[str]) -> list[str]:
    patterns = [found for path in named if (found := _reviewed(path)) is not None]
    return [path for path in protected if not any(one.covers(pattern_of(path)) for one in patterns)]


def _reviewed(path: str) -> Pattern | None:
    """A reviewer's file pattern; those that exclude files are not counted on."""
    try:
        return pattern_of(f"/{path.lstrip('/')}")
    except WrongPatternError:
        return None


def _checks(asked: Asked, facts: Facts) -> list[Item]:
    required = {check.name: check.app for rules in facts.demands for check in rules.checks}
    absent = [name for name in asked.checks if name not in required]
    fix = f"require the check `{absent[0]}`, from GitHub Actions" if absent else ""
    words = " and ".join(f"`{name}`" for name in absent or asked.checks)
    items = [_demanded("required-check", f"{words} required", not absent, facts, fix)]
    if not absent:
        loose = [name for name in asked.checks if required[name] is None]
        held = _item("check-app", "verified", "only one app may report our check")
        fix = "choose GitHub Actions as the source of the required check"
        items.append(
            _item("check-app", "missing", f"any app may report `{loose[0]}`", fix) if loose else held
        )
    return items


def _owners(asked: Asked, facts: Facts) -> list[Item]:
    if asked.owners is None:
        lock = "run `remyx-action lock --owners @org/team` and commit what it writes"
        return [
            _item("codeowners", "missing", "the branch holds no CODEOWNERS", lock),
            _item("ownership", "missing", "no protected path has an owner", lock),
        ]
    errors = [f"line {one.line}: {one.message}" for one in asked.owners.problems]
    errors += [error for error in facts.codeowners_errors or () if error not in errors]
    if errors:
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        written = _item("codeowners", "missing", f"CODEOWNERS: {errors[0]}{more}", "correct the line")
    elif facts.codeowners_errors is None:
        written = _item("codeowners", "unknown", "GitHub's own errors were not readable", _CONTENTS)
    else:
        written = _item("codeowners", "verified", "CODEOWNERS has no errors")
    items = [written, _ownership("ownership", asked.owners, asked.protected, "on the branch")]
    if asked.owners_after is not None:
        items.append(_ownership("ownership-after", asked.owners_after, asked.protected, "after the merge"))
    return items


_CONTENTS = "ask again with a token that may read contents"


def _ownership(id_: str, owners: Codeowners, protected: Sequence[str], when: str) -> Item:
    bare = [(path, owners.ownership(path)) for path in protected]
    holes = [(path, found.line) for path, found in bare if not found.owners]
    if not holes:
        return _item(id_, "verified", f"{len(protected)} protected paths have owners {when}")
    path, line = holes[0]
    because = f" (line {line} of CODEOWNERS takes it away)" if line is not None else ""
    more = f" and {len(holes) - 1} more" if len(holes) > 1 else ""
    return _item(
        id_, "missing", f"{path} has no owner {when}{because}{more}", "run `remyx-action lock`, commit it"
    )


def _bypass(facts: Facts) -> Item:
    if (
        facts.bypasses is None
        or (not facts.bypasses and facts.classic is None)
        or any(one.actors is None for one in facts.bypasses)
    ):
        what = "who may bypass the rules is hidden from this token"
        return _item("bypass", "unknown", what, "ask as an administrator, or look at the rules' page")
    if not facts.bypasses:
        return _item(
            "bypass", "missing", "there are no rules that could hold anybody", "import the rules of `lock`"
        )
    actors = [f"{actor} ({one.ruleset})" for one in facts.bypasses for actor in one.actors or ()]
    if actors:
        return _item(
            "bypass", "missing", f"may bypass: {', '.join(actors)}", "remove them, or live with it knowingly"
        )
    return _item("bypass", "verified", "nobody may bypass the rules")
