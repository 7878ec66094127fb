"""Between measuring and judging, where they are two jobs: what the first one left, read as hostile input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from remyx_action.errors import NotJudged
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import measured_metrics
from remyx_action.project.models.template import ARMS, ArmName
from remyx_action.report.run_record import NAME, RunRecord, read_record
from remyx_action.report.verdict import MeasuredArm, Measurement
from remyx_action.runtimes.plan.proposal import choose_assets
from remyx_action.sources.disk import read_below
from remyx_action.sources.git import Sources

from .arms import beside_recorded, read_left_behind, read_recorded
from .context import Scene
from .parts import join_shards
from .provenance import harness_digest

AGAIN = "let the evaluation run again: push a commit, or update the branch"


class Leg(Struct, frozen=True, kw_only=True):
    """What one measuring job left: both arms, or one shard of them."""

    folder: Path
    record: RunRecord


def read_handover(
    scene: Scene, template: Template, results: Path, sources: Sources, *, now: str
) -> Measurement:
    """Both arms of a template from the raw results below `results`; a verdict in there is not looked at.

    NotJudged where they, or one of their shards, are missing or there twice, or were measured on other
    commits, by another harness or on other assets than the rules now ask for.
    """
    legs = _legs(results, template.name)
    assets = choose_assets(template, baseline=None, variant=scene.variant_of(template))
    named = {arm: sources.name_of(arm, asset) for arm, asset in assets.items()}
    commits = scene.proposal.commits() if scene.proposal else sources.commits
    harness = harness_digest(template, scene.harness)
    for leg in legs:
        _refuse_strangers(template, leg.record, named, commits=commits, harness=harness)
    metrics = measured_metrics(template, scene.project.vocabulary)
    arms: dict[ArmName, MeasuredArm] = {}
    for arm in ARMS:
        if arm not in named:
            arms[arm] = read_recorded(template, metrics, scene.project, now=now, harness=harness)
        else:
            shards = [
                read_left_behind(
                    template, metrics, leg.folder / "arms" / arm, leg.record.arms[arm], asset=named[arm]
                )
                for leg in legs
            ]
            arms[arm] = join_shards(shards, metrics)
    arms["variant"] = beside_recorded(arms, harness)
    return Measurement(arms=arms, samples=legs[0].record.samples)


def _legs(results: Path, template: str) -> Sequence[Leg]:
    """Every shard of the template's arms, in order; each stands in a folder at most two below `results`."""
    legs = []
    for folder in _folders(results, levels=2):
        text = read_below(folder, NAME)
        if text is not None:
            record = read_record(text, NAME)
            if record.template == template:
                legs.append(Leg(folder=folder, record=record))
    if not legs:
        raise NotJudged(f"the results hold no arms of template {template}", help=AGAIN)
    _refuse_incomplete(legs, template)
    return sorted(legs, key=lambda leg: leg.record.shard)


def _folders(folder: Path, *, levels: int) -> Iterator[Path]:
    """The folder and those below it, but never what a harness wrote."""
    yield folder
    inside = sorted(folder.iterdir()) if levels else []
    for entry in inside:
        if entry.is_dir() and not entry.is_symlink() and entry.name != "arms":
            yield from _folders(entry, levels=levels - 1)


def _refuse_incomplete(legs: Sequence[Leg], template: str) -> None:
    """NotJudged unless every shard of one plan is there once."""
    plans = {(leg.record.shards, leg.record.samples) for leg in legs}
    if len(plans) > 1:
        what = "was cut into different numbers of shards, or of samples"
        raise NotJudged(f"template {template} {what}: these are parts of several runs", help=AGAIN)
    ((shards, _),) = plans
    count = Counter(leg.record.shard for leg in legs)
    twice = [shard for shard, times in sorted(count.items()) if times > 1]
    if twice:
        what = "the arms twice" if shards == 1 else f"{_named(twice, shards)} twice"
        raise NotJudged(f"the results hold {what} of template {template}", help=AGAIN)
    missing = [shard for shard in range(shards) if shard not in count]
    if missing or max(count) >= shards:
        what = f"lack {_named(missing, shards)}" if missing else "hold a shard beyond the last"
        raise NotJudged(
            f"the results {what} of template {template}: a part of the samples says nothing about the rest",
            help="run the legs that failed again; without every shard there is no verdict",
        )


def _named(shards: Sequence[int], of: int) -> str:
    word = "shard" if len(shards) == 1 else "shards"
    return f"{word} {', '.join(map(str, shards))} of {of} (counted from 0)"


def _refuse_strangers(
    template: Template,
    record: RunRecord,
    named: Mapping[ArmName, str],
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
        raise NotJudged("the harness on the base branch changed after the arms were measured", help=AGAIN)
    for arm, asset in named.items():
        told = record.arms.get(arm)
        if told is None or told.state not in {"completed", "failed", "timed_out"}:
            raise NotJudged(f"the results hold no {arm} arm of template {template.name}", help=AGAIN)
        if told.asset != asset:
            raise NotJudged(f"the {arm} arm was measured on another asset than {asset}", help=AGAIN)
