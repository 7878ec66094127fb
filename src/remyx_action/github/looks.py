"""The looks at a pull request that our checks on its commits were closed with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from .check import Named, read_checks
from .client import Client
from .marks import Order
from .pull_request import commits_of
from .trouble import NotRead

if TYPE_CHECKING:
    from remyx_action.policy.looks import Look


def looks_of_checks(client: Client, number: int, named: Named) -> list[Look] | NotRead:
    """Return every look at one policy, oldest run first: a request for the commits, and one for each of them.

    Of looks before a comment of ours was written, or after it was deleted. GitHub names 250 commits at most.
    """
    from remyx_action.policy.looks import Look

    commits = commits_of(client, number)
    if isinstance(commits, NotRead):
        return commits
    found: dict[str, Order] = {}
    for commit in dict.fromkeys([*commits, named.head]):
        checks = read_checks(client, replace(named, head=commit))
        if isinstance(checks, NotRead):
            return checks
        for seen in checks.ours:
            posted = seen.external_id
            if posted is not None and posted.look is not None:
                found[posted.look] = min(found.get(posted.look, posted.order), posted.order)
    return [Look(id=id_) for id_ in sorted(found, key=lambda id_: found[id_])]
