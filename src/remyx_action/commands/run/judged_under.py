"""What a verdict was judged under: sources, commits, digests, isolation, lock; none may change meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from remyx_action.errors import NotJudged
from remyx_action.policy.isolation import Isolation, isolation_of
from remyx_action.policy.lock_state import Item, LockState, MissingProtection, Verified, state_of
from remyx_action.project.lock import (
    HarnessFile,
    digest_of,
    digest_of_harness,
    drift,
    lock_of,
)
from remyx_action.project.models import Policy, Template
from remyx_action.project.models.template import ScriptKind, contained
from remyx_action.report.report import JudgedUnder
from remyx_action.sources.disk import describe_script, read_harness
from remyx_action.sources.git import find_repository

from .project import Project

_UNKNOWN = "is code that the list of tasks does not know"


def judged_under(
    project: Project,
    template: Template,
    policy: Policy,
    *,
    lock: LockState,
    isolation: Isolation,
    reproduce: str,
    harness: str | None = None,
    commits: Mapping[str, str] | None = None,
) -> JudgedUnder:
    """Return the record; `harness` is the digest of what measured, where it is known.

    `commits`: those that are compared, else the one at HEAD is named.
    """
    digests = {
        "metrics": digest_of(project.vocabulary),
        "template": digest_of(template),
        "policy": digest_of(policy),
    }
    return JudgedUnder(
        source=project.source,
        digests=digests if harness is None else {**digests, "harness": harness},
        commits=dict(commits) if commits else commit_at_head(project),
        isolation=f"L{isolation.level}",
        isolation_note=isolation.note,
        lock=str(lock),
        reproduce=reproduce,
    )


def isolation_here(template: Template, root: Path, variant: str | None) -> Isolation:
    """Return how far apart a template keeps what it judges, with the harness that lies below `root`."""
    kind = describe_script(root, template.script).kind if template.script else ScriptKind.MISSING
    pinned = _is_pinned(template, root, variant)
    return isolation_of(
        template,
        pinned=pinned,
        contained=contained(template, kind) is not None,
        does=_what_scoring_does(template) if pinned else "",
    )


def _what_scoring_does(template: Template) -> str:
    """Besides comparing answers; what a task of the repository's own does is not known here."""
    from remyx_action.project.tasks import resolve, task_list  # brings the list along

    resolved, _ = resolve(template, task_list())
    metrics = [one.metric for one in resolved.chosen] if resolved else [None]
    does = [_UNKNOWN if one is None else one.does for one in metrics]
    return "; ".join(dict.fromkeys(filter(None, does)))


def _is_pinned(template: Template, root: Path, variant: str | None) -> bool:
    """Whether the variant is a hub's model at one commit; a folder of such a name is whatever lies there."""
    if template.model is None or variant is None:
        return False
    from remyx_action.runtimes.plan.lighteval import is_pinned, name_and_revision  # `judge` runs nothing

    if not is_pinned(variant):
        return False
    name, _ = name_and_revision(variant, backend=template.model.backend)
    return not (root / name).exists()


def harness_digest(template: Template, root: Path) -> str:
    """Return the digest of the template's harness as it lies below the harness root."""
    return digest_of_harness(_files_of_harness(template, root))


def harness_files(template: Template, root: Path) -> dict[str, str]:
    """Return the digest of each file of the template's harness, by its path below the harness root."""
    return {file.path: digest_of_harness([file]) for file in _files_of_harness(template, root)}


def _files_of_harness(template: Template, root: Path) -> list[HarnessFile]:
    from remyx_action.project.protected import harness_globs  # brings CODEOWNERS along

    return read_harness(root, harness_globs(template))


def lock_state(
    project: Project,
    template: Template,
    harness: str | None,
    *,
    enforcement: Callable[[], Sequence[Item]] = tuple,
) -> LockState:
    """Return what the template's lock is worth; `harness` is the digest of what measured, where it is known.

    `enforcement` asks GitHub; it is called where the lock file holds what it locks.
    """
    lock_file = lock_item(project, template, harness)
    if isinstance(lock_file, Verified):
        return state_of([lock_file, *(item for item in enforcement() if item.id != "lock-file")])
    return LockState(why=lock_file.what, stale=template.name in project.bundle.locks)


def lock_item(project: Project, template: Template, harness: str | None) -> Item:
    """Return whether the template has a lock file, and that holds what it locks."""
    held = project.bundle.locks.get(template.name)
    fix = f"review the change, run `remyx-action lock {template.name}` and commit what it writes"
    if held is None:
        return MissingProtection(
            id="lock-file", what=f"there is no .remyx/locks/{template.name}.json", fix=fix
        )
    digest = harness or held.digests.harness
    policies = project.bundle.policies
    now = lock_of(project.vocabulary, template, policies, digest, protected=held.protected)
    drifted = drift(held, now)
    if drifted:
        return MissingProtection(id="lock-file", what=f"{drifted[0]} drifted from the lock", fix=fix)
    return Verified(id="lock-file", what=f"the lock of {template.name} holds what the branch holds")


def commit_at_head(project: Project) -> dict[str, str]:
    """Return the commit at HEAD as `head`, or nothing where there is none."""
    try:
        repository = find_repository(project.root)
    except NotJudged:  # git refuses to look: a verdict does not fail for want of a commit's name
        return {}
    head = repository.head() if repository else None
    if repository is None or head is None:
        return {}
    return {"head": f"{head} with uncommitted changes" if repository.changed_paths() else head}


def why_no_commit(project: Project) -> tuple[str, ...]:
    """Return in words why git does not say which commit was measured; nothing where it does."""
    try:
        find_repository(project.root)
    except NotJudged as refused:
        return (f"the verdict names no commit: {refused.message}",)
    return ()


@contextmanager
def unchanged_harness(template: Template, roots: Sequence[Path]) -> Iterator[None]:
    """NotJudged after the block where the harness below one of the roots is not what it was before."""
    before = [harness_files(template, root) for root in roots]
    yield
    for root, files in zip(roots, before, strict=True):
        _refuse("the harness", files, harness_files(template, root))


@contextmanager
def unchanged_assets(root: Path, assets: Iterable[str], *, out: Path) -> Iterator[None]:
    """NotJudged after the block where a file at an asset below `root` is not what it was before.

    Sizes and times are compared, as models are large. Files that are added do not count, nor does `out`.
    """
    there = [asset for asset in set(assets) if asset and "\0" not in asset]
    before = {asset: _stamps(root, asset, out) for asset in there}
    yield
    for asset, stamps in before.items():
        _refuse(f"the asset {asset}", stamps, _stamps(root, asset, out))


def _stamps(root: Path, asset: str, out: Path) -> dict[str, str]:
    """By path below `root`, size and time of the files at an asset; empty where it names none."""
    path, apart = Path(root, asset), {out.resolve(), Path(root, ".git").resolve()}
    if not os.path.lexists(path):  # without an error where an asset, such as a prompt, is too long for a path
        return {}
    folders = os.walk(path) if path.is_dir() else [(str(path.parent), [], [path.name])]
    stamps = {}
    for folder, inside, names in folders:
        inside[:] = [name for name in inside if Path(folder, name).resolve() not in apart]
        for file in (Path(folder, name) for name in names):
            if file.is_file() and not file.is_symlink():
                found = file.stat()
                stamps[os.path.relpath(file, root)] = f"{found.st_size} {found.st_mtime_ns}"
    return stamps


def _refuse(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    changed = [path for path, stamp in before.items() if after.get(path) != stamp]
    if changed:
        raise NotJudged(
            f"{name} changed during the run: {changed[0]}",
            help="run it again, and leave the files that are measured, and those that measure, as they are",
        )
