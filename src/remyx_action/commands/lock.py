"""`lock`: what is reviewed together at HEAD → its digests, the owners of every protected path, a ruleset."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from remyx_action.errors import FilesWrong, Problem, WrongUsage
from remyx_action.github.check import check_name
from remyx_action.project.codeowners import (
    CAP_BYTES,
    LOCATIONS,
    WrongPatternError,
    is_owner,
    pattern_of,
    read_codeowners,
    with_block,
)
from remyx_action.project.files.wording import did_you_mean
from remyx_action.project.lock import digest_of_harness, drift, lock_as_json, lock_of
from remyx_action.project.models import Lock, Template
from remyx_action.project.protected import harness_globs, protected_paths
from remyx_action.report.render.ruleset import ruleset_as_json
from remyx_action.sources.disk import read_below, write_whole
from remyx_action.sources.git import Repository, find_repository, harness_at

from .run.project import Project, load_project

WRITTEN_BY_US = (".remyx/locks/", *LOCATIONS)
"""What `lock` itself leaves uncommitted."""


class Locked(Struct, frozen=True, kw_only=True):
    said: str
    """For people: what was written and what comes next; ends with a newline."""
    ruleset: str
    """For GitHub: an importable repository ruleset."""


class Held(Struct, frozen=True, kw_only=True):
    said: str
    """One line a template; ends with a newline."""
    holds: bool


def lock(root: Path, *, template: str | None, owners: Sequence[str]) -> Locked:
    """Write the lock of each template and the lines of CODEOWNERS that protect it.

    FilesWrong where something protected is wrong or not committed; WrongUsage where nobody owns it.
    """
    repository, project = _committed(root)
    locks = {
        name: _lock_at_head(repository, project, one) for name, one in _chosen(project, template).items()
    }
    location, text = _codeowners(repository)
    owning = _owners(owners, text, repository.prefix)
    every = [path for one in project.bundle.templates.values() for path in _protected(one, repository.prefix)]
    block = with_block(text, dict.fromkeys(every), owning, root=repository.prefix)
    write_whole(repository.top() / location, block)
    written = [location]
    for name, made in locks.items():
        write_whole(root / f".remyx/locks/{name}.json", lock_as_json(made))
        written.append(f"{repository.prefix}.remyx/locks/{name}.json")
    branch = _default_branch(repository)
    folder = repository.prefix.rstrip("/")
    names = [
        check_name(name, branch, folder)
        for name, one in project.bundle.policies.items()
        if one.template in locks
    ]
    return Locked(said=_told(written, locks, owning), ruleset=ruleset_as_json(names))


def check_locks(root: Path, *, template: str | None) -> Held:
    """Whether each lock holds what HEAD holds."""
    repository, project = _committed(root)
    lines, holds = [], True
    held_now = load_project(root).bundle.locks  # of the working tree: just written, or checked out
    for name, one in _chosen(project, template).items():
        held, now = held_now.get(name), _lock_at_head(repository, project, one)
        drifted = drift(held, now) if held else []
        holds = holds and held is not None and not drifted
        if held is None:
            lines.append(f"{name}: there is no lock: write it with `remyx-action lock`")
        elif drifted:
            lines.append(
                f"{name}: drifted: {', '.join(drifted)}: review the change and run `remyx-action lock`"
            )
        else:
            lines.append(f"{name}: holds")
    return Held(said="\n".join(lines) + "\n", holds=holds)


def _committed(root: Path) -> tuple[Repository, Project]:
    """The project at HEAD; FilesWrong where something that a lock is about is not committed."""
    repository = find_repository(root)
    if repository is None:
        raise WrongUsage(
            f"{root} lies in no git repository",
            help="a lock is about committed files: run `git init` and commit",
        )
    head = repository.commit("HEAD")
    project = load_project(root, base=head)
    patterns = [
        pattern_of(path)
        for one in project.bundle.templates.values()
        for path in _protected(one, repository.prefix)
    ]
    ours = tuple(f"{repository.prefix}{place}" for place in WRITTEN_BY_US[:1]) + LOCATIONS
    changed = [
        path
        for path in repository.uncommitted_paths()
        if not path.startswith(ours) and any(pattern.matches(path) for pattern in patterns)
    ]
    if changed:
        help_ = "commit it (and have it reviewed), then lock"
        raise FilesWrong(
            tuple(
                _problem(path, "uncommitted", "is protected and differs from HEAD", help_) for path in changed
            ),
            {},
        )
    return repository, project


def _chosen(project: Project, name: str | None) -> Mapping[str, Template]:
    templates = project.bundle.templates
    if name is None:
        return templates
    if name not in templates:
        advice = did_you_mean(name, templates, none="write .remyx/templates/NAME.yaml first")
        raise WrongUsage(f"there is no template {name}", help=advice)
    return {name: templates[name]}


def _lock_at_head(repository: Repository, project: Project, template: Template) -> Lock:
    commit = project.source
    files, others = harness_at(repository, commit, harness_globs(template))
    problems = [
        _problem(
            entry.path,
            "not-a-file",
            "is part of the harness and no regular file",
            "commit a regular file here",
        )
        for entry in others
    ]
    if not files and harness_globs(template):
        path = f".remyx/templates/{template.name}.yaml"
        problems.append(
            _problem(path, "no-harness", "names a harness that HEAD does not hold", "commit the harness")
        )
    problems += _twins(repository, commit, _protected(template, repository.prefix))
    if problems:
        raise FilesWrong(tuple(sorted(problems)), project.texts)
    return lock_of(
        project.vocabulary,
        template,
        project.bundle.policies,
        digest_of_harness(files),
        protected=_protected(template, repository.prefix),
    )


def _twins(repository: Repository, commit: str, protected: Iterable[str]) -> Iterator[Problem]:
    """Protected files that some file systems, or people, cannot tell from another one."""
    patterns = [pattern_of(path) for path in protected]
    seen: dict[str, str] = {}
    for entry in repository.all_entries(commit):
        first = seen.setdefault(unicodedata.normalize("NFKC", entry.path).casefold(), entry.path)
        if first != entry.path and any(one.matches(path) for one in patterns for path in (first, entry.path)):
            yield _problem(
                entry.path,
                "twin-file",
                f"looks like {first}, which is protected",
                "rename or remove one of the two",
            )


def _protected(template: Template, prefix: str) -> tuple[str, ...]:
    try:
        return protected_paths(template, root=prefix)
    except WrongPatternError as error:
        raise WrongUsage(
            str(error), help="rename it, or name its folder in the template's `harness`"
        ) from error


def _codeowners(repository: Repository) -> tuple[str, str]:
    """Where GitHub reads it, and its text; where there is none, where it is best written."""
    for location in LOCATIONS:
        content = read_below(repository.top(), location, cap_bytes=CAP_BYTES)
        if content is not None:
            return location, content.decode("utf-8", "replace")
    return LOCATIONS[0], ""


def _owners(given: Sequence[str], text: str, prefix: str) -> Sequence[str]:
    owners = [word for words in given for word in words.replace(",", " ").split()]
    wrong = [word for word in owners if not is_owner(word)]
    if wrong:
        raise WrongUsage(f"{wrong[0]!r} is no owner", help="write @user, @org/team or an address")
    if not owners:
        owners = list(read_codeowners(text).owners_of(f"{prefix}.remyx/policies/default.yaml"))
    if not owners:
        raise WrongUsage(
            f"nobody owns /{prefix}.remyx/policies/ yet",
            help="say whose review a change of the bar needs: --owners @org/team",
        )
    return owners


def _default_branch(repository: Repository) -> str:
    try:
        return repository.default_branch().removeprefix("origin/")
    except WrongUsage:  # a repository that was never pushed, on a branch of another name
        return "main"


def _told(written: Sequence[str], locks: Mapping[str, Lock], owners: Sequence[str]) -> str:
    count = len(next(iter(locks.values())).protected) if locks else 0
    lines = [f"wrote {path}" for path in written]
    lines += [
        f"{count} protected paths, owned by {' '.join(owners)}",
        "next: commit these files; import the ruleset printed here (`remyx-action lock > ruleset.json`)",
        "      on GitHub under Settings, Rules, Rulesets; then ask `remyx-action doctor`",
    ]
    return "\n".join(lines) + "\n"


def _problem(path: str, code: str, message: str, help: str) -> Problem:
    return Problem(path=path, line=1, column=1, pointer="", code=code, message=message, help=help)
