"""The clusters of a metric, worst first, each with a change and an interval of its own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from remyx_action.confidence import estimate
from remyx_action.decimals import round_significant
from remyx_action.evidence.evidence import ArmFacts, MetricEvidence
from remyx_action.evidence.sums import PairedSums
from remyx_action.project.models.field_types import unchecked
from remyx_action.report.report import Report

from . import numbers
from .metric_words import MetricView

CLUSTERS = 20
"""Worst ones that are shown of each metric."""


class ClusterView(Struct, frozen=True, kw_only=True):
    """One cluster; its interval is about its own samples alone."""

    name: str
    n: int
    delta: Decimal
    bounds: tuple[Decimal, Decimal] | None
    change: str
    interval: str


def worst_clusters(report: Report, metric: MetricView) -> Sequence[ClusterView]:
    """Return the clusters whose names are kept that lost most, at most 20; none where there are none."""
    paired = report.inputs.metrics[metric.key].paired
    if paired is None or not paired.named:
        return ()
    turn = 1 if metric.higher_is_better else -1
    rows = [(turn * _delta(paired, row), name, row) for name, row in paired.named.items() if paired.n[row]]
    return [_view(report, metric, paired, name, row) for _, name, row in sorted(rows)[:CLUSTERS]]


def _delta(paired: PairedSums, row: int) -> Fraction:
    return Fraction(int(paired.variant[row]) - int(paired.baseline[row]), paired.n[row] * paired.scale)


def _view(report: Report, metric: MetricView, paired: PairedSums, name: str, row: int) -> ClusterView:
    n, delta = paired.n[row], round_significant(_delta(paired, row))
    alone = unchecked(PairedSums)(
        decimals=paired.decimals,
        parts=paired.parts,
        clusters=None,
        n=[n],
        variant=[paired.variant[row]],
        baseline=[paired.baseline[row]],
        variant_squares=[paired.variant_squares[row]],
        products=[paired.products[row]],
        baseline_squares=[paired.baseline_squares[row]],
    )
    facts = unchecked(ArmFacts)(ids=n)
    evidence = unchecked(MetricEvidence)(
        paired=alone,
        both=n,
        asked=n,
        facts={"baseline": facts, "variant": facts},
        extremes=report.inputs.metrics[metric.key].extremes,
    )
    found = estimate(evidence, report.policy.metric(metric.key)).interval
    bounds = None if found is None else (round_significant(found[0]), round_significant(found[1]))
    return ClusterView(
        name=name,
        n=n,
        delta=delta,
        bounds=bounds,
        change=numbers.signed(delta, metric.decimals),
        interval=numbers.interval(bounds, metric.decimals),
    )
