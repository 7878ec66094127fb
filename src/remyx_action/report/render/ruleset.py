"""The rules of a branch that enforce a lock, as JSON that GitHub imports: Settings → Rules → Rulesets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from remyx_action.policy.branch_rules import GITHUB_ACTIONS_APP

ADMINISTRATORS = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"}


def ruleset_as_json(
    checks: Sequence[str], *, name: str, branch: str, app_id: int | None = None, allow_own: bool = False
) -> str:
    """Return a ruleset: owner review of protected paths and our checks, before anything lands on the branch.

    `allow_own`: administrators may merge their own pull requests.
    """
    rules: list[dict[str, Any]] = [
        {"type": "deletion"},
        {"type": "non_fast_forward"},
        {
            "type": "pull_request",
            "parameters": {
                "required_approving_review_count": 1,
                "dismiss_stale_reviews_on_push": True,
                "require_code_owner_review": True,
                "require_last_push_approval": True,
                "required_review_thread_resolution": False,
            },
        },
    ]
    if checks:
        required = [{"context": check, "integration_id": app_id or GITHUB_ACTIONS_APP} for check in checks]
        parameters = {"strict_required_status_checks_policy": True, "required_status_checks": required}
        rules.append({"type": "required_status_checks", "parameters": parameters})
    return _importable(name, branch, rules, bypass=[ADMINISTRATORS] if allow_own else [])


def ruleset_of_record(branch: str) -> str:
    """Return a ruleset for a branch that only grows: no force pushes, and it is not deleted."""
    rules = [{"type": "deletion"}, {"type": "non_fast_forward"}]
    return _importable(f"remyx-action: {branch} only grows", branch, rules, bypass=[])


def _importable(
    name: str, branch: str, rules: Sequence[Mapping[str, Any]], *, bypass: Sequence[Mapping[str, Any]]
) -> str:
    ruleset = {
        "name": name,
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}},
        "rules": rules,
        "bypass_actors": bypass,
    }
    return json.dumps(ruleset, indent=2) + "\n"
