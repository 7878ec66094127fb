"""What a verdict was judged under: sources, commits, digests, isolation, lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from remyx_action.errors import NotJudged
from remyx_action.policy.isolation import Isolation, isolation_of
from remyx_action.policy.lock_state import Item, LockState, MissingProtection, Verified, state_of
from remyx_action.project.lock import HarnessFile, digest_of, digest_of_harness, drift, lock_of
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
    facts = [one.facts for one in resolved.chosen] if resolved else [None]
    does = [_UNKNOWN if one is None else one.does for one in facts]
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
