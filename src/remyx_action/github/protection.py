"""Everything that protects a branch, as far as this token may see it.

Rulesets, classic protection, and GitHub's own errors of CODEOWNERS. What the token may not see is left out
with the reason, never taken for absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from remyx_action.errors import NotJudged
from remyx_action.policy.branch_rules import (
    GITHUB_ACTIONS_APP,
    Actor,
    OwnersError,
    Poster,
    Protection,
    RequiredCheck,
    RequiredWorkflow,
    Review,
    Reviewers,
    RuleSource,
)

from .client import Client
from .trouble import Trouble, TroubleKind

T = TypeVar("T")
Json = Mapping[str, Any]
PER_PAGE = 100
MOST_PAGES = 20
ROLES = {2: "maintain", 4: "write", 5: "admin"}
"""The repository roles that GitHub gives, by the ids that its rulesets use."""


def read_protection(client: Client, branch: str, *, posting_app: int | None = None) -> Protection:
    """Read everything about the branch that this token may see.

    Requests: the branch, its rules (one a page), one a ruleset, its classic protection where it may have
    some, and the errors of CODEOWNERS. NotJudged where GitHub knows no such token, repository or branch, or
    says that the repository's plan enforces no rules.
    """
    asking, place = _Asking(client), quote(branch, safe="")
    shown = asking.attempt("the branch", partial(_branch, client, branch))
    rulesets = _rulesets(asking, f"/rules/branches/{place}")
    classic_is_absent = shown is not None and _is_unprotected(shown)
    path = f"/branches/{place}/protection"
    classic = (
        None
        if classic_is_absent
        else asking.attempt("classic protection", partial(client.get, path, source_of_classic))
    )
    sources = (*(rulesets or ()), *([classic] if classic else ()))
    names_apps = any(isinstance(check.app, int) for source in sources for check in source.checks)
    errors = asking.attempt("errors of CODEOWNERS", partial(_errors, client, branch))
    poster = _poster(asking, posting_app, names_apps=names_apps)
    return Protection(
        tip=_tip(shown),
        sources=sources,
        is_whole=rulesets is not None and (classic_is_absent or classic is not None),
        codeowners_errors=errors,
        unread=tuple(dict.fromkeys(asking.unread)),
        poster=poster,
    )


class _Asking:
    """Questions of which each may fail alone; `unread` holds those that did, and why."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.unread: list[str] = []

    def attempt(self, subject: str, ask: Callable[[], T]) -> T | None:
        """Return the answer, or None where there is none; NotJudged where no question would get one."""
        try:
            return ask()
        except Trouble as trouble:
            _refuse(trouble)
            self.unread.append(f"{subject}: {trouble.detail}")
        except (AttributeError, KeyError, TypeError, ValueError):
            self.unread.append(f"{subject}: GitHub's answer has another shape")
        return None


def _rulesets(asking: _Asking, path: str) -> list[RuleSource] | None:
    """Return the rulesets that are active for the branch; None where they could not all be read."""
    listed = asking.attempt("rules", partial(_pages, asking.client, path))
    groups = None if listed is None else asking.attempt("rules", partial(_by_ruleset, listed))
    if groups is None:
        return None
    sources = []
    for (number, name), rules in groups.items():
        subject = f"ruleset {number}"
        detail = asking.attempt(subject, partial(_ruleset, asking.client, number)) if number else None
        if detail is not None and detail.get("enforcement", "active") != "active":
            continue
        source = asking.attempt(subject, partial(source_of_ruleset, name, rules, detail))
        if source is None:  # its rules count, whatever the shape of its bypass list
            source = asking.attempt(subject, partial(source_of_ruleset, name, rules, None))
        if source is None:
            return None
        sources.append(source)
    return sources


def _refuse(trouble: Trouble) -> None:
    """Raise NotJudged where no other question would get an answer either."""
    if trouble.kind is TroubleKind.BAD_TOKEN:
        raise NotJudged(
            f"GitHub does not accept the token: {trouble.detail}", help="GITHUB_TOKEN=$(gh auth token)"
        ) from trouble
    if "Upgrade to GitHub" in trouble.detail:
        raise NotJudged(
            f"this plan does not enforce rules on private repositories: {trouble.detail}",
            help="upgrade the plan or make the repository public; until then nothing can be locked",
        ) from trouble


def _branch(client: Client, branch: str) -> Json:
    """Return the branch as any token may see it."""
    try:
        return client.get(f"/branches/{quote(branch, safe='')}", dict)
    except Trouble as trouble:
        if trouble.kind is not TroubleKind.GONE:
            raise
        try:
            client.get("", dict)
        except Trouble as absent:
            if absent.kind is not TroubleKind.GONE:
                raise trouble from absent
            raise NotJudged(
                f"GitHub knows no repository {client.name}, or hides it from this token",
                help="correct --repository OWNER/NAME, or ask with a token that may read it",
            ) from absent
        raise NotJudged(
            f"{client.name} has no branch {branch} on GitHub", help="push it, or name another: --branch NAME"
        ) from trouble


def _is_unprotected(branch: Json) -> bool:
    """Return whether the branch says that it has no classic protection; a ruleset alone protects it, too."""
    protection = branch.get("protection")
    return branch.get("protected") is False or (
        isinstance(protection, dict) and protection.get("enabled") is False
    )


def _tip(branch: Json | None) -> str | None:
    commit = (branch or {}).get("commit")
    found = commit.get("sha") if isinstance(commit, dict) else None
    return found if isinstance(found, str) else None


def _by_ruleset(listed: Iterable[Json]) -> dict[tuple[int | None, str], list[Json]]:
    """Group the active rules of a branch, as `rules/branches` lists them, by the ruleset that holds them."""
    groups: dict[tuple[int | None, str], list[Json]] = {}
    for rule in listed:
        number = rule.get("ruleset_id")
        of = (
            f" of {rule['ruleset_source']}"
            if rule.get("ruleset_source_type") not in {None, "Repository"}
            else ""
        )
        name = f"ruleset {number}{of}" if number else "a ruleset"
        groups.setdefault((int(number) if number else None, name), []).append(rule)
    return groups


def _ruleset(client: Client, number: int) -> Json:
    return client.get(f"/rulesets/{number}", dict)


def source_of_ruleset(name: str, rules: Iterable[Json], detail: Json | None) -> RuleSource:
    """Return one ruleset's part of a branch's rules; `detail`: the ruleset itself, where it was readable."""
    reviews: list[Review] = []
    checks: list[RequiredCheck] = []
    workflows: list[RequiredWorkflow] = []
    up_to_date: list[bool | None] = []
    kinds = set()
    for rule in rules:
        kind, given = rule["type"], rule.get("parameters") or {}
        kinds.add(kind)
        if kind == "pull_request":
            reviews.append(_review(given))
        elif kind == "required_status_checks":
            up_to_date.append(_flag(given.get("strict_required_status_checks_policy")))
            checks += [
                RequiredCheck(name=str(one["context"]), app=_app(one.get("integration_id")))
                for one in given.get("required_status_checks") or ()
            ]
        elif kind == "workflows":
            workflows += [
                RequiredWorkflow(path=str(one["path"]), repository_id=int(one["repository_id"]))
                for one in given.get("workflows") or ()
            ]
    strict = True if True in up_to_date or "merge_queue" in kinds else None if None in up_to_date else False
    title = detail.get("name") if detail else None
    return RuleSource(
        name=f"{name} `{title}`" if isinstance(title, str) else name,
        reviews=tuple(reviews),
        checks=tuple(checks),
        workflows=tuple(workflows),
        up_to_date=strict,
        no_force_pushes="non_fast_forward" in kinds,
        no_deletion="deletion" in kinds,
        bypass=None if detail is None else _actors(detail),
    )


def source_of_classic(given: Json) -> RuleSource:
    """Return classic branch protection as GitHub answers it to an administrator."""
    reviews = given.get("required_pull_request_reviews")
    statuses = given.get("required_status_checks") or {}
    listed = statuses.get("checks")
    checks = [
        RequiredCheck(name=str(one["context"]), app=_app(one.get("app_id")) if "app_id" in one else "unknown")
        for one in listed or ()
    ]
    known = {check.name for check in checks}
    checks += [
        RequiredCheck(name=str(name), app="unknown")
        for name in statuses.get("contexts") or ()
        if name not in known
    ]
    return RuleSource(
        name="classic protection",
        reviews=() if reviews is None else (_classic_review(reviews),),
        checks=tuple(checks),
        up_to_date=_flag(statuses.get("strict")) if statuses else False,
        no_force_pushes=_denied(given.get("allow_force_pushes")),
        no_deletion=_denied(given.get("allow_deletions")),
        bypass=_allowances(given, reviews),
    )


def _review(given: Json) -> Review:
    reviewers = [
        Reviewers(
            team=f"team {(one.get('reviewer') or {}).get('id')}",
            patterns=tuple(str(path) for path in one["file_patterns"]),
        )
        for one in given.get("required_reviewers") or ()
        if one["minimum_approvals"] >= 1
    ]
    return Review(
        approvals=_count(given.get("required_approving_review_count")),
        by_owners=_flag(given.get("require_code_owner_review")),
        stale_dismissed=_flag(given.get("dismiss_stale_reviews_on_push")),
        last_push=_flag(given.get("require_last_push_approval")),
        reviewers=tuple(reviewers),
    )


def _classic_review(given: Json) -> Review:
    return Review(
        approvals=_count(given.get("required_approving_review_count")),
        by_owners=_flag(given.get("require_code_owner_reviews")),
        stale_dismissed=_flag(given.get("dismiss_stale_reviews")),
        last_push=_flag(given.get("require_last_push_approval")),
    )


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _denied(given: Any) -> bool | None:
    allowed = _flag(given.get("enabled")) if isinstance(given, dict) else None
    return None if allowed is None else not allowed


def _app(number: Any) -> Any:
    """Return the app that a check must come from; -1 and null are GitHub's words for any."""
    return number if isinstance(number, int) and number > 0 else "any"


def _actors(ruleset: Json) -> tuple[Actor, ...] | None:
    """Return who may bypass a ruleset; None where GitHub hides it from those who may not write it."""
    given = ruleset.get("bypass_actors")
    if isinstance(given, list):
        return tuple(_actor(one) for one in given)
    own = {"always": "always", "pull_requests_only": "pull_request", "exempt": "exempt"}
    mode: Any = own.get(str(ruleset.get("current_user_can_bypass")))
    return (Actor(who="whoever this token belongs to", mode=mode),) if mode else None


def _actor(given: Json) -> Actor:
    kind, number = str(given["actor_type"]), given.get("actor_id")
    words = {
        "RepositoryRole": f"the role {ROLES.get(number, number) if isinstance(number, int) else number}",
        "Team": f"team {number}",
        "Integration": f"app {number}",
        "User": f"user {number}",
        "OrganizationAdmin": "every administrator of the organization",
        "DeployKey": "every deploy key",
    }
    mode: Any = given.get("bypass_mode") or "always"
    return Actor(
        who=words.get(kind, f"{kind} {number}"),
        mode=mode if mode in {"always", "pull_request", "exempt"} else "always",
    )


def _allowances(given: Json, reviews: Json | None) -> tuple[Actor, ...] | None:
    """Return who may bypass classic protection: administrators, and those who need no pull request.

    None where the answer lacks a field that may name somebody.
    """
    admins = given.get("enforce_admins")
    binding = _flag(admins.get("enabled")) if isinstance(admins, dict) else None
    named = (reviews or {}).get("bypass_pull_request_allowances") if reviews is not None else {}
    actors = [] if binding is not False else [Actor(who="every administrator", mode="always")]
    if isinstance(named, dict):
        actors += [Actor(who=str(one["login"]), mode="always") for one in named.get("users") or ()]
        actors += [Actor(who=f"team {one['slug']}", mode="always") for one in named.get("teams") or ()]
        actors += [Actor(who=f"app {one['slug']}", mode="always") for one in named.get("apps") or ()]
    if not actors and (binding is None or not isinstance(named, dict)):
        return None
    return tuple(actors)


def _errors(client: Client, branch: str) -> tuple[OwnersError, ...]:
    def read(given: Json) -> tuple[OwnersError, ...]:
        return tuple(
            OwnersError(
                line=int(one["line"]),
                kind=str(one["kind"]),
                source=str(one.get("source") or ""),
                suggestion=str(one.get("suggestion") or ""),
            )
            for one in given["errors"]
        )

    return client.get("/codeowners/errors", read, ref=branch)


def _poster(asking: _Asking, app: int | None, *, names_apps: bool) -> Poster:
    """Return who posts our check; a server that is not github.com is asked, where an app is named at all."""
    is_asked = names_apps and asking.client.requester.base_url.rstrip("/") != "https://api.github.com"
    ask = partial(_actions_app, asking.client)
    actions = asking.attempt("GitHub Actions of this server", ask) if is_asked else GITHUB_ACTIONS_APP
    return Poster(app=app or actions, actions=actions)


def _actions_app(client: Client) -> int:
    """Return the id of GitHub Actions on this server; where it tells of none, the one that `lock` writes."""
    try:
        return int(client.get_anywhere("/apps/github-actions", dict)["id"])
    except Trouble as trouble:
        if trouble.kind is not TroubleKind.GONE:
            raise
        return GITHUB_ACTIONS_APP


def _pages(client: Client, path: str) -> list[Json]:
    """Return all rules; ValueError where there are more pages than anybody writes."""
    found: list[Json] = []
    for page in range(1, MOST_PAGES + 1):
        part: list[Json] = client.get(path, list, per_page=PER_PAGE, page=page)
        found += part
        if len(part) < PER_PAGE:
            return found
    raise ValueError("too many pages")
