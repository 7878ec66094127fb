"""`doctor`: whether GitHub enforces the lock, from what it answers and from what the branch holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.errors import Exit, FilesWrong, Refusal, WrongUsage, most_severe
from remyx_action.github.check_run import check_name
from remyx_action.github.client import Client
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent
from remyx_action.github.protection import read_protection
from remyx_action.github.settings import Runner
from remyx_action.github.trouble import Trouble
from remyx_action.github.workflow_files import FOLDER as WORKFLOWS
from remyx_action.github.workflow_files import notes_of_workflows
from remyx_action.policy.branch_rules import Protection, RequiredWorkflow
from remyx_action.policy.enforcement import LockedBar, Question, examine, out_of_reach
from remyx_action.policy.lock_state import (
    NEEDED,
    Item,
    MissingProtection,
    UnknownProtection,
    Verified,
    state_of,
)
from remyx_action.policy.ownership import RecordedOwners
from remyx_action.project.codeowners import CAP_BYTES, LOCATIONS, Codeowners, read_codeowners
from remyx_action.project.lock import digest_of_harness
from remyx_action.project.models import Template
from remyx_action.project.path_patterns import Pattern, WrongPatternError
from remyx_action.project.protected import covered_by, harness_globs, protected_paths
from remyx_action.report.render.doctor import Examined, examined_as_json, examined_as_text
from remyx_action.sources.git import Repository, find_repository, harness_at

from .run.judged_under import lock_item
from .run.project import Project, load_project
from .run.request import World

DoctorFormat = Literal["text", "json"]


class Branch(Struct, frozen=True, kw_only=True):
    """The branch that is asked about, in a clone."""

    root: Path
    """The project's."""
    repository: str
    """`owner/name` on GitHub."""
    name: str
    base: str
    """Its tip, as the clone or the event knows it."""
    head: str | None = None
    """The pull request's, whose CODEOWNERS would come next."""


class Answer(Struct, frozen=True, kw_only=True):
    """What `doctor` prints, and its exit code."""

    output: str
    """Ends with a newline."""
    exit: Exit
    """FILES_WRONG (3) where an item is missing, NOT_JUDGED (4) where one that a lock needs is unknown."""


def doctor(
    client: Client,
    branch: Branch,
    *,
    app_id: int | None = None,
    format: DoctorFormat = "text",
    width: int = 80,
    colour: bool = False,
) -> Answer:
    """Ask GitHub, and answer for each item whether it is verified, missing or unknown.

    `app_id`: the App whose token posts our check, where it is not GitHub Actions. NotJudged where nothing can
    be asked.
    """
    protection = read_protection(client, branch.name, posting_app=app_id)
    question = _question(branch, None, protection)
    items = examine(question, protection)
    examined = Examined(
        repository=branch.repository,
        branch=branch.name,
        tip=protection.tip,
        items=tuple(items),
        lock=state_of(items),
        level_3=out_of_reach(question, protection),
        notes=notes_of_workflows(_workflow_files(branch, protection.tip), question.checks),
        unread=protection.unread,
    )
    output = (
        examined_as_json(examined)
        if format == "json"
        else examined_as_text(examined, width=width, colour=colour)
    )
    return Answer(output=output, exit=exit_of(items))


def exit_of(items: Sequence[Item]) -> Exit:
    """Return 3 where something is missing, 4 where something that a lock needs is unknown, else 0."""
    exits = {MissingProtection: Exit.FILES_WRONG, UnknownProtection: Exit.NOT_JUDGED, Verified: Exit.SHIP}
    return most_severe(
        exits[type(item)] for item in items if isinstance(item, MissingProtection) or item.id in NEEDED
    )


def enforcement(client: Client, branch: Branch, template: Template) -> Sequence[Item]:
    """Return the items about one template's lock; none where GitHub or the branch cannot answer."""
    try:
        protection = read_protection(client, branch.name)
        return examine(_question(branch, template.name, protection), protection)
    except (Refusal, FilesWrong):
        return ()


def branch_of_clone(root: Path, *, repository: str | None, branch: str | None) -> Branch:
    """Return `origin` on GitHub and its default branch, unless somebody names others."""
    clone = find_repository(root)
    if clone is None:
        raise WrongUsage(f"{root} lies in no git repository", help="run it in a clone of the repository")
    name = repository or _name_of(clone.origin())
    if name is None:
        raise WrongUsage(
            "this clone does not say which repository on GitHub it is of",
            help="name it: --repository OWNER/NAME",
        )
    short = branch or clone.target_branch()
    known = clone.look_up(f"refs/remotes/origin/{short}") or clone.commit(short)
    return Branch(root=root, repository=name, name=short, base=known)


def branch_of_event(root: Path, event: PullRequestEvent | MergeGroupEvent, repository: str) -> Branch:
    """Return the base branch of a pull request or merge group."""
    head = event.head_commit if isinstance(event, PullRequestEvent) else None
    return Branch(root=root, repository=repository, name=event.base_branch, base=event.base_commit, head=head)


def knowing_enforcement(world: World, client: Client | None, branch: Branch, runner: Runner) -> World:
    """Return the world, able to ask GitHub whether lock and verdict are enforced; nothing without a token."""
    if client is None:
        return world

    def ask(template: Template, base: str) -> Sequence[Item]:
        return enforcement(client, replace(branch, base=base), template)

    def reach(template: Template, base: str) -> Sequence[str]:
        return _out_of_reach(client, replace(branch, base=base), template, runner)

    return replace(world, enforcement=ask, out_of_reach=reach)


def _out_of_reach(client: Client, branch: Branch, template: Template, runner: Runner) -> Sequence[str]:
    """Return how the workflow that runs is out of a pull request's reach; empty where that is not known."""
    try:
        running = _running_workflow(client, runner)
        protection = read_protection(client, branch.name)
        question = _question(branch, template.name, protection)
    except (Refusal, FilesWrong, Trouble, KeyError, TypeError, ValueError):
        return ()
    return out_of_reach(question, protection, running=running) if running else ()


def _running_workflow(client: Client, runner: Runner) -> RequiredWorkflow | None:
    """Return the file of the workflow that this job is of; None where the runner does not say."""
    owner, _, rest = (runner.workflow or "").partition("/")
    name, _, path = rest.partition("/")
    if not path:
        return None
    if f"{owner}/{name}".lower() == runner.repository.lower():
        number = runner.repository_id
    else:
        number = int(client.get_anywhere(f"/repos/{quote(owner)}/{quote(name)}", dict)["id"])
    return RequiredWorkflow(path=path, repository_id=number) if number else None


def _workflow_files(branch: Branch, tip: str | None) -> Mapping[str, bytes]:
    """Return the workflow files at the branch's tip, by path below the repository's root."""
    clone = find_repository(branch.root)
    commit = clone.look_up(tip) if clone and tip else None
    if clone is None or commit is None:
        return {}
    whole = replace(clone, root=clone.top(), prefix="")
    paths = [
        entry.path for entry in whole.entries(commit, WORKFLOWS) if entry.path.endswith((".yml", ".yaml"))
    ]
    texts = {path: whole.read_file(commit, path) for path in paths}
    return {path: text for path, text in texts.items() if text is not None}


def _question(branch: Branch, template: str | None, protection: Protection) -> Question:
    """Return what is held against GitHub's answer, about one template or about all.

    The files are those of the branch's tip as GitHub holds it; where the clone is behind they say nothing.
    """
    clone = find_repository(branch.root)
    assert clone is not None  # the branch was found in it
    commit = clone.look_up(protection.tip) if protection.tip else None
    project = load_project(branch.root, base=commit or branch.base)
    templates = [one for name, one in project.bundle.templates.items() if template in {None, name}]
    policies = [name for name, one in project.bundle.policies.items() if template in {None, one.template}]
    files = [entry.path for entry in clone.all_entries(commit or branch.base)]
    protected = protected_patterns(templates, clone.prefix, files)
    bar = None
    if commit is not None:
        bar = LockedBar(
            protected=protected,
            owners=owners_at(clone, commit),
            recorded=recorded_owners(project, templates),
            owners_after=(owners_at(clone, branch.head) or read_codeowners("")) if branch.head else None,
            lock_file=_locks(clone, project, templates, commit),
        )
    folder = clone.prefix.rstrip("/")
    checks = tuple(check_name(policy, branch.name, folder) for policy in policies)
    return Question(bar=bar, protected=protected, checks=checks)


def protected_patterns(
    templates: Sequence[Template], prefix: str, files: Sequence[str]
) -> Mapping[str, Pattern]:
    """Return every protected path once, as the file or folder that the repository holds there.

    WrongUsage where one cannot be written in CODEOWNERS.
    """
    try:
        paths = [path for one in templates for path in protected_paths(one, root=prefix)]
    except WrongPatternError as error:
        raise WrongUsage(
            str(error), help="rename it, or name its folder in the template's `harness`"
        ) from error
    return {path: covered_by(path, files) for path in paths}


def recorded_owners(project: Project, templates: Sequence[Template]) -> tuple[RecordedOwners, ...]:
    """Return whom the lock of each template records as the owners of each path."""
    locks = [project.bundle.locks[one.name] for one in templates if one.name in project.bundle.locks]
    return tuple(RecordedOwners(template=lock.template, owners=lock.protected) for lock in locks)


def owners_at(repository: Repository, commit: str) -> Codeowners | None:
    """Return the CODEOWNERS that GitHub reads in a commit; None where it holds none."""
    whole = replace(repository, root=repository.top(), prefix="")
    for location in LOCATIONS:
        content = whole.read_file(commit, location, cap_bytes=CAP_BYTES)
        if content is not None:
            return read_codeowners(content)
    return None


def _locks(clone: Repository, project: Project, templates: Sequence[Template], commit: str) -> Item:
    """Return the first lock file that does not hold the branch's files, else that all do."""
    items = []
    for template in templates:
        files, _ = harness_at(clone, commit, harness_globs(template))
        items.append(lock_item(project, template, digest_of_harness(files)))
    wrong = [item for item in items if not isinstance(item, Verified)]
    if wrong or not items:
        nothing = MissingProtection(
            id="lock-file", what="there is no template to lock", fix="remyx-action init"
        )
        return wrong[0] if wrong else nothing
    names = ", ".join(template.name for template in templates)
    return Verified(id="lock-file", what=f"the lock of {names} holds what the branch holds")


def _name_of(address: str | None) -> str | None:
    """Return `owner/name` of a remote's address, https or ssh."""
    found = re.search(r"[:/]([A-Za-z0-9-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?$", address or "")
    return found[1] if found else None
