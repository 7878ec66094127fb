"""An arm as it is judged: freshly measured, handed in as files, or recorded earlier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from remyx_action.errors import NotJudged
from remyx_action.evidence.comparability import HARNESS
from remyx_action.project.lock import digest_of
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import ArmName
from remyx_action.readers import BrokenResults, Measured, read_arm, recorded_baseline, results_file
from remyx_action.readers.scores import ArmScores
from remyx_action.report.age import STALE_DAYS, age_days, age_in_words
from remyx_action.report.report import ArmReport, Origin
from remyx_action.report.verdict import MeasuredArm, failed_arm
from remyx_action.runtimes.plan.plan import folder_of, seeds_of
from remyx_action.sources.disk import ResultsFolder, open_results, open_run

from .parts import join_seeds
from .project import Project

if TYPE_CHECKING:
    from remyx_action.runtimes import ArmOutcome
    from remyx_action.sources.disk.cache_key import Entry

RENEW = "models and data move without git knowing; --fresh measures it again"
State = Literal["completed", "failed", "timed_out", "recorded", "handed_in"]


def read_outcome(
    template: Template, metrics: Mapping[str, BarMetric], folder: Path, outcome: ArmOutcome, *, asset: str
) -> MeasuredArm:
    """What a finished arm left behind; a crash, a timeout and a broken file are failures, never scores."""
    from remyx_action.runtimes import Completed, Failed, TimedOut  # `judge` runs nothing

    seconds, images = Decimal(f"{outcome.elapsed_seconds:.3f}"), outcome.images
    if isinstance(outcome, Completed):
        report = _report("completed", asset=asset, seconds=seconds, warnings=outcome.notes, images=images)
        return _read(template, metrics, ResultsFolder(folder), report)
    timed_out = isinstance(outcome, TimedOut)
    what = outcome.what if isinstance(outcome, Failed) else f"timed out after {outcome.timeout_seconds:g} s"
    report = _report(
        "timed_out" if timed_out else "failed",
        asset=asset,
        detail="\n".join([what, *outcome.last_lines]),
        seconds=seconds,
        warnings=outcome.notes,
        images=images,
    )
    return failed_arm(metrics, report)


def read_kept(
    template: Template, metrics: Mapping[str, BarMetric], folder: Path, entry: Entry, *, asset: str, now: str
) -> MeasuredArm:
    """An earlier run's files, laid into the arm's folder; they fail the arm where they changed since."""
    origin = Origin(kind="kept", clock=entry.clock, version=entry.version)
    days = age_days(entry.clock, now)
    old = (
        []
        if days is not None and days < STALE_DAYS
        else [f"measured {age_in_words(entry.clock, now)}: {RENEW}"]
    )
    report = _report(
        "completed", asset=asset, seconds=entry.seconds, origin=origin, warnings=old, images=entry.images
    )
    arm = _read(template, metrics, ResultsFolder(folder), report)
    if arm.report.digests.items() <= entry.files.items():
        return arm
    changed = NotJudged("the kept results changed during the run", help="run it again with --fresh")
    return failed_arm(metrics, _failed(report, changed))


def read_handed_in(template: Template, metrics: Mapping[str, BarMetric], path: Path) -> MeasuredArm:
    """Results that exist already: an arm's output folder, or its results file."""
    if template.seeds and (path / folder_of(template.seeds[0])).is_dir():
        runs = [
            (seed, _read(template, metrics, ResultsFolder(path / folder_of(seed)), _report("handed_in")))
            for seed in template.seeds
        ]
        return join_seeds(runs, metrics)
    left = _as_it_was_left(template, path)
    told = results_file(left)
    folder, name = open_results(path, told) if told else open_run(path, below="results", beside="details")
    return _read(left, metrics, folder, _report("handed_in"), name=name)


def _as_it_was_left(template: Template, path: Path) -> Template:
    """A task of lighteval is run here, and leaves our own results; or by lighteval itself, elsewhere."""
    native = results_file(template)
    is_there = native is not None and (
        (path / native).exists() if path.is_dir() else not path.name.startswith("results_")
    )
    if template.runtime != "lighteval" or is_there:
        return template
    return template.model_copy(update={"results": "lighteval"})


def read_left_behind(
    template: Template, metrics: Mapping[str, BarMetric], folder: Path, told: ArmReport, *, asset: str
) -> MeasuredArm:
    """What another job measured: its word that an arm failed is taken, a score only from the raw results."""
    failed: State = "timed_out" if told.state == "timed_out" else "failed"
    if told.state in {"failed", "timed_out"}:
        report = _report(
            failed, asset=asset, detail=told.detail, seconds=told.seconds, warnings=told.warnings
        )
        return failed_arm(metrics, report)
    report = _report("completed", asset=asset, origin=told.origin, warnings=told.warnings, images=told.images)
    runs = [
        (seed, _read(template, metrics, ResultsFolder(folder / folder_of(seed)), report))
        for seed in seeds_of(template)
    ]
    joined = join_seeds(runs, metrics)
    return replace(joined, report=joined.report.model_copy(update={"seconds": told.seconds}))


def read_recorded(
    template: Template,
    metrics: Mapping[str, BarMetric],
    project: Project,
    *,
    now: str,
    harness: str | None = None,
) -> MeasuredArm:
    """The recorded baseline: `.remyx/baselines/<template>.json`, else the numbers in metrics.yaml.

    `now` is this run's clock; `harness` the digest of the harness that measures the other arm, if one does.
    """
    report = _report("recorded", asset=template.baseline_asset)
    try:
        recorded = recorded_baseline(template.name, project.recorded_baseline(template.name), metrics)
    except BrokenResults as broken:
        return failed_arm(metrics, _failed(report, broken))
    measured, scores = recorded.measured, recorded.scores
    if measured is None:
        return MeasuredArm(scores=scores, report=report)
    if harness is not None:
        scores = under_harness(scores, measured.digests.get("harness", ""))
    found = {
        "asset": measured.asset or (measured.commit or "")[:12] or report.asset,
        "seconds": measured.seconds,
        "origin": Origin(kind="recorded", clock=measured.clock, version=measured.version),
        "provenance": dict(scores.provenance),
        "warnings": stale(template, measured, now=now),
    }
    return MeasuredArm(scores=scores, report=report.model_copy(update=found))


def beside_recorded(arms: Mapping[ArmName, MeasuredArm], harness: str) -> MeasuredArm:
    """The variant, by which harness it was measured, where the recorded baseline says by which it was."""
    variant, baseline = arms["variant"], arms["baseline"]
    if HARNESS not in baseline.scores.provenance:
        return variant
    return replace(variant, scores=under_harness(variant.scores, harness))


def under_harness(scores: ArmScores, digest: str) -> ArmScores:
    """The scores with the harness that measured them: two arms by different ones are not comparable."""
    return replace(scores, provenance={**scores.provenance, HARNESS: digest})


def stale(template: Template, measured: Measured, *, now: str) -> list[str]:
    """What may have moved since a baseline was recorded."""
    found = []
    days = age_days(measured.clock, now)
    if days is None or days >= STALE_DAYS:
        found.append(
            f"recorded {age_in_words(measured.clock, now)}: `remyx-action baseline record` renews it"
        )
    if template.compare == "assets" and measured.asset != template.baseline_asset and template.baseline_asset:
        found.append(f"recorded of the asset {measured.asset}, and the template now names another")
    if measured.digests.get("template") != digest_of(template):
        found.append("the template changed since it was recorded")
    return found


def _read(
    template: Template,
    metrics: Mapping[str, BarMetric],
    folder: ResultsFolder,
    report: ArmReport,
    name: str | None = None,
) -> MeasuredArm:
    """Parse what the folder holds; a file that is broken as a whole fails the arm.

    `name` is the results file, where it is another than the template's.
    """
    try:
        if results_file(template) is None:
            scores = _read_lighteval(template, metrics, folder, name)
        else:
            scores = read_arm(template, metrics, folder, file=name)
    except (BrokenResults, NotJudged) as broken:
        return failed_arm(metrics, _failed(report, broken))
    found = {
        "provenance": dict(scores.provenance),
        "digests": dict(folder.digests),
        "unnamed": list(scores.unnamed),
        "cost": dict(scores.cost),
        "warnings": list(dict.fromkeys([*report.warnings, *scores.warnings])),
    }
    return MeasuredArm(scores=scores, report=report.model_copy(update=found))


def _read_lighteval(
    template: Template, metrics: Mapping[str, BarMetric], folder: ResultsFolder, name: str | None
) -> ArmScores:
    """What lighteval itself left; its details are parquet files."""
    from remyx_action.readers.lighteval import DETAIL_COLUMNS
    from remyx_action.sources.disk.parquet import ParquetRows

    with ParquetRows(DETAIL_COLUMNS) as rows:

        def open_file(asked: str) -> Iterator[bytes]:
            blocks = folder(asked)
            return rows.lines(asked, b"".join(blocks)) if asked.endswith(".parquet") else blocks

        return read_arm(template, metrics, open_file, names=folder.names, file=name)


def _failed(report: ArmReport, broken: NotJudged) -> ArmReport:
    return report.model_copy(update={"state": "failed", "detail": f"{broken.message}\n{broken.help}"})


def _report(
    state: State,
    *,
    asset: str | None = None,
    detail: str | None = None,
    seconds: Decimal | None = None,
    warnings: Sequence[str] = (),
    origin: Origin | None = None,
    images: Mapping[str, str] | None = None,
) -> ArmReport:
    return ArmReport(
        state=state,
        asset=asset,
        detail=detail,
        seconds=seconds,
        provenance={},
        digests={},
        unnamed=[],
        warnings=list(warnings),
        origin=origin,
        images=dict(images or {}),
    )
