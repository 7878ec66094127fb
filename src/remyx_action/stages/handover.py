"""Between measuring and judging, where they are two jobs: what the first one left, read as hostile input."""

from __future__ import annotations

from pathlib import Path

from remyx_action.errors import NotJudged
from remyx_action.planning.plan import ARMS, Arm, choose_assets
from remyx_action.policy.bar import measured_metrics
from remyx_action.reports.run_record import NAME, RunRecord, read_record
from remyx_action.reports.verdict import MeasuredArm
from remyx_action.repository import Sources
from remyx_action.specs import Template
from remyx_action.stages.arms import beside_recorded, read_left_behind, read_recorded
from remyx_action.stages.scene import Scene
from remyx_action.stages.standing import harness_digest
from remyx_action.workspace import read_below

AGAIN = "let the evaluation run again: push a commit, or update the branch"


def read_handover(
    scene: Scene, template: Template, results: Path, sources: Sources, *, now: str
) -> dict[Arm, MeasuredArm]:
    """Both arms of a template from the raw results below `results`; a verdict in there is not looked at.

    NotJudged where they are missing, or were measured on other commits, by another harness or on other
    assets than the rules now ask for.
    """
    folder, record = _find(results, template.name)
    assets = choose_assets(template, baseline=None, variant=scene.variant_of(template))
    named = {arm: sources.name_of(arm, asset) for arm, asset in assets.items()}
    _refuse_strangers(scene, template, record, named)
    metrics = measured_metrics(template, scene.project.vocabulary)
    arms: dict[Arm, MeasuredArm] = {}
    for arm in ARMS:
        if arm not in named:
            arms[arm] = read_recorded(template, metrics, scene.project, now=now, harness=record.harness)
        else:
            told = record.arms[arm]
            arms[arm] = read_left_behind(template, metrics, folder / "arms" / arm, told, asset=named[arm])
    return {**arms, "variant": beside_recorded(arms, record.harness)}


def _find(results: Path, template: str) -> tuple[Path, RunRecord]:
    """The one folder that says it holds this template's arms: the results' own, or one just below it."""
    inside = sorted(entry for entry in results.iterdir() if entry.is_dir() and not entry.is_symlink())
    found = []
    for folder in (results, *inside):
        text = read_below(folder, NAME)
        if text is not None:
            record = read_record(text, NAME)
            if record.template == template:
                found.append((folder, record))
    if len(found) != 1:
        what = "no arms" if not found else "the arms twice"
        raise NotJudged(f"the results hold {what} of template {template}", help=AGAIN)
    return found[0]


def _refuse_strangers(scene: Scene, template: Template, record: RunRecord, named: dict[Arm, str]) -> None:
    commits = scene.proposal.commits() if scene.proposal else {}
    compared = ["head"] if template.compare == "assets" else ["head", "merge_base"]
    for name in compared:
        if record.commits.get(name) != commits.get(name):
            raise NotJudged(
                f"the results were measured on another commit than the {name.replace('_', ' ')} judged here",
                help=AGAIN,
            )
    if record.harness != harness_digest(template, scene.harness):
        raise NotJudged("the harness on the base branch changed after the arms were measured", help=AGAIN)
    for arm, asset in named.items():
        told = record.arms.get(arm)
        if told is None or told.state not in {"completed", "failed", "timed_out"}:
            raise NotJudged(f"the results hold no {arm} arm of template {template.name}", help=AGAIN)
        if told.asset != asset:
            raise NotJudged(f"the {arm} arm was measured on another asset than {asset}", help=AGAIN)
