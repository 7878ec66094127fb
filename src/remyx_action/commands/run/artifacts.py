"""What other jobs measured, judged here: read as hostile input."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.lock import digest_of_environment, digest_of_measuring, plain_variables
from remyx_action.project.models import Template
from remyx_action.project.models.template import ArmName
from remyx_action.report.run_record import CAP_BYTES, NAME, RunRecord, read_record
from remyx_action.report.verdict import Arm, Arms, failed_arm
from remyx_action.sources.disk import read_below

from .arms import read_runs, report_of_another_job, with_variables
from .evaluation import Evaluation, both
from .joined_arms import join_shards
from .judged_under import harness_digest
from .variants import choose_assets

AGAIN = "let the evaluation run again: push a commit, or update the branch"


class Incomplete(NotJudged):
    """An arm or a shard that another job should have left is missing."""


class ArtifactLeg(Struct, frozen=True, kw_only=True):
    """What one measuring job left: both arms, or one shard of them."""

    folder: Path
    record: RunRecord


def read_artifacts(evaluation: Evaluation, results: Path) -> Arms:
    """Return both arms from the raw results below `results`; a verdict in there is not looked at.

    NotJudged where they, or one of their shards, are missing or there twice, or were measured on other
    commits, by another harness or on other assets than the rules now ask for.
    """
    context, template = evaluation.context, evaluation.template
    if not results.is_dir():
        raise WrongUsage(
            f"there is no folder {results}", help="name what `run --measure-only` left with --out"
        )
    legs = _legs(results, template.name)
    assets = choose_assets(template, baseline=None, variant=context.variant_of(template))
    shown = {name: evaluation.sources.name_of(name, asset) for name, asset in assets.items()}
    harness = harness_digest(template, context.harness)
    commits = context.commits(evaluation.sources)
    for leg in legs:
        _refuse_strangers(template, leg.record, shown, commits=commits, harness=harness)
    _refuse_mixed(template, [leg.record for leg in legs])
    arms = {
        name: join_shards([_read(evaluation, leg, name, asset) for leg in legs], evaluation.metrics)
        for name, asset in shown.items()
    }
    first = legs[0].record
    is_true = digest_of_environment(template, first.variables) == first.environment
    found = both(evaluation, arms, samples=first.samples)
    return with_variables(found, plain_variables(template, first.variables)) if is_true else found


def _read(evaluation: Evaluation, leg: ArtifactLeg, name: ArmName, asset: str) -> Arm:
    recorded = leg.record.arms[name]
    report = report_of_another_job(recorded, asset=asset)
    arm = read_runs(evaluation.template, evaluation.metrics, report, leg.folder / "arms" / name)
    changed = [
        file for file, digest in recorded.digests.items() if arm.report.digests.get(file, digest) != digest
    ]
    if changed:
        detail = f"{changed[0]} is not what was measured: it changed after it was read"
        failed = arm.report.model_copy(update={"state": "failed", "detail": detail})
        return failed_arm(evaluation.metrics, failed)
    return replace(arm, report=arm.report.model_copy(update={"seconds": recorded.seconds}))


def _legs(results: Path, template: str) -> Sequence[ArtifactLeg]:
    """Return every shard of the template's arms, in order, from folders at most two below `results`."""
    legs = []
    for folder in _folders(results, levels=2):
        text = read_below(folder, NAME, cap_bytes=CAP_BYTES)
        if text is None:
            _refuse_unread(folder / NAME)
        else:
            record = read_record(text, NAME)
            if record.template == template:
                legs.append(ArtifactLeg(folder=folder, record=record))
    if not legs:
        raise Incomplete(f"the results hold nothing of template {template}", help=AGAIN)
    _refuse_incomplete(legs, template)
    return sorted(legs, key=lambda leg: leg.record.shard)


def _refuse_unread(record: Path) -> None:
    """NotJudged where there is a record that was not read: it is too large, or no regular file."""
    if os.path.lexists(record):
        is_large = not record.is_symlink() and record.stat().st_size > CAP_BYTES
        what = f"is larger than {CAP_BYTES >> 20} MiB" if is_large else "is no regular file"
        raise NotJudged(
            f"{NAME} of the results {what}", help="let the harness leave fewer files, or measure in shards"
        )


def _folders(folder: Path, *, levels: int) -> Iterator[Path]:
    """The folder and those below it, but never what a harness wrote."""
    yield folder
    inside = sorted(folder.iterdir()) if levels else []
    for entry in inside:
        if entry.is_dir() and not entry.is_symlink() and entry.name != "arms":
            yield from _folders(entry, levels=levels - 1)


def _refuse_incomplete(legs: Sequence[ArtifactLeg], template: str) -> None:
    """NotJudged unless every shard of one plan is there once."""
    plans = {(leg.record.shards, leg.record.samples) for leg in legs}
    if len(plans) > 1:
        what = "was cut into different numbers of shards, or of samples"
        raise NotJudged(f"template {template} {what}: these are parts of several runs", help=AGAIN)
    ((shards, _),) = plans
    count = Counter(leg.record.shard for leg in legs)
    twice = [shard for shard, times in sorted(count.items()) if times > 1]
    if twice:
        what = "both runs twice" if shards == 1 else f"{_named(twice, shards)} twice"
        raise NotJudged(f"the results hold {what} of template {template}", help=AGAIN)
    missing = [shard for shard in range(shards) if shard not in count]
    if missing or max(count) >= shards:
        what = f"lack {_named(missing, shards)}" if missing else "hold a shard beyond the last"
        raise Incomplete(
            f"the results {what} of template {template}: a part of the samples says nothing about the rest",
            help="run the legs that failed again; without every shard there is no verdict",
        )


def _named(shards: Sequence[int], of: int) -> str:
    word = "shard" if len(shards) == 1 else "shards"
    return f"{word} {', '.join(map(str, shards))} of {of} (counted from 0)"


def _refuse_mixed(template: Template, records: Sequence[RunRecord]) -> None:
    """NotJudged where the shards were not all measured by the same program, with the same variables."""
    found = {
        "versions of remyx-action": {record.run.version for record in records},
        "values of the variables in `env`": {record.environment for record in records},
    }
    for what, values in found.items():
        if len(values) > 1:
            raise NotJudged(
                f"the shards of template {template.name} were measured with different {what}",
                help="measure every shard again, on machines that are set up alike",
            )


def _refuse_strangers(
    template: Template,
    record: RunRecord,
    shown: Mapping[ArmName, str],
    *,
    commits: Mapping[str, str],
    harness: str,
) -> None:
    compared = ["head"] if template.compare == "assets" else ["head", "merge_base"]
    for name in compared:
        if record.commits.get(name) != commits.get(name):
            raise NotJudged(
                f"the results were measured on another commit than the {name.replace('_', ' ')} judged here",
                help=AGAIN,
            )
    if record.harness != harness:
        raise NotJudged(
            "the harness on the base branch changed after both versions were measured", help=AGAIN
        )
    if record.measuring != digest_of_measuring(template, harness):
        raise NotJudged(
            f"the results were measured under another template {template.name} than the one judged by",
            help=AGAIN,
        )
    for name, asset in shown.items():
        recorded = record.arms.get(name)
        if recorded is None or recorded.state not in {"completed", "failed", "timed_out"}:
            raise NotJudged(f"the results hold no {name} of template {template.name}", help=AGAIN)
        if recorded.asset != asset:
            raise NotJudged(f"the {name} was measured on another asset than {asset}", help=AGAIN)
