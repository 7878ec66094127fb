"""An arm as it is judged, wherever it comes from: measured now, cached, recorded, handed in, or measured
by another job. Each source says how the arm ended and where its files lie; one function reads them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from remyx_action.errors import NotJudged
from remyx_action.evidence.comparability import HARNESS
from remyx_action.project.lock import digest_of
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.template import folder_of, seeds_of
from remyx_action.readers import NATIVE_FILE, BrokenResults, Measured, read_arm, recorded_baseline
from remyx_action.readers.scores import ArmScores, Samples, Summary
from remyx_action.report.report import HELP, ArmReport, Origin
from remyx_action.report.run_record import STALE_DAYS, age_days, age_in_words
from remyx_action.report.verdict import Arm, Arms, failed_arm
from remyx_action.sources.disk import ResultsFolder, open_run

from .joined_arms import join_seeds

if TYPE_CHECKING:
    from remyx_action.runtimes import Outcome
    from remyx_action.sources.disk.cache_key import CacheEntry

RENEW = "models and data move without git knowing; --fresh measures it again"
FAILED = frozenset({"failed", "timed_out"})
BarMetrics = Mapping[str, BarMetric]


def read_run(
    template: Template, metrics: BarMetrics, report: ArmReport, folder: ResultsFolder, file: str | None = None
) -> Arm:
    """Return the arm of one run: the scores in `folder`, unless the report says that the run failed.

    A file that is broken as a whole fails the arm. `file`: where it is another than the template's.
    """
    if report.state in FAILED:
        return failed_arm(metrics, report)
    try:
        with folder:
            scores = read_arm(template, metrics, folder, file=file)
    except (BrokenResults, NotJudged) as broken:
        return _failed(metrics, report, broken)
    read = {
        "provenance": dict(scores.provenance),
        "digests": dict(folder.digests),
        "unnamed": list(scores.unnamed),
        "cost": dict(scores.cost),
        "warnings": list(dict.fromkeys([*report.warnings, *scores.warnings])),
    }
    return Arm(scores=scores, report=report.model_copy(update=read))


def read_runs(template: Template, metrics: BarMetrics, report: ArmReport, folder: Path) -> Arm:
    """Return the whole arm below `folder`: its runs, one per seed, as one."""
    if report.state in FAILED:
        scored = _scored_before_failing(template, metrics, folder)
        return failed_arm(metrics, report.model_copy(update={"scored": scored}))
    runs = [
        (seed, read_run(template, metrics, report, ResultsFolder(folder / folder_of(seed))))
        for seed in seeds_of(template)
    ]
    return join_seeds(runs, metrics)


def _scored_before_failing(template: Template, metrics: BarMetrics, folder: Path) -> str | None:
    """Return a digest of the scores that a failed arm left; None where it left none that can be read."""
    found = []
    for seed in seeds_of(template):
        files = ResultsFolder(folder / folder_of(seed))
        arm = read_run(template, metrics, arm_report("completed"), files)
        for key, scores in sorted(arm.scores.scores.items()):
            if isinstance(scores, Samples) and scores.ids:
                found.append([key, sorted(zip(scores.ids, map(str, scores.scores), strict=True))])
            elif isinstance(scores, Summary):
                found.append([key, str(scores.value)])
    return sha256(json.dumps(found).encode()).hexdigest() if found else None


def read_handed_in(template: Template, metrics: BarMetrics, path: Path) -> Arm:
    """Return the arm of results that exist already: an output folder, or a results file."""
    report = arm_report("handed_in")
    if template.seeds and (path / folder_of(template.seeds[0])).is_dir():
        return read_runs(template, metrics, report, path)
    folder, file = open_run(path, below="results", beside="details")
    return read_run(_template_that_reads(template, path), metrics, report, folder, file)


def read_recorded(
    template: Template, metrics: BarMetrics, recorded: bytes | None, *, now: str, harness: str | None = None
) -> Arm:
    """Return the recorded baseline: `.remyx/baselines/<template>.json`, else the numbers in metrics.yaml.

    `now` is this run's clock; `harness` the digest of the harness that measures the other arm, if one does.
    """
    report = arm_report("recorded", asset=template.baseline_asset)
    try:
        found = recorded_baseline(template.name, recorded, metrics)
    except BrokenResults as broken:
        return _failed(metrics, report, broken)
    measured, scores = found.measured, found.scores
    if measured is None:
        return Arm(scores=scores, report=report)
    if harness is not None:
        scores = _under_harness(scores, measured.digests.get("harness", ""))
    known = {
        "asset": measured.asset or (measured.commit or "")[:12] or report.asset,
        "seconds": measured.seconds,
        "origin": Origin(kind="recorded", clock=measured.clock, version=measured.version),
        "provenance": dict(scores.provenance),
        "warnings": stale(template, measured, now=now),
    }
    return Arm(scores=scores, report=report.model_copy(update=known))


def report_of_outcome(outcome: Outcome, *, asset: str) -> ArmReport:
    """Return the report of a run that ended now; a crash and a timeout are failures, never scores."""
    known: dict[str, Any] = {
        "asset": asset,
        "seconds": Decimal(f"{outcome.elapsed_seconds:.3f}"),
        "warnings": outcome.notes,
        "images": outcome.images,
    }
    if outcome.state != "completed":
        known["detail"] = "\n".join([outcome.what, *outcome.last_lines])
    return arm_report(outcome.state, **known)


def report_of_cached_run(entry: CacheEntry, *, asset: str, now: str) -> ArmReport:
    """Return the report of a cached run."""
    days = age_days(entry.clock, now)
    is_old = days is None or days >= STALE_DAYS
    return arm_report(
        "completed",
        asset=asset,
        seconds=entry.seconds,
        origin=Origin(kind="kept", clock=entry.clock, version=entry.version),
        warnings=[f"measured {age_in_words(entry.clock, now)}: {RENEW}"] if is_old else [],
        images=entry.images,
    )


def arm_unless_changed(metrics: BarMetrics, arm: Arm, entry: CacheEntry) -> Arm:
    """Return the cached arm; a failed one where its files are no longer those that were cached."""
    if arm.report.digests.items() <= entry.files.items():
        return arm
    changed = NotJudged("the kept results changed during the run", help="run it again with --fresh")
    return _failed(metrics, arm.report, changed)


MOST_CHARACTERS = 200
"""Of a variable's value that is shown."""


def with_variables(arms: Arms, values: Mapping[str, str]) -> Arms:
    """Return the arms, those that were measured with the values of the variables that they were given."""
    shown = {f"env {name}": text[:MOST_CHARACTERS] for name, text in values.items()}
    if not shown:
        return arms
    given = {
        name: replace(
            arm, report=arm.report.model_copy(update={"provenance": {**arm.report.provenance, **shown}})
        )
        for name, arm in arms.named().items()
        if arm.report.state != "recorded"
    }
    return replace(arms, **given)


def report_of_another_job(recorded: ArmReport, *, asset: str) -> ArmReport:
    """Return the report of an arm that another job measured.

    Its word that the arm failed is taken, a score only from the raw results.
    """
    known: dict[str, Any] = {"asset": asset, "warnings": recorded.warnings}
    if recorded.state == "failed":
        return arm_report("failed", detail=recorded.detail, seconds=recorded.seconds, **known)
    if recorded.state == "timed_out":
        return arm_report("timed_out", detail=recorded.detail, seconds=recorded.seconds, **known)
    return arm_report("completed", origin=recorded.origin, images=recorded.images, **known)


def with_harness(arms: Arms, harness: str) -> Arms:
    """Return the arms, the variant's harness named where the recorded baseline names its own.

    Two arms by different harnesses are not comparable.
    """
    if HARNESS not in arms.baseline.scores.provenance:
        return arms
    return replace(arms, variant=replace(arms.variant, scores=_under_harness(arms.variant.scores, harness)))


def stale(template: Template, measured: Measured, *, now: str) -> list[str]:
    """Return what may have moved since a baseline was recorded."""
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


def arm_report(
    state: str,
    *,
    asset: str | None = None,
    detail: str | None = None,
    seconds: Decimal | None = None,
    warnings: Sequence[str] = (),
    origin: Origin | None = None,
    images: Mapping[str, str] | None = None,
) -> ArmReport:
    """Return a report before anything of the arm is read."""
    return ArmReport(
        state=state,  # type: ignore[arg-type]
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


def _failed(metrics: BarMetrics, report: ArmReport, broken: NotJudged) -> Arm:
    detail = f"{broken.message}\n{HELP}{broken.help}"
    return failed_arm(metrics, report.model_copy(update={"state": "failed", "detail": detail}))


def _under_harness(scores: ArmScores, digest: str) -> ArmScores:
    return replace(scores, provenance={**scores.provenance, HARNESS: digest})


def _template_that_reads(template: Template, path: Path) -> Template:
    """Return the template, reading the results at `path` by the program that wrote them.

    A task of lighteval that is run here leaves our own results file; run elsewhere, by lighteval itself, it
    leaves lighteval's.
    """
    is_there = (path / NATIVE_FILE).exists() if path.is_dir() else not path.name.startswith("results_")
    if template.runtime != "lighteval" or is_there:
        return template
    return template.model_copy(update={"results": "lighteval"})
