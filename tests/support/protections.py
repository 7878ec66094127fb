"""Situations that GitHub's API can give of a branch's protection, and what doctor must make of each.

Every answer is held against GitHub's own description by the stand-in, but for those that an older server or a
proxy would give, which are changed on their way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from support.github_stand_in.world import Fault, World

JSON = Any
CHECK = "remyx / default (main)"
ACTIONS = 15368
ADMINISTRATOR = {"metadata": "read", "contents": "read", "administration": "write"}
OF_A_JOB = {"metadata": "read", "contents": "read"}
COVERING = [
    ".remyx/**", ".github/**", "evaluation/**", "CODEOWNERS", "docs/CODEOWNERS", ".gitattributes",
    ".gitmodules", ".lfsconfig",
]  # fmt: skip
PLAN = "Upgrade to GitHub Pro or make this repository public to enable this feature."


def pull_request(**given: JSON) -> JSON:
    return {
        "type": "pull_request",
        "parameters": {
            "required_approving_review_count": 1,
            "dismiss_stale_reviews_on_push": True,
            "require_code_owner_review": True,
            "require_last_push_approval": True,
            "required_review_thread_resolution": False,
        }
        | given,
    }


def reviewers(*patterns: str, minimum: int = 1, team: int = 7) -> JSON:
    return {
        "file_patterns": list(patterns),
        "minimum_approvals": minimum,
        "reviewer": {"id": team, "type": "Team"},
    }


def checks(app: int | None = ACTIONS, *, name: str = CHECK, strict: bool = True) -> JSON:
    required: JSON = {"context": name} | ({} if app is None else {"integration_id": app})
    return {
        "type": "required_status_checks",
        "parameters": {"strict_required_status_checks_policy": strict, "required_status_checks": [required]},
    }


DELETION, FORCE_PUSHES = {"type": "deletion"}, {"type": "non_fast_forward"}
WORKFLOW = {
    "type": "workflows",
    "parameters": {"workflows": [{"path": ".github/workflows/remyx.yml", "repository_id": 42}]},
}
MERGE_QUEUE = {
    "type": "merge_queue",
    "parameters": {
        "check_response_timeout_minutes": 60,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 5,
        "max_entries_to_merge": 5,
        "merge_method": "MERGE",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 5,
    },
}


def actor(kind: str, number: int | None, mode: str = "always") -> JSON:
    return {"actor_type": kind, "actor_id": number, "bypass_mode": mode}


@dataclass(kw_only=True)
class Ruleset:
    """One ruleset, as `rules/branches` and `rulesets/ID` answer it."""

    rules: list[JSON] = field(default_factory=lambda: [DELETION, FORCE_PUSHES, pull_request(), checks()])
    bypass: list[JSON] | None = field(default_factory=list)
    source: str = "Repository"
    enforcement: str = "active"
    readable: bool = True
    more: dict[str, JSON] = field(default_factory=dict)

    def install(self, world: World, number: int) -> None:
        owner = world.repository if self.source == "Repository" else world.owner
        of = {"ruleset_id": number, "ruleset_source_type": self.source, "ruleset_source": owner}
        if self.enforcement == "active":
            world.rules.setdefault("main", []).extend(rule | of for rule in self.rules)
        if self.readable:
            bypass = {} if self.bypass is None else {"bypass_actors": self.bypass}
            world.rulesets.append(
                {
                    "id": number,
                    "name": f"rules {number}",
                    "target": "branch",
                    "source": owner,
                    "source_type": self.source,
                    "enforcement": self.enforcement,
                }
                | bypass
                | self.more
            )


def classic(**given: JSON) -> JSON:
    return {
        "required_pull_request_reviews": {
            "required_approving_review_count": 1,
            "require_code_owner_reviews": True,
            "dismiss_stale_reviews": True,
            "require_last_push_approval": True,
            "bypass_pull_request_allowances": {"users": [], "teams": [], "apps": []},
        },
        "required_status_checks": {
            "strict": True,
            "contexts": [CHECK],
            "checks": [{"context": CHECK, "app_id": ACTIONS}],
        },
        "enforce_admins": {"url": "https://github.invalid/", "enabled": True},
        "allow_force_pushes": {"enabled": False},
        "allow_deletions": {"enabled": False},
    } | given


def reviews(**given: JSON) -> JSON:
    """Classic reviews with some fields changed; None takes one away."""
    changed = classic()["required_pull_request_reviews"] | given
    return {
        "required_pull_request_reviews": {key: value for key, value in changed.items() if value is not None}
    }


def allowed(world: World, kind: str, name: str) -> JSON:
    schema, key = {
        "users": ("simple-user", "login"),
        "teams": ("team", "slug"),
        "apps": ("integration", "slug"),
    }[kind]
    return reviews(bypass_pull_request_allowances={kind: [world.contract.named(schema, **{key: name})]})


def without(*keys: str) -> Callable[[JSON], JSON]:
    """Take a field out of an answer, by its path, as a server that does not know it."""

    def change(body: JSON) -> JSON:
        held = body
        for key in keys[:-1]:
            held = held[key]
        del held[keys[-1]]
        return body

    return change


Owners = Callable[[str], str | None]


@dataclass(kw_only=True)
class Situation:
    """What GitHub holds, and what doctor must say: every item that is not named must be verified."""

    name: str
    rulesets: list[Ruleset] = field(default_factory=lambda: [Ruleset()])
    classic: JSON | Callable[[World], JSON] = None
    token: Mapping[str, str] = field(default_factory=lambda: ADMINISTRATOR)
    errors: list[JSON] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    apps: dict[str, int] = field(default_factory=lambda: {"github-actions": ACTIONS})
    app_id: int | None = None
    files: Mapping[str, str | None] | None = None
    """Changed on the branch before doctor clones it."""
    owners: Owners | None = None
    """Changes CODEOWNERS on the branch before doctor clones it."""
    stale: bool = False
    """Whether the branch moved after doctor cloned it."""
    missing: str = ""
    """Items, separated by blanks."""
    unknown: str = ""
    absent: str = ""
    exit: int
    padlock: bool
    says: str = ""
    """Text that the answer must hold."""

    def install(self, world: World) -> None:
        world.rules.clear()
        world.rulesets.clear()
        world.protections.clear()
        for number, ruleset in enumerate(self.rulesets, start=1):
            ruleset.install(world, number)
        protection = self.classic(world) if callable(self.classic) else self.classic
        if protection is not None:
            world.protections["main"] = protection
        world.codeowners_errors = list(self.errors)
        world.faults[:] = self.faults
        world.apps = self.apps
