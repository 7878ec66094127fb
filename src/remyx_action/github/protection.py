"""What protects a branch, as GitHub tells this token: rulesets, classic protection, errors of CODEOWNERS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from msgspec import Struct

from remyx_action.policy.enforcement import Bypass, Facts, RequiredCheck, Review, Rules

from .client import Client
from .trouble import Trouble

T = TypeVar("T")
PER_PAGE = 100
MOST_PAGES = 20


HIDDEN = Bypass(ruleset="?", actors=None)


class Classic(Struct, frozen=True, kw_only=True):
    """Classic branch protection."""

    rules: Rules
    bypasses: tuple[Bypass, ...] = ()


def read_protection(client: Client, branch: str) -> Facts:
    """Everything about the branch that this token may see; what it may not is None, with the reason.

    Requests: the rules (one a page), one a ruleset, the branch, its classic protection where there is some,
    and the errors of CODEOWNERS.
    """
    unread: list[str] = []

    def attempt(what: str, ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except Trouble as trouble:
            unread.append(f"{what}: {trouble.detail}")
        except (KeyError, TypeError, ValueError):
            unread.append(f"{what}: GitHub's answer has another shape")
        return None

    place = quote(branch, safe="")
    classic = attempt("classic protection", lambda: _classic(client, place))
    listed = attempt("rules", lambda: _pages(client, f"/rules/branches/{place}"))
    identities = sorted({int(rule["ruleset_id"]) for rule in listed or () if "ruleset_id" in rule})
    bypasses = [attempt(f"ruleset {one}", partial(_bypass, client, one)) for one in identities]
    return Facts(
        rules=None if listed is None else attempt("rules", lambda: rules_of(listed)),
        classic=classic.rules if classic else None,
        bypasses=None
        if listed is None
        else (*(one or HIDDEN for one in bypasses), *(classic.bypasses if classic else ())),
        codeowners_errors=attempt("errors of CODEOWNERS", lambda: _errors(client, branch)),
        unread=tuple(unread),
    )


def rules_of(listed: Iterable[Mapping[str, Any]]) -> Rules:
    """Active rules of a branch, as `rules/branches` lists them."""
    reviews: list[Review] = []
    checks: list[RequiredCheck] = []
    kinds = {rule["type"] for rule in listed}
    strict = False
    for rule in listed:
        given = rule.get("parameters") or {}
        if rule["type"] == "pull_request":
            reviews.append(_review(given))
        elif rule["type"] == "required_status_checks":
            strict = strict or given["strict_required_status_checks_policy"] is True
            checks += [
                RequiredCheck(name=str(one["context"]), app=one.get("integration_id"))
                for one in given["required_status_checks"]
            ]
    return Rules(
        reviews=tuple(reviews),
        checks=tuple(checks),
        up_to_date=strict or "merge_queue" in kinds,
        no_force_pushes="non_fast_forward" in kinds,
        no_deletion="deletion" in kinds,
    )


def classic_rules_of(given: Mapping[str, Any]) -> Rules:
    """Classic branch protection."""
    reviews = given.get("required_pull_request_reviews")
    statuses = given.get("required_status_checks") or {}
    return Rules(
        reviews=()
        if reviews is None
        else (
            Review(
                approvals=int(reviews.get("required_approving_review_count", 0)),
                by_owners=reviews.get("require_code_owner_reviews") is True,
                stale_dismissed=reviews.get("dismiss_stale_reviews") is True,
                last_push=reviews.get("require_last_push_approval") is True,
            ),
        ),
        checks=tuple(
            RequiredCheck(name=str(one["context"]), app=one.get("app_id"))
            for one in statuses.get("checks", ())
        ),
        up_to_date=statuses.get("strict") is True,
        no_force_pushes=(given.get("allow_force_pushes") or {}).get("enabled") is False,
        no_deletion=(given.get("allow_deletions") or {}).get("enabled") is False,
    )


def _review(given: Mapping[str, Any]) -> Review:
    named = [one for one in given.get("required_reviewers") or () if one["minimum_approvals"] >= 1]
    return Review(
        approvals=int(given["required_approving_review_count"]),
        by_owners=given["require_code_owner_review"] is True,
        stale_dismissed=given["dismiss_stale_reviews_on_push"] is True,
        last_push=given["require_last_push_approval"] is True,
        paths=tuple(str(path) for one in named for path in one["file_patterns"]),
    )


def _classic(client: Client, place: str) -> Classic:
    """No classic protection where the branch itself says so; that much any token may read."""
    if client.get(f"/branches/{place}", lambda branch: branch["protected"]) is False:
        return Classic(rules=Rules())
    return client.get(f"/branches/{place}/protection", _classic_of)


def _classic_of(given: Mapping[str, Any]) -> Classic:
    binding = (given.get("enforce_admins") or {}).get("enabled") is True
    actors = () if binding else ("administrators",)
    bypass = Bypass(ruleset="classic protection", actors=actors)
    return Classic(rules=classic_rules_of(given), bypasses=(bypass,))


def _bypass(client: Client, ruleset: int) -> Bypass:
    def told(given: Mapping[str, Any]) -> Bypass:
        actors = given.get("bypass_actors")
        return Bypass(
            ruleset=str(given["name"]),
            actors=None if actors is None else tuple(_actor(one) for one in actors),
        )

    return client.get(f"/rulesets/{ruleset}", told)


def _actor(given: Mapping[str, Any]) -> str:
    number = given.get("actor_id")
    return str(given["actor_type"]) if number is None else f"{given['actor_type']} {number}"


def _errors(client: Client, branch: str) -> tuple[str, ...]:
    def told(given: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(f"line {one['line']}: {one['kind']}" for one in given["errors"])

    return client.get("/codeowners/errors", told, ref=branch)


def _pages(client: Client, path: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for page in range(1, MOST_PAGES + 1):
        part = client.get(path, list, per_page=PER_PAGE, page=page)
        found += part
        if len(part) < PER_PAGE:
            break
    return found
