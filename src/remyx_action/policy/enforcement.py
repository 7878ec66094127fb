"""Whether a branch's rules enforce a lock: each item verified, missing or unknown, from what GitHub answered.

An item is verified where some source of rules says so, unknown where none does and not every source was seen.
Whoever may bypass one source is still held by the others, so a bypass counts where the rest does not suffice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.project.codeowners import Codeowners
from remyx_action.project.path_patterns import (
    Pattern,
    TooIntricateError,
    WrongPatternError,
    deciding,
    pattern_of,
)

from .branch_rules import OwnersError, Poster, Protection, RequiredWorkflow, Review, RuleSource
from .lock_state import Item, ItemId, MissingProtection, UnknownProtection, Verified
from .ownership import LOCK_STEP, RecordedOwners, ownership

_PULL_REQUEST = "in the branch's rules, under `Require a pull request before merging`"


class LockedBar(Struct, frozen=True, kw_only=True):
    """What the branch holds: files, owners and locks at its tip."""

    protected: Mapping[str, Pattern]
    """Each protected path, as the file or folder that lies there."""
    owners: Codeowners | None
    """None: it holds no CODEOWNERS."""
    recorded: tuple[RecordedOwners, ...]
    """By each lock; two templates protect some paths together."""
    owners_after: Codeowners | None = None
    """As the pull request would leave it; None: there is no pull request."""
    lock_file: Item


class Question(Struct, frozen=True, kw_only=True):
    """What is held against GitHub's answer."""

    bar: LockedBar | None
    """None: the clone does not hold the branch's tip."""
    protected: Mapping[str, Pattern]
    checks: tuple[str, ...]
    """The names of our checks on this branch, one a policy."""


Holds = bool | None
"""Whether sources of rules demand something; None: a field is absent that may."""


class _Demand(Struct, frozen=True, kw_only=True):
    """Something that rules may demand."""

    id: ItemId
    words: str
    """The sentence for an item that is verified."""
    fix: str
    test: Callable[[Sequence[RuleSource]], Holds]


def examine(question: Question, protection: Protection) -> list[Item]:
    """Return every item, in a fixed order."""
    demands = _demands(question, protection.poster)
    items = {demand.id: _demanded(demand, protection) for demand in demands}
    if not isinstance(items["required-check"], Verified):
        del items["check-app"]
    elif not isinstance(items["check-app"], Verified):
        (demand,) = (one for one in demands if one.id == "check-app")
        items["check-app"] = _check_app(question.checks, protection, demand)
    if not isinstance(items["owner-review"], Verified):
        items["owner-review"] = _bare(items["owner-review"], question, protection)
    items["bypass"] = _bypass(
        [demand for demand in demands if isinstance(items.get(demand.id), Verified)], protection
    )
    for item in _held_by_the_branch(question, protection):
        items[item.id] = item
    order: tuple[ItemId, ...] = (
        "lock-file", "owner-review", "approvals", "stale-reviews", "last-push", "required-check", "check-app",
        "up-to-date", "codeowners", "ownership", "ownership-after", "force-pushes", "deletion", "bypass",
    )  # fmt: skip
    return [items[id_] for id_ in order if id_ in items]


def out_of_reach(
    question: Question, protection: Protection, *, running: RequiredWorkflow | None = None
) -> tuple[str, ...]:
    """Return what keeps the verdict out of a pull request's reach (level 3); empty: nothing is known to.

    Rules that somebody may bypass, or whose bypass is not known, keep nothing out. `running`: the only
    workflow that counts, where a verdict is of one.
    """
    sealed = [source for source in protection.sources if source.bypass == ()]
    found = [
        f"the workflow {workflow} is required: no pull request can replace it"
        for source in sealed
        for workflow in source.workflows
        if running in {None, workflow}
    ]
    ours, required = protection.poster, _required(sealed)
    if (
        ours.is_dedicated
        and question.checks
        and all(ours.app in required.get(name, ()) for name in question.checks)
    ):
        found.append(f"the check belongs to {ours}: no workflow's own token can post it")
    return tuple(found)


def _demands(question: Question, ours: Poster) -> list[_Demand]:
    """Return everything that rules are asked for; `ours`: who posts our check."""
    return [*_of_reviews(question.protected), *_of_checks(question.checks, ours), *_of_the_branch()]


def _of_reviews(protected: Mapping[str, Pattern]) -> list[_Demand]:
    return [
        _Demand(
            id="owner-review",
            words="the owners of every protected path must approve its changes",
            fix=f"require review from Code Owners {_PULL_REQUEST}",
            test=lambda sources: _any(
                (_any_review(sources, lambda one: one.by_owners), _reviewed(sources, protected))
            ),
        ),
        _Demand(
            id="approvals",
            words="at least one approval",
            fix=f"require one {_PULL_REQUEST}",
            test=lambda sources: _any((_any_review(sources, _wants_approval), _reviewed(sources, protected))),
        ),
        _Demand(
            id="stale-reviews",
            words="stale approvals are dismissed",
            fix=f"turn it on {_PULL_REQUEST}",
            test=lambda sources: _any_review(sources, lambda one: one.stale_dismissed),
        ),
        _Demand(
            id="last-push",
            words="the last push is approved by someone else",
            fix=f"turn it on {_PULL_REQUEST}",
            test=lambda sources: _any_review(sources, lambda one: one.last_push),
        ),
    ]


def _of_checks(checks: Sequence[str], ours: Poster) -> list[_Demand]:
    named = " and ".join(f"`{name}`" for name in checks)
    return [
        _Demand(
            id="required-check",
            words=f"{named or 'no check'} required",
            fix=f"require the check {named}, from the app that posts it" if named else "write a policy",
            test=lambda sources: bool(checks) and set(checks) <= _required(sources).keys(),
        ),
        _Demand(
            id="check-app",
            words=f"only {ours} may report our check",
            fix=f"choose {ours} as the source of the required check",
            test=lambda sources: (
                bool(checks) and all(ours.app in _required(sources).get(name, ()) for name in checks)
            ),
        ),
        _Demand(
            id="up-to-date",
            words="branches are up to date, or go through a merge queue",
            fix="require branches to be up to date before merging, or a merge queue",
            test=lambda sources: _any(one.up_to_date for one in sources),
        ),
    ]


def _of_the_branch() -> list[_Demand]:
    fix = "turn it on in the branch's rules"
    return [
        _Demand(
            id="force-pushes",
            words="force pushes are blocked",
            fix=fix,
            test=lambda sources: _any(one.no_force_pushes for one in sources),
        ),
        _Demand(
            id="deletion",
            words="deletion is blocked",
            fix=fix,
            test=lambda sources: _any(one.no_deletion for one in sources),
        ),
    ]


def _demanded(demand: _Demand, protection: Protection) -> Item:
    answer = demand.test(protection.sources)
    if answer:
        return Verified(id=demand.id, what=demand.words)
    if answer is False and protection.is_whole:
        return MissingProtection(id=demand.id, what=f"not demanded: {demand.words}", fix=demand.fix)
    return UnknownProtection(
        id=demand.id, what=f"not seen: {demand.words}", fix=f"ask as an administrator, or {demand.fix}"
    )


def _any(answers: Iterable[Holds]) -> Holds:
    """Return True where one is, None where one may be."""
    found = set(answers)
    return True if True in found else None if None in found else False


def _wants_approval(review: Review) -> Holds:
    return None if review.approvals is None else review.approvals >= 1


def _any_review(sources: Sequence[RuleSource], test: Callable[..., Holds]) -> Holds:
    return _any(test(review) for source in sources for review in source.reviews)


def _reviewed(sources: Sequence[RuleSource], protected: Mapping[str, Pattern]) -> Holds:
    """Return whether named teams must approve every protected path.

    GitHub describes their patterns as fnmatch's and shows them as .gitignore's. It documents neither the
    effect of an exclusion nor whether `*` reaches into folders: what only one reading covers is not known.
    """
    teams = [team for source in sources for review in source.reviews for team in review.reviewers]
    plain = [team for team in teams if not any(text.startswith("!") for text in team.patterns)]
    narrow = _bare_paths(protected, [f"/{text.lstrip('/')}" for team in plain for text in team.patterns])
    if not teams or narrow == []:
        return bool(teams)
    wide = _bare_paths(
        protected, [text for team in teams for text in team.patterns if not text.startswith("!")]
    )
    return None if wide == [] or narrow is None else False


def _bare_paths(protected: Mapping[str, Pattern], texts: Iterable[str]) -> list[str] | None:
    """Return the protected paths that the patterns do not cover; None where that takes too long to tell."""
    patterns = []
    for text in texts:
        try:
            patterns.append(pattern_of(text))
        except WrongPatternError:
            continue
    try:
        return [path for path, paths in protected.items() if None in deciding(paths, patterns)]
    except TooIntricateError:
        return None


def _bare(item: Item, question: Question, protection: Protection) -> Item:
    """Name the paths that named reviewers leave out, where some are named."""
    teams = [team for one in protection.sources for review in one.reviews for team in review.reviewers]
    bare = (
        _bare_paths(question.protected, [text for team in teams for text in team.patterns]) if teams else []
    )
    if not teams:
        return item
    what = (
        "named reviewers exclude files, whose effect GitHub does not document"
        if not bare
        else (f"reviewers are named, but not for {', '.join(bare[:3])}")
    )
    return replace(item, what=what)


def _check_app(checks: Sequence[str], protection: Protection, demand: _Demand) -> Item:
    """Return why none of the rules that require a check pins it to the app that posts ours."""
    ours = protection.poster
    required = _required(protection.sources)
    name = next(name for name in checks if ours.app not in required[name])
    others = sorted(app for app in required[name] if isinstance(app, int))
    if others and ours.app is None:
        what = f"`{name}` must come from app {others[0]}, and which one {ours} is here was not readable"
        return UnknownProtection(
            id="check-app", what=what, fix="ask again, or name the app that posts it: --app-id ID"
        )
    if others:
        what = f"`{name}` must come from app {others[0]}, and ours comes from {ours}: it never will"
        fix = f"{demand.fix}; where app {others[0]} is the one whose token posts it: --app-id {others[0]}"
    elif "any" in required[name]:
        what, fix = f"any app may report `{name}`", demand.fix
    else:
        return UnknownProtection(
            id="check-app", what=f"the answer lacks the app that must report `{name}`", fix=demand.fix
        )
    if not protection.is_whole:
        return UnknownProtection(id="check-app", what=f"{what}, as far as this token sees", fix=fix)
    return MissingProtection(id="check-app", what=what, fix=fix)


def _required(sources: Sequence[RuleSource]) -> dict[str, set[int | str]]:
    """Return the apps from which each required check must come, as the rules about it say."""
    apps: dict[str, set[int | str]] = {}
    for source in sources:
        for check in source.checks:
            apps.setdefault(check.name, set()).add(check.app)
    return apps


def _bypass(verified: Sequence[_Demand], protection: Protection) -> Item:
    """Return whether the rules hold everybody: also without the sources that somebody may bypass."""
    sealed = [source for source in protection.sources if source.bypass == ()]
    hidden = [source for source in protection.sources if source.bypass is None]
    if not verified:
        fix = "import the ruleset that `remyx-action lock` prints"
        if protection.is_whole:
            return MissingProtection(id="bypass", what="there are no rules that could hold anybody", fix=fix)
        return UnknownProtection(
            id="bypass",
            what="no rules were seen that could hold anybody",
            fix=f"ask as an administrator, or {fix}",
        )
    open_ = [
        source
        for source in protection.sources
        if source.bypass and any(demand.test([source]) for demand in verified)
    ]
    if all(demand.test(sealed) for demand in verified):
        rest = f" ({', '.join(source.name for source in open_)} alone may be bypassed)" if open_ else ""
        return Verified(id="bypass", what=f"nobody may bypass the rules{rest}")
    if not all(demand.test([*sealed, *hidden]) for demand in verified):
        actors = [f"{actor} ({source.name})" for source in open_ for actor in source.bypass or ()]
        fix = "remove them from the bypass list; rules that somebody may bypass are no proof"
        return MissingProtection(id="bypass", what="; ".join(actors), fix=fix)
    what = f"who may bypass {', '.join(source.name for source in hidden)} is hidden from this token"
    fix = "ask as an administrator, or look at the bypass list on the rules' page"
    return UnknownProtection(id="bypass", what=what, fix=fix)


def _held_by_the_branch(question: Question, protection: Protection) -> list[Item]:
    """Return the items about the files that the branch holds."""
    bar = question.bar
    if bar is None:
        tip = (protection.tip or "")[:12]
        what = (
            f"this clone does not hold the branch's tip {tip}"
            if tip
            else "GitHub's answer lacks the branch's tip"
        )
        behind = [
            UnknownProtection(id=id_, what=what, fix="git fetch, then ask again" if tip else "ask again")
            for id_ in ("lock-file", "codeowners", "ownership")
        ]
        errors = _codeowners(None, protection.codeowners_errors)
        return [
            errors if isinstance(errors, MissingProtection) and one.id == "codeowners" else one
            for one in behind
        ]
    if bar.owners is None:
        items: list[Item] = [
            MissingProtection(id="codeowners", what="the branch holds no CODEOWNERS", fix=LOCK_STEP),
            MissingProtection(id="ownership", what="no protected path has an owner", fix=LOCK_STEP),
        ]
    else:
        items = [
            _codeowners(bar.owners, protection.codeowners_errors),
            ownership("ownership", bar.owners, bar.protected, bar.recorded, "on the branch"),
        ]
    if bar.owners_after is not None:
        items.append(
            ownership("ownership-after", bar.owners_after, bar.protected, bar.recorded, "after the merge")
        )
    return [bar.lock_file, *items]


def _codeowners(owners: Codeowners | None, errors: Sequence[OwnersError] | None) -> Item:
    found = {error.line: (_error_words(error), error.suggestion) for error in errors or ()}
    for one in owners.problems if owners else ():
        found.setdefault(one.line, (f"line {one.line}: {one.message}", ""))
    if found:
        what, suggestion = found[min(found)]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return MissingProtection(
            id="codeowners", what=f"CODEOWNERS: {what}{more}", fix=suggestion or "correct the line"
        )
    if errors is None:
        fix = "ask again with a token that may read contents"
        return UnknownProtection(
            id="codeowners", what="GitHub's own errors of CODEOWNERS were not readable", fix=fix
        )
    return Verified(id="codeowners", what="CODEOWNERS has no errors")


def _error_words(error: OwnersError) -> str:
    return f"line {error.line}: {error.kind}" + (f" in `{error.source.strip()}`" if error.source else "")
