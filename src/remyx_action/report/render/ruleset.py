"""The rules of a branch that enforce a lock, as JSON that GitHub imports: Settings → Rules → Rulesets."""

from __future__ import annotations

import json
from collections.abc import Iterable

from remyx_action.policy.enforcement import GITHUB_ACTIONS_APP


def ruleset_as_json(checks: Iterable[str]) -> str:
    """Owner review of protected paths and our checks, before anything lands on the default branch."""
    required = [{"context": name, "integration_id": GITHUB_ACTIONS_APP} for name in checks]
    rules = [
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
        {
            "type": "required_status_checks",
            "parameters": {"strict_required_status_checks_policy": True, "required_status_checks": required},
        },
    ]
    ruleset = {
        "name": "remyx-action",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": rules,
        "bypass_actors": [],
    }
    return json.dumps(ruleset, indent=2) + "\n"
