"""Samples of a report → how many there were, and which of them changed, worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from remyx_action.evidence.samples_changed import ChangeBins
from remyx_action.report.report import Report

from . import numbers
from .escape import Code, Phrase, Prose, joined
from .metric_words import MetricView
from .words import METHODS

NAMED = 6


class SampleView(Struct, frozen=True, kw_only=True):
    """One sample whose score changed."""

    id: str
    baseline: str
    variant: str
    is_worse: bool
    input: str | None = None
    outputs: tuple[str | None, str | None] = (None, None)
    """Of baseline and variant."""


class ChangedSamples(Struct, frozen=True, kw_only=True):
    """Samples of one metric whose score changed."""

    key: str
    name: Phrase
    better: int
    worse: int
    examples: tuple[SampleView, ...]
    """Worst first."""
    bins: ChangeBins | None = None
    """How many changed by how much; None where all changes have one size."""

    @property
    def worse_examples(self) -> list[SampleView]:
        """The largest losses first."""
        return [sample for sample in self.examples if sample.is_worse]

    @property
    def better_examples(self) -> list[SampleView]:
        """The largest gains first."""
        return [sample for sample in self.examples if not sample.is_worse]

    @property
    def largest_losses(self) -> list[SampleView]:
        """What got worse; what got better where nothing did."""
        return self.worse_examples or self.better_examples

    @property
    def has_texts(self) -> bool:
        """Whether the harness left what was asked or answered."""
        return any(sample.input or any(sample.outputs) for sample in self.examples)


def counts(report: Report, metrics: Mapping[str, MetricView]) -> Iterator[Phrase]:
    """How many samples there were, and how many changed, method by method."""
    methods: dict[str, list[MetricView]] = {}
    for metric in metrics.values():
        if metric.row.method is not None and metric.row.n is not None:
            methods.setdefault(metric.row.method, []).append(metric)
    for method, counted in methods.items():
        sizes = {(metric.row.n, metric.row.clusters) for metric in counted}
        words: Phrase = (METHODS[method],) if method in METHODS else (Prose(method),)
        if len(sizes) == 1:
            changes = [
                change for metric in counted[:NAMED] for change in [_changed(report, metric)] if change
            ]
            detail: Phrase = (": ", *joined(changes, "; ")) if changes else ()
            yield (f"{_size(counted[0])}, ", *words, *detail)
            continue
        named = [_count(report, metric) for metric in counted[:NAMED]]
        more = [(f"and {len(counted) - NAMED} more metrics",)] if len(counted) > NAMED else []
        yield ("Samples, ", *words, ": ", *joined([*named, *more], ", "))


def _count(report: Report, metric: MetricView) -> Phrase:
    """`MindCube 1,050 (34 better, 36 worse)`."""
    changed = _changed(report, metric, named=False)
    clusters = metric.row.clusters
    within = "" if clusters is None else f" in {numbers.plural(clusters, 'cluster')}"
    return (*metric.name, f" {metric.row.n:,}{within}", *((" (", *changed, ")") if changed else ()))


def _size(metric: MetricView) -> str:
    clusters = metric.row.clusters
    within = "" if clusters is None else f" in {numbers.plural(clusters, 'cluster')}"
    return numbers.plural(metric.row.n or 0, "sample") + within


def _changed(report: Report, metric: MetricView, *, named: bool = True) -> Phrase:
    found = report.samples_changed.get(metric.key)
    if found is None:
        return ()
    better, worse = (found.up, found.down) if metric.higher_is_better else (found.down, found.up)
    on: Phrase = (" on ", *metric.name) if named else ()
    return (f"{better:,} better, {worse:,} worse", *on)


def changed_samples(report: Report, metrics: Mapping[str, MetricView]) -> Iterator[ChangedSamples]:
    """Yield the changes of each metric; none where the arms cannot be compared."""
    if report.run_state in {"failed", "not_comparable"}:
        return
    for key, changed in report.samples_changed.items():
        metric = metrics.get(key)
        if not (changed.up or changed.down):
            continue
        higher = metric is None or metric.higher_is_better
        better, worse = (changed.up, changed.down) if higher else (changed.down, changed.up)
        examples = [
            SampleView(
                id=change.id,
                baseline=numbers.number(change.baseline),
                variant=numbers.number(change.variant),
                is_worse=(change.variant < change.baseline) == higher,
                input=change.input,
                outputs=(change.outputs.get("baseline"), change.outputs.get("variant")),
            )
            for change in changed.examples
        ]
        yield ChangedSamples(
            key=key,
            name=metric.name if metric else (Code(key),),
            better=better,
            worse=worse,
            examples=tuple(sorted(examples, key=lambda sample: not sample.is_worse)),
            bins=changed.bins,
        )
