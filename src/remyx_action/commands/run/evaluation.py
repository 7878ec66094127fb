"""One template's evaluation: what is measured, of which code, and where its results go."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from remyx_action.project.models import Template
from remyx_action.project.models.metrics import BarMetric, measured_metrics
from remyx_action.project.models.shard import Shard
from remyx_action.project.models.template import ArmName
from remyx_action.report.verdict import Arm, Arms
from remyx_action.sources.disk import OutputFolder
from remyx_action.sources.git import Sources

from .arms import read_recorded, with_harness
from .context import Context
from .judged_under import harness_digest
from .request import Request, World


class Evaluation(Struct, frozen=True, kw_only=True):
    """One template's evaluation: what is measured, of which code, and where its results go."""

    context: Context
    template: Template
    request: Request
    output: OutputFolder
    sources: Sources
    world: World

    @property
    def shard(self) -> Shard:
        """How much of it this run measures."""
        return self.request.shard.of(self.template)

    @property
    def metrics(self) -> Mapping[str, BarMetric]:
        """By key, in the template's order."""
        return measured_metrics(self.template, self.context.project.vocabulary)


def both(evaluation: Evaluation, measured: Mapping[ArmName, Arm], *, samples: int | None) -> Arms:
    """Return both arms, with the recorded baseline where none was measured."""
    if "baseline" in measured:
        return Arms(baseline=measured["baseline"], variant=measured["variant"], samples=samples)
    context, template = evaluation.context, evaluation.template
    digest = harness_digest(template, context.harness)
    recorded = context.project.recorded_baseline(template.name)
    now = evaluation.world.now().clock
    baseline = read_recorded(template, evaluation.metrics, recorded, now=now, harness=digest)
    return with_harness(Arms(baseline=baseline, variant=measured["variant"], samples=samples), digest)
