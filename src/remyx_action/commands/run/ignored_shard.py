"""A harness that ignores its shard, so that every job scores all samples: warned of, and refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from remyx_action.errors import NotJudged
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.shard import Shard
from remyx_action.project.models.template import ArmName
from remyx_action.project.protected import harness_globs
from remyx_action.readers.scores import ArmScores, Samples
from remyx_action.report.run_record import CAP_BYTES, NAME, RunRecord, read_record
from remyx_action.runtimes import Finished, OnEvent, RunEvent
from remyx_action.sources.disk import ResultsFolder, read_below, read_harness

from .arms import arm_report, read_run
from .evaluation import Evaluation
from .judged_under import harness_digest

CUT_IT = "score samples[shard::shards]: REMYX_SHARD and REMYX_SHARDS, or {shard} and {shards} in `command`"


def shard_warnings(template: Template, root: Path) -> Sequence[str]:
    """Return what hides a harness that ignores its shard: no file below `root` names it, or no `samples`."""
    if template.script is None:
        return []
    warnings = []
    files = read_harness(root, harness_globs(template))
    if "{shard}" not in template.model_dump_json() and not any(
        b"REMYX_SHARD" in file.content for file in files
    ):
        what = (
            f"no file of the harness of {template.name} reads its shard, so every part may score all samples"
        )
        warnings.append(f"{what}: {CUT_IT}")
    if template.samples is None:
        what = f"{template.name} declares no `samples`, so a part that holds all of them is taken for a part"
        warnings.append(f"{what}: declare how many all parts have together")
    return warnings


def refusing_ignored_shards(evaluation: Evaluation, folders: Mapping[ArmName, Path]) -> OnEvent:
    """Return the run's `on_event`, which ends the run where an arm of one of several shards is not cut.

    It is not where it holds all samples that are declared, or those of another shard that lies in a folder
    beside the output folder. Raises NotJudged as soon as the first such arm has ended; whatever else runs
    is ended with it.
    """
    template, metrics, shard = evaluation.template, evaluation.metrics, evaluation.shard
    on_event = evaluation.world.on_event
    if shard.count == 1:
        return on_event

    def watched(event: RunEvent) -> None:
        on_event(event)
        if not isinstance(event, Finished) or event.outcome.state != "completed":
            return
        folder = folders[event.arm]
        arm = read_run(template, metrics, arm_report("completed"), ResultsFolder(folder))
        held = _whole(arm.scores, metrics, shard) or _same_as_another(evaluation, arm.scores, folder)
        if held is not None:
            what = f"shard {shard.index} of {shard.count} of the {event.arm} holds {held}"
            raise NotJudged(f"{what}: the harness ignores its shard", help=CUT_IT)

    return watched


def _same_as_another(evaluation: Evaluation, scores: ArmScores, folder: Path) -> str | None:
    """Return in words which finished shard beside this one holds the very same ids; None where none does.

    Only ids that are all the same count: a shard beside it may be an older one, of other data.
    """
    template, shard, output = evaluation.template, evaluation.shard, evaluation.output.path
    out, ids = evaluation.request.out.absolute(), _ids(scores)
    digest = harness_digest(template, evaluation.context.harness)
    for other in _beside(out) if any(ids.values()) else []:
        place = other / output.relative_to(out)
        record = _record_in(place)
        if record is None or (record.template, record.harness) != (template.name, digest):
            continue
        if (record.shards, record.samples) != (shard.count, shard.samples) or record.shard == shard.index:
            continue
        found = ResultsFolder(place / folder.relative_to(output))
        arm = read_run(template, evaluation.metrics, arm_report("completed"), found)
        if _ids(arm.scores) == ids:
            return f"the same samples as shard {record.shard} in {other.name}"
    return None


def _beside(out: Path) -> Sequence[Path]:
    """Return what lies beside the output folder; nothing where the folder above cannot be listed."""
    with suppress(OSError):
        return sorted(out.parent.iterdir())
    return []


def _record_in(place: Path) -> RunRecord | None:
    """Return the record of a finished shard; None where there is none that can be read."""
    with suppress(NotJudged, OSError):
        if not place.is_dir():
            return None
        text = read_below(place, NAME, cap_bytes=CAP_BYTES)
        return None if text is None else read_record(text, NAME)
    return None


def _ids(scores: ArmScores) -> Mapping[str, frozenset[str]]:
    return {
        key: frozenset((*samples.ids, *samples.missing))
        for key, samples in scores.scores.items()
        if isinstance(samples, Samples)
    }


def _whole(scores: ArmScores, metrics: Mapping[str, BarMetric], shard: Shard) -> str | None:
    """Return in words the samples that are all there, though this is one of several shards; None otherwise.

    They count where there are enough for every shard: all of a few may well lie in one.
    """
    found = {key: (len(ids), metrics[key].samples) for key, ids in _ids(scores).items()}
    counts = {key: (held, of) for key, (held, of) in found.items() if of is not None}
    if any(held < of for held, of in counts.values()):
        return None
    return next(
        (f"all {of:,} samples of {key}" for key, (_, of) in counts.items() if of >= shard.count), None
    )
