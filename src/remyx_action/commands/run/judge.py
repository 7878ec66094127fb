"""judge → report of one policy, on arms that were measured: with what a pull request does to the bar."""

from __future__ import annotations

from collections.abc import Sequence

from remyx_action.policy.bar import Bar, set_bar
from remyx_action.policy.diff import Side, compare_bars
from remyx_action.policy.judgement import QUICK_LOOK, is_enough
from remyx_action.project.models import Policy, Template
from remyx_action.report.report import BarChange, ExperimentReport, ProposalReport, Report
from remyx_action.report.verdict import Arms, Measurement, preview, reach_verdict

from .clock import Circumstances
from .context import Scene
from .provenance import Standing

WORKFLOW_CHANGED = "workflow_changed"
"""The cap where a pull request edits what starts its own evaluation."""
LOCK_STALE, NOT_LOCKED, ISOLATION = "lock_stale", "not_locked", "isolation"
"""The caps where the base branch's lock holds something else, where there is too little of one, and where
the numbers come from a lower isolation level than the policy trusts."""


def judge_arms(
    scene: Scene,
    template: Template,
    policy: Policy,
    measured: Measurement,
    *,
    standing: Standing,
    circumstances: Circumstances,
) -> Report:
    """The verdict under the scene's rules, the proposed ones beside it."""
    bar = set_bar(policy, template, scene.project.vocabulary)
    return reach_verdict(
        bar,
        measured.arms,
        judged_under=standing.record,
        run=circumstances.now(),
        caps=[*caps_of(scene, policy, standing), *cap_of_a_quick_look(bar, measured.samples)],
        proposal=proposal_of(scene, template, policy, measured.arms),
        quick_look=measured.samples,
    )


def caps_of(scene: Scene, policy: Policy, standing: Standing) -> Sequence[str]:
    """Why a ship is out of reach whatever the numbers say; off GitHub nothing is capped."""
    if scene.proposal is None:
        return []
    caps = {
        WORKFLOW_CHANGED: bool(scene.proposal.workflow_paths()),
        LOCK_STALE: standing.lock.stale and policy.require_lock != "off",
        NOT_LOCKED: not standing.lock.satisfies(policy.require_lock),
        ISOLATION: standing.level < policy.trust.min_level,
    }
    return [cap for cap, holds in caps.items() if holds]


def cap_of_a_quick_look(bar: Bar, samples: int | None) -> Sequence[str]:
    """Anywhere, on a laptop too: a part of the samples ships only where the policy says that it may."""
    return [] if samples is None or is_enough(bar.rules.ship, samples) else [QUICK_LOOK]


def proposal_of(scene: Scene, template: Template, policy: Policy, arms: Arms) -> ProposalReport | None:
    """What the pull request proposes; None off GitHub."""
    proposal, proposed = scene.proposal, scene.proposed
    if proposal is None or proposed is None:
        return None
    experiment = scene.experiments.get(template.name)
    changes = (
        compare_bars(Side(bundle=scene.project.bundle), Side(bundle=proposed)) if proposed.metrics else ()
    )
    about = [change for change in changes if policy.name in change.policies or not change.policies]
    verdict, reason = _previewed(scene, policy, arms) if about else (None, None)
    protected = proposal.protected_paths(template)
    return ProposalReport(
        experiment=None
        if experiment is None
        else ExperimentReport(
            name=experiment.name,
            hypothesis=experiment.hypothesis,
            target_metric=experiment.target_metric,
            tags=list(experiment.tags),
        ),
        protected=list(protected),
        workflow=list(proposal.workflow_paths()),
        others=len(proposal.paths) - len(protected),
        changes=[
            BarChange(effect=change.effect.value, path=change.path, sentence=change.sentence)
            for change in about
        ],
        verdict=verdict,  # type: ignore[arg-type]
        reason=reason,
    )


def _previewed(scene: Scene, policy: Policy, arms: Arms) -> tuple[str | None, str]:
    """Verdict and reason under the head's files, on the numbers measured under the base's."""
    assert scene.proposed is not None
    after = scene.proposed.policies.get(policy.name)
    template = scene.proposed.templates.get(after.template) if after else None
    if after is None or template is None or scene.proposed.metrics is None:
        return None, "policy_removed"
    judgement = preview(set_bar(after, template, scene.proposed.metrics), arms)
    return judgement.verdict, judgement.reason
