"""`lock`: what HEAD holds → its digests, the owners of every protected path, and a ruleset to import."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from os.path import lexists
from pathlib import Path

from msgspec import Struct

from remyx_action.errors import Exit, FilesWrong, Problem, Severity, WrongUsage
from remyx_action.github.check_run import check_name
from remyx_action.policy.lints.templates import missing_of
from remyx_action.policy.lock_state import Verified
from remyx_action.policy.ownership import ownership
from remyx_action.project.codeowners import (
    CAP_BYTES,
    LOCATIONS,
    BlockError,
    Codeowners,
    each_owner_once,
    is_owner,
    owners_in_block,
    read_codeowners,
    split_at_block,
    with_block,
)
from remyx_action.project.files.wording import did_you_mean
from remyx_action.project.lock import digest_of_harness, drift, lock_as_json, lock_of
from remyx_action.project.models import Lock, Template
from remyx_action.project.path_patterns import Pattern
from remyx_action.project.protected import harness_globs, not_lockable
from remyx_action.report.render.ruleset import ruleset_as_json
from remyx_action.sources.disk import read_below, write_whole
from remyx_action.sources.git import Repository, TreeEntry, find_repository, harness_at

from .doctor import protected_patterns, recorded_owners
from .output import Output
from .run.project import Project, load_project

NEXT = """next: commit these files; import the ruleset printed here (`remyx-action lock > ruleset.json`)
      on GitHub under Settings, Rules, Rulesets; then ask `remyx-action doctor`"""


class Locked(Struct, frozen=True, kw_only=True):
    """What `lock` prints."""

    log: str
    """For people: what was written and what comes next; ends with a newline."""
    ruleset: str
    """For GitHub: an importable repository ruleset."""


class Held(Struct, frozen=True, kw_only=True):
    """What `lock --check` found."""

    findings: Mapping[str, Sequence[str]]
    """By template, what does not hold any more; empty where all does."""

    @property
    def holds(self) -> bool:
        return not any(self.findings.values())

    @property
    def log(self) -> str:
        """One line a finding; ends with a newline."""
        lines = [f"{name}: {one}\n" for name, found in self.findings.items() for one in found or ["holds"]]
        return "".join(lines)

    def as_output(self) -> Output:
        """Return the end of the command; FILES_WRONG (3) where a lock does not hold."""
        return Output(
            formats={"text": lambda _: self.log, "json": lambda _: self._as_json()},
            exit=Exit.SHIP if self.holds else Exit.FILES_WRONG,
        )

    def _as_json(self) -> str:
        locks = [
            {"template": name, "holds": not found, "findings": list(found)}
            for name, found in self.findings.items()
        ]
        document = {"schema": "remyx-lock-check/1", "holds": self.holds, "locks": locks}
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


class LockCommit(Struct, frozen=True, kw_only=True):
    """The project as HEAD holds it, with nothing protected that differs in the working tree."""

    repository: Repository
    project: Project
    entries: tuple[TreeEntry, ...]
    """Every file of the repository."""
    protected: Mapping[str, Mapping[str, Pattern]]
    """By template, its protected paths."""

    def protected_by(self, templates: Iterable[str]) -> Mapping[str, Pattern]:
        """Return the protected paths of these templates, each once."""
        return {path: one for name in templates for path, one in self.protected[name].items()}


def lock(
    root: Path,
    *,
    template: str | None,
    owners: Sequence[str],
    branch: str | None = None,
    app_id: int | None = None,
    allow_own: bool = False,
) -> Locked:
    """Write the lock of each template and the lines of CODEOWNERS that protect it.

    `app_id`: the App whose token posts the check, where it is not GitHub Actions. `allow_own`: let
    administrators merge their own pull requests. FilesWrong where something protected is wrong or not
    committed, or CODEOWNERS cannot be rewritten without a loss; WrongUsage where nobody owns the bar.
    """
    commit = _committed(root)
    repository = commit.repository
    target = _target_branch(repository, branch)
    templates = _chosen(commit.project, template)
    location, old = _read_codeowners(repository)
    owning = _owners(owners, old, repository.prefix)
    new = _with_block(location, old, commit, templates, owning)
    codeowners = read_codeowners(new)
    locks = {name: _lock_at_head(commit, one, codeowners) for name, one in templates.items()}
    sharing = {} if template is None else _with_new_owners(root, locks)
    checks = _checks(commit, templates, target)
    write_whole(repository.top() / location, new)
    log = [
        f"wrote {location}",
        *_written(root, repository.prefix, locks),
        *_written(root, repository.prefix, sharing, what=": the owners of paths that it shares"),
        *_dropped_lines(old, new, repository.prefix),
        f"{len(commit.protected_by(templates))} protected paths, owned by {' '.join(owning)}",
        *_about_ruleset(checks, target, owning, app_id=app_id, allow_own=allow_own),
        NEXT,
    ]
    title = f"remyx-action {template}" if template else "remyx-action"
    ruleset = ruleset_as_json(checks, name=title, branch=target, app_id=app_id, allow_own=allow_own)
    return Locked(log="\n".join(log) + "\n", ruleset=ruleset)


def _checks(commit: LockCommit, templates: Iterable[str], branch: str) -> list[str]:
    """Return the names that the checks of these templates' policies bear on the branch."""
    folder, policies = commit.repository.prefix.rstrip("/"), commit.project.bundle.policies
    return [check_name(name, branch, folder) for name, one in policies.items() if one.template in templates]


def _written(root: Path, prefix: str, locks: Mapping[str, Lock], *, what: str = "") -> list[str]:
    """Write the locks, and tell each."""
    for name, made in locks.items():
        write_whole(root / f".remyx/locks/{name}.json", lock_as_json(made))
    return [f"wrote {prefix}.remyx/locks/{name}.json{what}" for name in locks]


def _target_branch(repository: Repository, name: str | None) -> str:
    """Return the branch that changes go into; WrongUsage where it does not exist."""
    target = name or repository.target_branch()
    if repository.look_up(f"refs/remotes/origin/{target}") is None and repository.look_up(target) is None:
        raise WrongUsage(f"there is no branch {target} here", help="name one that exists: --branch NAME")
    return target


def check_locks(root: Path, *, template: str | None) -> Held:
    """Return whether each lock holds what HEAD holds, and CODEOWNERS the owners that it records."""
    commit = _committed(root)
    templates = _chosen(commit.project, template)
    _, text = _read_codeowners(commit.repository)
    codeowners = read_codeowners(text)
    present = load_project(root)  # the working tree's locks: just written, or checked out
    findings = {}
    for name, one in templates.items():
        found = [*_drift(commit, one, present.bundle.locks.get(name), codeowners)]
        owned = ownership(
            "ownership", codeowners, commit.protected[name], recorded_owners(present, [one]), "here"
        )
        if not isinstance(owned, Verified):
            found.append(f"{owned.what}: {owned.fix}")
        findings[name] = found
    return Held(findings=findings)


def _drift(commit: LockCommit, template: Template, held: Lock | None, codeowners: Codeowners) -> list[str]:
    if held is None:
        return [f"there is no lock: write it with `remyx-action lock {template.name}`"]
    drifted = drift(held, _lock_at_head(commit, template, codeowners))
    advice = f"review the change and run `remyx-action lock {template.name}`"
    return [f"drifted: {', '.join(drifted)}: {advice}"] if drifted else []


def _committed(root: Path) -> LockCommit:
    """Return the project at HEAD; FilesWrong where something that a lock is about is not committed."""
    repository = find_repository(root)
    if repository is None:
        raise WrongUsage(
            f"{root} lies in no git repository",
            help="a lock is about committed files: run `git init` and commit",
        )
    head = repository.commit("HEAD")
    project = load_project(root, base=head)
    entries = repository.all_entries(head)
    files = [entry.path for entry in entries]
    protected = {
        name: protected_patterns([one], repository.prefix, files)
        for name, one in project.bundle.templates.items()
    }
    commit = LockCommit(repository=repository, project=project, entries=entries, protected=protected)
    patterns = commit.protected_by(protected).values()
    ours = (f"{repository.prefix}.remyx/locks/", *LOCATIONS)  # what `lock` itself leaves uncommitted
    problems = [
        _problem(
            path,
            "uncommitted",
            "is protected and differs from HEAD",
            "commit it (and have it reviewed), then lock",
        )
        for path in repository.uncommitted_paths()
        if not path.startswith(ours) and any(pattern.matches(path) for pattern in patterns)
    ]
    if problems:
        raise FilesWrong(tuple(problems), {})
    return commit


def _chosen(project: Project, name: str | None) -> Mapping[str, Template]:
    templates = project.bundle.templates
    if name is None:
        return templates
    if name not in templates:
        advice = did_you_mean(name, templates, none="write .remyx/templates/NAME.yaml first")
        raise WrongUsage(f"there is no template {name}", help=advice)
    return {name: templates[name]}


def _lock_at_head(commit: LockCommit, template: Template, codeowners: Codeowners) -> Lock:
    """Return the template's lock; FilesWrong where something protected is no file of its own."""
    protected = commit.protected[template.name]
    problems = list(not_lockable(protected.values(), ((one.path, one.mode) for one in commit.entries)))
    prefix = commit.repository.prefix
    below = [one.path.removeprefix(prefix) for one in commit.entries if one.path.startswith(prefix)]
    missing = missing_of(commit.project.bundle, template, below)
    problems += [problem for problem in missing if problem.severity is Severity.ERROR]
    files, _ = harness_at(commit.repository, commit.project.source, harness_globs(template))
    if not problems and not files and harness_globs(template):
        path = f".remyx/templates/{template.name}.yaml"
        problems.append(
            _problem(path, "no-harness", "names a harness that HEAD does not hold", "commit the harness")
        )
    if problems:
        raise FilesWrong(tuple(sorted(problems)), commit.project.texts)
    return lock_of(
        commit.project.vocabulary,
        template,
        commit.project.bundle.policies,
        digest_of_harness(files),
        protected={path: codeowners.all_owners(pattern) for path, pattern in protected.items()},
    )


def _read_codeowners(repository: Repository) -> tuple[str, str]:
    """Return where GitHub reads it, and its text; without one, where it is best written, and nothing."""
    for location in LOCATIONS:
        content = read_below(repository.top(), location, cap_bytes=CAP_BYTES)
        if content is None and lexists(repository.top() / location):
            message = f"is no regular file of at most {CAP_BYTES:,} bytes, and GitHub reads no other"
            problem = _problem(location, "unreadable", message, "make it one: nothing was changed")
            raise FilesWrong((problem,), {})
        if content is None:
            continue
        try:
            return location, content.decode()
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            help_ = "save it as UTF-8: rewriting it would lose what it holds"
            problem = _problem(location, "not-utf-8", "is not UTF-8", help_, line=line)
            raise FilesWrong((problem,), {location: content}) from error
    return LOCATIONS[0], ""


def _owners(given: Sequence[str], text: str, prefix: str) -> Sequence[str]:
    owners = each_owner_once(word for words in given for word in words.replace(",", " ").split())
    wrong = [word for word in owners if not is_owner(word)]
    if wrong:
        raise WrongUsage(f"{wrong[0]!r} is no owner", help="write @user, @org/team or an address")
    if not owners:
        owners = read_codeowners(text).owners_of(f"{prefix}.remyx/policies/default.yaml")
    if not owners:
        raise WrongUsage(
            f"nobody owns /{prefix}.remyx/policies/ yet",
            help="say whose review a change of the bar needs: --owners @org/team",
        )
    return owners


def _with_block(
    location: str, text: str, commit: LockCommit, chosen: Iterable[str], owners: Sequence[str]
) -> str:
    """Return CODEOWNERS with a line a protected path; those of other templates alone keep their owners."""
    prefix, given = commit.repository.prefix, commit.protected_by(chosen)
    try:
        written = owners_in_block(text, root=prefix)
        kept = {path: theirs for path, theirs in written.items() if path not in given}
        return with_block(text, commit.protected_by(commit.protected), owners, root=prefix, kept=kept)
    except BlockError as error:
        help_ = "put the line back, or delete the block's lines by hand: nothing was changed"
        problem = _problem(location, "broken-block", str(error), help_, line=error.line)
        raise FilesWrong((problem,), {location: text.encode()}) from error


def _with_new_owners(root: Path, made: Mapping[str, Lock]) -> Mapping[str, Lock]:
    """Return the locks of other templates that record other owners of a path that was locked now, corrected.

    FilesWrong where a lock in the working tree is wrong.
    """
    now = {path: owners for lock in made.values() for path, owners in lock.protected.items()}
    corrected = {}
    for name, lock in load_project(root).bundle.locks.items():
        owners = {path: now.get(path, theirs) for path, theirs in lock.protected.items()}
        if name not in made and owners != lock.protected:
            corrected[name] = lock.model_copy(update={"protected": owners})
    return corrected


def _dropped_lines(old: str, new: str, prefix: str) -> list[str]:
    """Name the lines of the old block whose paths the new one does not hold."""
    before, after = (split_at_block(text, root=prefix)[1].splitlines() for text in (old, new))
    kept = {line.split()[0] for line in after if line.split()}
    return [f"no longer protected: {line}" for line in before if line.split() and line.split()[0] not in kept]


def _about_ruleset(
    checks: Sequence[str], branch: str, owners: Sequence[str], *, app_id: int | None, allow_own: bool
) -> list[str]:
    """Tell what the ruleset takes for granted, and whom it locks out."""
    app = f"app {app_id}" if app_id else "GitHub Actions (app 15368 on github.com; another server: --app-id)"
    lines = [f"the ruleset is for the branch {branch}, and takes its checks from {app}"]
    if not checks:
        lines.append("no policy judges by this template, so the ruleset requires no check")
    alone = owners[0] if len(owners) == 1 and "/" not in owners[0] else None
    if allow_own:
        lines += [
            "administrators may bypass the ruleset on pull requests: they merge their own changes of the bar",
            "without a review, and no lock is proven",
        ]
    elif alone:
        lines += [
            f"{alone} alone owns the bar, and GitHub lets nobody approve their own pull request: once this",
            f"ruleset is active, {alone} can merge nothing. Name a second owner, or let administrators merge",
            "their own changes: --allow-own",
        ]
    return lines


def _problem(path: str, code: str, message: str, help: str, *, line: int = 1) -> Problem:
    return Problem(path=path, line=line, column=1, pointer="", code=code, message=message, help=help)
