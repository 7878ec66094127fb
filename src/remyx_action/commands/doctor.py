"""`doctor`: is the lock enforced? What GitHub says of the branch, held against what the project protects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.errors import Exit, WrongUsage
from remyx_action.github.check import check_name
from remyx_action.github.client import Client
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent
from remyx_action.github.protection import read_protection
from remyx_action.policy.enforcement import Asked, Item, examine, lock_enforced
from remyx_action.project.codeowners import CAP_BYTES, LOCATIONS, Codeowners, read_codeowners
from remyx_action.project.models import Template
from remyx_action.project.protected import protected_paths
from remyx_action.report.render.doctor import items_as_json, items_as_text
from remyx_action.sources.git import Repository, find_repository

from .run.project import load_project
from .run.request import World

DoctorFormat = Literal["text", "json"]


class Place(Struct, frozen=True, kw_only=True):
    """What is asked about."""

    root: Path
    """The project's, in a clone."""
    repository: str
    """`owner/name` on GitHub."""
    branch: str
    base: str
    """The commit whose files count: the branch's tip."""
    head: str | None = None
    """The pull request's, whose CODEOWNERS would come next."""


class Examined(Struct, frozen=True, kw_only=True):
    output: str
    """What is printed, ends with a newline."""
    exit: Exit
    """FILES_WRONG (3) where something is missing; what is unknown is no failure."""


def doctor(
    client: Client, place: Place, *, format: DoctorFormat = "text", width: int = 80, colour: bool = False
) -> Examined:
    """Ask GitHub, and say per item whether it is verified, missing or unknown."""
    facts = read_protection(client, place.branch)
    project = load_project(place.root, base=place.base)
    repository = find_repository(place.root)
    folder = repository.prefix.rstrip("/") if repository else ""
    names = [check_name(policy, place.branch, folder) for policy in project.bundle.policies]
    items = examine(_asked(place, project.bundle.templates.values(), names), facts)
    if format == "json":
        output = items_as_json(items, repository=place.repository, branch=place.branch, unread=facts.unread)
    else:
        about = f"{place.repository}, branch {place.branch}"
        output = items_as_text(items, about=about, unread=facts.unread, width=width, colour=colour)
    missing = any(item.state == "missing" for item in items)
    return Examined(output=output, exit=Exit.FILES_WRONG if missing else Exit.SHIP)


def is_enforced(client: Client, place: Place, template: Template) -> bool:
    """Whether the branch demands an owner's review of everything that the template's lock protects."""
    items: list[Item] = examine(_asked(place, [template], ()), read_protection(client, place.branch))
    return lock_enforced(items)


def local_place(root: Path, *, repository: str | None, branch: str | None) -> Place:
    """From a clone: `origin` on GitHub and its default branch, unless somebody names others."""
    clone = find_repository(root)
    if clone is None:
        raise WrongUsage(f"{root} lies in no git repository", help="run it in a clone of the repository")
    name = repository or _name_of(clone.origin())
    if name is None:
        raise WrongUsage(
            "this clone does not say which repository on GitHub it is of",
            help="name it: --repository OWNER/NAME",
        )
    tracked = branch or clone.default_branch()
    short = tracked.removeprefix("origin/")
    known = clone.look_up(f"refs/remotes/origin/{short}") or clone.commit(tracked)
    return Place(root=root, repository=name, branch=short, base=known)


def place_of(root: Path, event: PullRequestEvent | MergeGroupEvent, repository: str) -> Place:
    """The base branch of a pull request or merge group, with what a pull request would make of its owners."""
    head = event.head_commit if isinstance(event, PullRequestEvent) else None
    return Place(
        root=root, repository=repository, branch=event.base_branch, base=event.base_commit, head=head
    )


def knowing_enforcement(world: World, client: Client | None, place: Place) -> World:
    """Return the world, able to ask GitHub whether a lock is enforced; without a token nothing is known."""
    if client is None:
        return world

    def ask(template: Template, base: str) -> bool:
        return is_enforced(client, replace(place, base=base), template)

    return replace(world, is_enforced=ask)


def _asked(place: Place, templates: Iterable[Template], checks: Iterable[str]) -> Asked:
    repository = find_repository(place.root)
    assert repository is not None  # the place was found in it
    every = [path for one in templates for path in protected_paths(one, root=repository.prefix)]
    return Asked(
        protected=tuple(dict.fromkeys(every)),
        checks=tuple(checks),
        owners=_owners(repository, place.base),
        owners_after=_owners(repository, place.head) if place.head else None,
    )


def _owners(repository: Repository, commit: str) -> Codeowners | None:
    whole = replace(repository, root=repository.top(), prefix="")
    for location in LOCATIONS:
        content = whole.read_file(commit, location, cap_bytes=CAP_BYTES)
        if content is not None:
            return read_codeowners(content)
    return None


def _name_of(address: str | None) -> str | None:
    """`owner/name` of a remote's address, https or ssh."""
    found = re.search(r"[:/]([A-Za-z0-9-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?$", address or "")
    return found[1] if found else None
