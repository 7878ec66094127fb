"""A harness that ignores its shard, so that every job scores all samples: warned of, and refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from remyx_action.errors import NotJudged
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.shard import Shard
from remyx_action.project.models.template import ArmName
from remyx_action.project.protected import harness_globs
from remyx_action.readers.scores import ArmScores, Samples
from remyx_action.runtimes import Finished, OnEvent, RunEvent
from remyx_action.sources.disk import ResultsFolder, read_harness

from .arms import arm_report, read_run

CUT_IT = "score samples[shard::shards]: REMYX_SHARD and REMYX_SHARDS, or {shard} and {shards} in `command`"


def unnamed_shard(template: Template, root: Path) -> str | None:
    """Return a warning where neither the template nor a file of its harness below `root` names the shard."""
    if template.script is None or "{shard}" in template.model_dump_json():
        return None
    if any(b"REMYX_SHARD" in file.content for file in read_harness(root, harness_globs(template))):
        return None
    what = f"no file of the harness of {template.name} reads its shard, so every part may score all samples"
    return f"{what}: {CUT_IT}"


def refusing_the_whole(
    template: Template,
    metrics: Mapping[str, BarMetric],
    shard: Shard,
    folders: Mapping[ArmName, Path],
    on_event: OnEvent,
) -> OnEvent:
    """Return `on_event`, which ends the run where an arm of one of several shards holds the samples of all.

    Raises NotJudged as soon as the first such arm has ended; whatever else runs is ended with it.
    """
    if shard.count == 1:
        return on_event

    def watched(event: RunEvent) -> None:
        on_event(event)
        if not isinstance(event, Finished) or event.outcome.state != "completed":
            return
        arm = read_run(template, metrics, arm_report("completed"), ResultsFolder(folders[event.arm]))
        whole = _whole(arm.scores, metrics, shard)
        if whole is not None:
            what = f"shard {shard.index} of {shard.count} of the {event.arm} holds all {whole}"
            raise NotJudged(f"{what}: the harness ignores its shard", help=CUT_IT)

    return watched


def _whole(scores: ArmScores, metrics: Mapping[str, BarMetric], shard: Shard) -> str | None:
    """Return in words the samples that are all there, though this is one of several shards; None otherwise.

    They count where there are enough for every shard: all of a few may well lie in one.
    """
    found = {
        key: (len({*samples.ids, *samples.missing}), metrics[key].samples)
        for key, samples in scores.scores.items()
        if isinstance(samples, Samples)
    }
    counts = {key: (held, of) for key, (held, of) in found.items() if of is not None}
    if any(held < of for held, of in counts.values()):
        return None
    return next((f"{of:,} samples of {key}" for key, (_, of) in counts.items() if of >= shard.count), None)
