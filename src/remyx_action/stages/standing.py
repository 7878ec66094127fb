"""What a verdict was judged under: sources, commits, digests, isolation, lock."""

from __future__ import annotations

from pathlib import Path

from remyx_action.checks.lock import digest_of, digest_of_harness
from remyx_action.checks.protected import harness_globs
from remyx_action.errors import NotJudged
from remyx_action.reports.report import JudgedUnder
from remyx_action.repository import find_repository
from remyx_action.specs import Policy, Template
from remyx_action.stages.project import Project
from remyx_action.workspace import read_harness

ISOLATION = {
    "L0": "results that were handed in: who made them, and how, is not known here",
    "L1": "the harness ran as the same user as everything else here; it could have read anything",
}


def judged_under(
    project: Project,
    template: Template,
    policy: Policy,
    *,
    harness: Path | None,
    isolation: str,
    reproduce: str,
) -> JudgedUnder:
    """The record; `harness` is the harness root where it is known, `isolation` a key of ISOLATION."""
    digests = {
        "metrics": digest_of(project.vocabulary),
        "template": digest_of(template),
        "policy": digest_of(policy),
    }
    if harness is not None:
        digests["harness"] = harness_digest(template, harness)
    return JudgedUnder(
        source=project.source,
        digests=digests,
        commits=_commits(project),
        isolation=isolation,
        isolation_note=ISOLATION[isolation],
        lock=lock_state(project, template, digests),
        reproduce=reproduce,
    )


def harness_digest(template: Template, root: Path) -> str:
    """Digest of the template's harness as it lies below the harness root."""
    return digest_of_harness(read_harness(root, harness_globs(template)))


def lock_state(project: Project, template: Template, digests: dict[str, str]) -> str:
    """`captured` where the lock's digests hold, else `unlocked: ` and the first reason."""
    lock = project.bundle.locks.get(template.name)
    if lock is None:
        return f"unlocked: there is no .remyx/locks/{template.name}.json"
    held = {"metrics": lock.digests.metrics, "template": lock.digests.template}
    for name, policy in project.bundle.policies.items():
        if policy.template == template.name and lock.digests.policies.get(name) != digest_of(policy):
            return f"unlocked: policy {name} is not the one that the lock holds"
    if "harness" in digests:
        held["harness"] = lock.digests.harness
    drifted = [name for name, digest in held.items() if digest != digests[name]]
    return f"unlocked: {drifted[0]} drifted from the lock" if drifted else "captured"


def _commits(project: Project) -> dict[str, str]:
    try:
        repository = find_repository(project.root)
    except NotJudged:  # git refuses to look: a verdict does not fail for want of a commit's name
        return {}
    head = repository.head() if repository else None
    if repository is None or head is None:
        return {}
    return {"head": f"{head} with uncommitted changes" if repository.changed_paths() else head}
