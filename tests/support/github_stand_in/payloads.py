"""Webhook payloads about the stand-in's repository: GitHub's examples with its own commits, valid by schema.

The community's examples lag behind the schemas by a field or two, so each payload is made whole and then
validated; forks and merge groups, of which there are no examples, are built the same way.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from .contract import Contract
from .world import Pull, World

JSON = Any
SLICE = Path(__file__).parent / "webhooks.json"
FORK_REPOSITORY_ID = 77


@cache
def _slice() -> JSON:
    return json.loads(SLICE.read_text())


@cache
def _contract() -> Contract:
    return Contract({"$defs": _slice()["$defs"], "operations": {}})


def _example(name: str) -> JSON:
    return copy.deepcopy(_slice()["examples"][name])


def _valid(name: str, payload: JSON, *, which: int = 0) -> JSON:
    """The payload, refused here if GitHub's schema would refuse it."""
    wrong = _contract().value_violations(_slice()["schemas"][name][which], payload)
    assert not wrong, wrong
    return payload


def _named(world: World, repository: JSON, *, owner: str | None = None) -> JSON:
    """The example's repository under the stand-in's name."""
    repository.pop("custom_properties", None)
    owner = owner or world.owner
    repository |= {
        "name": world.name,
        "full_name": f"{owner}/{world.name}",
        "default_branch": "main",
        "has_discussions": False,
        "disabled": False,
        "homepage": None,
    }
    repository["owner"]["login"] = owner
    if owner != world.owner:
        repository |= {"id": FORK_REPOSITORY_ID, "fork": True}
    return repository


PULL_REQUEST_ACTIONS = ["opened", "synchronize", "reopened", "ready_for_review", "edited"]


def pull_request(world: World, pull: Pull, action: str = "synchronize", *, changed: str = "title") -> JSON:
    """One of the five activities; `changed` is what an edit changed: `title` or `base`."""
    payload = _example("pull_request")
    body = payload["pull_request"]
    base, head = world.base(pull), world.head(pull)
    payload |= {"action": action, "number": pull.number}
    _named(world, payload["repository"])
    body |= {"number": pull.number, "title": pull.title, "draft": pull.draft, "state": pull.state}
    body["base"] |= {"ref": pull.base_branch, "sha": base, "repo": _named(world, body["base"]["repo"])}
    body["head"] |= {
        "ref": pull.head_branch,
        "sha": head,
        "repo": _named(world, body["head"]["repo"], owner=pull.owner),
    }
    body["head"]["user"]["login"] = pull.owner
    if action != "synchronize":
        del payload["before"], payload["after"]
    else:
        payload |= {"before": world.history.git("rev-parse", f"{head}^"), "after": head}
    if action == "edited":
        changes = {
            "title": {"title": {"from": "An older title"}},
            "base": {"base": {"ref": {"from": "develop"}, "sha": {"from": base}}},
        }
        payload["changes"] = changes[changed]
    return _valid("pull_request", payload, which=PULL_REQUEST_ACTIONS.index(action))


def merge_group(world: World, pull: Pull) -> JSON:
    """A queue's group of one: its branch is written to the stand-in's git."""
    payload = _example("merge_group")
    base = world.base(pull)
    branch = f"refs/heads/gh-readonly-queue/{pull.base_branch}/pr-{pull.number}-{base}"
    head = world.history.merge(branch, base, world.head(pull))
    payload["merge_group"] |= {
        "head_sha": head,
        "head_ref": branch,
        "base_sha": base,
        "base_ref": f"refs/heads/{pull.base_branch}",
    }
    payload["merge_group"]["head_commit"]["id"] = head
    _named(world, payload["repository"])
    return _valid("merge_group", payload)


def push(world: World, branch: str, *, before: str, after: str) -> JSON:
    payload = _example("push") | {"ref": f"refs/heads/{branch}", "before": before, "after": after}
    _named(world, payload["repository"])
    return _valid("push", payload)


def workflow_dispatch(world: World, branch: str) -> JSON:
    payload = _example("workflow_dispatch") | {"ref": f"refs/heads/{branch}"}
    _named(world, payload["repository"])
    return _valid("workflow_dispatch", payload)


def workflow_run(world: World, pull: Pull, *, run_id: int, conclusion: str = "success") -> JSON:
    """The end of another workflow's run on a pull request; a fork's run names no pull request."""
    payload = _example("workflow_run")
    run = payload["workflow_run"]
    run |= {
        "id": run_id,
        "run_attempt": 1,
        "event": "pull_request",
        "conclusion": conclusion,
        "head_branch": pull.head_branch,
        "head_sha": world.head(pull),
        "pull_requests": [],
    }
    run["head_repository"]["owner"]["login"] = pull.owner
    run["head_repository"]["full_name"] = f"{pull.owner}/{world.repository.partition('/')[2]}"
    run["head_repository"]["id"] = payload["repository"]["id"]
    if pull.owner != world.owner:
        run["head_repository"]["id"] = FORK_REPOSITORY_ID
    _named(world, payload["repository"])
    return _valid("workflow_run", payload)
