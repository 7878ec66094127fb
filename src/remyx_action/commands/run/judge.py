"""judge → report of one policy, on arms that were measured: with what a pull request does to the bar."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from hashlib import sha256
from shlex import join
from typing import TYPE_CHECKING

from msgspec.structs import replace

from remyx_action.github.trouble import NotRead
from remyx_action.policy.bar import Bar, make_bar
from remyx_action.policy.isolation import HANDED_IN, Isolation, enforced
from remyx_action.policy.judgement import QUICK_LOOK, is_enough
from remyx_action.policy.lock_state import LockState
from remyx_action.project.files.layout import FOLDER, matcher
from remyx_action.project.lock import digest_of_measuring
from remyx_action.project.models import Policy, Template
from remyx_action.report.report import BarChange, ProposalReport, Report
from remyx_action.report.verdict import Arms, EarlierLooks, preview, reach_verdict
from remyx_action.sources.git import Sources, find_repository

from .context import Context
from .experiments import experiment_report
from .judged_under import (
    harness_digest,
    isolation_here,
    judged_under,
    lock_state,
)
from .request import KnownLooks, Request, World

if TYPE_CHECKING:
    from remyx_action.policy.diff import Change

WORKFLOW_CHANGED = "workflow_changed"
"""The cap where a pull request edits what starts its own evaluation."""
LOCK_STALE, NOT_LOCKED, ISOLATION = "lock_stale", "not_locked", "isolation"
"""The caps where the base branch's lock holds something else, where there is too little of one, and where
the numbers come from a lower isolation level than the policy trusts."""
MOST_FILES = 100
LOOKS_UNKNOWN = "looks_unknown"
"""The cap where every look raises the floors, and earlier ones could not be read."""
NOT_MEASURED = "not_measured"
"""The cap where the pull request changes more that decides what ships than was measured."""


def judge_arms(
    context: Context,
    template: Template,
    policy: Policy,
    arms: Arms,
    *,
    request: Request,
    sources: Sources,
    world: World,
) -> Report:
    """Return the verdict under the context's rules, and the one under the proposed rules."""
    harness = harness_digest(template, context.harness)
    isolation = isolation_of_arms(context, template, policy, request, world)
    lock = _lock_state(context, template, policy, harness, world)
    bar = make_bar(policy, template, context.project.vocabulary)
    known = world.looks(policy, name_measured(context, template, request))
    return reach_verdict(
        bar,
        arms,
        judged_under=judged_under(
            context.project,
            template,
            policy,
            lock=lock,
            isolation=isolation,
            reproduce=command(request, context, template, policy, sources),
            harness=harness,
            commits=context.commits(sources) or context.head,
        ),
        run=world.now(),
        caps=caps_of(context, template, bar, arms, lock=lock, isolation=isolation, looks=known),
        proposal=proposal_of(context, template, policy, arms, world),
        experiment=None if context.proposal else experiment_report(context.experiments, template),
        earlier_looks=_earlier_looks(known, context, template, harness, request),
    )


def _lock_state(
    context: Context, template: Template, policy: Policy, harness: str, world: World
) -> LockState:
    """Return the state of the template's lock; GitHub is asked only where the policy wants to know."""
    asks = policy.require_lock == "locked" and context.proposal is not None
    return lock_state(
        context.project,
        template,
        harness,
        enforcement=lambda: world.enforcement(template, context.project.source) if asks else (),
    )


def _earlier_looks(
    known: KnownLooks, context: Context, template: Template, harness: str, request: Request
) -> EarlierLooks | None:
    """Return what this look is numbered by; None where looks are not counted, or could not be read."""
    if known is None or isinstance(known, NotRead):
        return None
    return EarlierLooks(content=content_measured(context, template, harness, request), known=known)


def isolation_of_arms(
    context: Context, template: Template, policy: Policy, request: Request, world: World
) -> Isolation:
    """Return how far apart from what they judge the arms were measured.

    GitHub is asked whether the verdict is out of reach, too, where the policy trusts nothing less.
    """
    if request.measured is not None and context.proposal is None:
        return HANDED_IN
    isolation = isolation_here(template, context.harness, context.variant_of(template))
    if policy.trust.min_level < 3 or isolation.level < 2 or context.proposal is None:
        return isolation
    return enforced(isolation, world.out_of_reach(template, context.project.source))


def caps_of(
    context: Context,
    template: Template,
    bar: Bar,
    arms: Arms,
    *,
    lock: LockState,
    isolation: Isolation,
    looks: KnownLooks,
) -> Sequence[str]:
    """Return why a ship is out of reach whatever the numbers say, in order.

    Off GitHub only a quick look caps: a part of the samples ships only where the policy says that it may.
    """
    quick_look = arms.samples is not None and not is_enough(bar.rules.ship, arms.samples)
    caps = {QUICK_LOOK: quick_look}
    if context.proposal is not None:
        policy, change = bar.policy, context.file_change(template)
        caps = {
            WORKFLOW_CHANGED: bool(context.proposal.workflow_paths()),
            LOCK_STALE: lock.stale and policy.require_lock != "off",
            NOT_LOCKED: not lock.satisfies(policy.require_lock),
            ISOLATION: isolation.level < policy.trust.min_level,
            NOT_MEASURED: context.proposal.must_be_measured(template, change),
            LOOKS_UNKNOWN: isinstance(looks, NotRead) and policy.looks == "corrected",
            **caps,
        }
    return [cap for cap, holds in caps.items() if holds]


def proposal_of(
    context: Context, template: Template, policy: Policy, arms: Arms, world: World
) -> ProposalReport | None:
    """Return what the pull request proposes; None off GitHub."""
    proposal, proposed = context.proposal, context.proposed
    if proposal is None or proposed is None:
        return None
    about = [
        change for change in context.bar_changes if policy.name in change.policies or not change.policies
    ]
    verdict, reason = _previewed(context, policy, arms) if about else (None, None)
    protected = proposal.protected_paths(template)
    return ProposalReport(
        experiment=experiment_report(context.experiments, template),
        protected=list(protected),
        workflow=list(proposal.workflow_paths()),
        others=len(proposal.paths) - len(protected),
        not_measured=list(proposal.not_measured(template, context.file_change(template)))[:MOST_FILES],
        moved=list(proposal.moved(template))[:MOST_FILES],
        changes=_bar_changes(context, policy, about, world),
        verdict=verdict,  # type: ignore[arg-type]
        reason=reason,
    )


def _bar_changes(context: Context, policy: Policy, about: Sequence[Change], world: World) -> list[BarChange]:
    """Return the changes of the bar; the first has the proposed bar's judgements of recorded verdicts."""
    so_far = sentence_of_record(context, policy, world) if about else None
    return [
        BarChange(effect=change.effect.value, path=change.path, sentence=change.sentence)
        for change in with_sentence(about, so_far)
    ]


def sentence_of_record(context: Context, policy: Policy, world: World) -> str | None:
    """Return the proposed bar's judgements of the recorded verdicts; None where either is not there."""
    bar = _proposed_bar(context, policy)
    if bar is None:
        return None
    from remyx_action.commands.past_verdicts import sentence_of
    from remyx_action.commands.record import newest_of_branch

    recorded = newest_of_branch(context.project.root) if world.recorded is None else world.recorded
    return sentence_of(bar, recorded)


def with_sentence(changes: Sequence[Change], so_far: str | None) -> Sequence[Change]:
    """Return changes of the bar, the first followed by the sentence."""
    if so_far is None or not changes:
        return changes
    return [replace(changes[0], sentence=f"{changes[0].sentence}; {so_far}"), *changes[1:]]


def _proposed_bar(context: Context, policy: Policy) -> Bar | None:
    """Return the policy's bar by the head's files, or None where they have none."""
    assert context.proposed is not None
    after = context.proposed.policies.get(policy.name)
    template = context.proposed.templates.get(after.template) if after else None
    if after is None or template is None or context.proposed.metrics is None:
        return None
    return make_bar(after, template, context.proposed.metrics)


def _previewed(context: Context, policy: Policy, arms: Arms) -> tuple[str | None, str]:
    """Return verdict and reason under the head's files, on the numbers measured under the base's."""
    bar = _proposed_bar(context, policy)
    if bar is None:
        return None, "policy_removed"
    judgement = preview(bar, arms)
    return judgement.verdict, judgement.reason


def command(request: Request, context: Context, template: Template, policy: Policy, sources: Sources) -> str:
    """Return the command line that runs the same thing on a laptop."""
    proposal = context.proposal
    flags = {
        "--policy": policy.name,
        "--experiment": request.experiment,
        "--variant": context.variant_of(template) if proposal else request.variant,
        "--baseline": request.baseline,
        "--base": proposal.base if proposal else request.base,
        "--head": sources.commits.get("head", request.head),
        "--samples": None if request.shard.samples is None else str(request.shard.samples),
    }
    words = [word for flag, value in flags.items() if value is not None for word in (flag, value)]
    return join(["remyx-action", "run", *words])


def content_measured(context: Context, template: Template, harness: str, request: Request) -> str:
    """Return a digest of what measured, and of the variant: its asset, and the files that it is made of."""
    asset = context.variant_of(template) or ""
    known = [digest_of_measuring(template, harness), asset, _files_of(context, template, request, asset)]
    return sha256(json.dumps(known).encode()).hexdigest()


def name_measured(context: Context, template: Template, request: Request) -> str | None:
    """Return the variant's name where it means the same in another pull request.

    None where the variant is made of the pull request's own files.
    """
    asset = context.variant_of(template)
    is_of_files = template.compare != "assets" or (
        asset is not None and _files_of(context, template, request, asset)
    )
    return None if is_of_files else asset


PLAIN_PATH = re.compile(r"(?!.*(?:^|/)\.\.(?:/|$))[A-Za-z0-9._-][A-Za-z0-9._/-]*")
"""What may be a path below the project's root, and nothing that git reads otherwise."""


def _files_of(context: Context, template: Template, request: Request, asset: str) -> list[str]:
    """Return mode, object and path of the variant's files, as far as the head's tree holds them."""
    proposal = context.proposal
    if proposal is None:  # git is not asked: it may refuse a checkout that only a run reads
        return []
    repository = find_repository(request.root)
    if repository is None:
        return []
    if template.compare == "assets":
        entries = repository.entries(proposal.head, asset) if PLAIN_PATH.fullmatch(asset) else ()
        return [f"{entry.mode} {entry.object_id} {entry.path}" for entry in entries]
    measured = matcher(template.paths or ["**"])
    named = ((repository.relative(entry.path), entry) for entry in repository.all_entries(proposal.head))
    return sorted(
        f"{entry.mode} {entry.object_id} {path}"
        for path, entry in named
        if measured(path) and not path.startswith(f"{FOLDER}/")
    )
