"""`baseline`: the baseline arm alone, measured on the default branch, recorded or kept for later runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from difflib import unified_diff

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.commands.output import Say
from remyx_action.decimals import round_significant
from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.files.wording import did_you_mean
from remyx_action.project.files.yaml_text import Place
from remyx_action.project.lock import digest_of
from remyx_action.project.models import Metrics, Template
from remyx_action.project.models.metrics import RecordedBaseline
from remyx_action.project.models.shard import WHOLE, Shard
from remyx_action.readers import Measured, write_recorded
from remyx_action.readers.samples import point_of
from remyx_action.readers.scores import ArmScores, Samples, Summary
from remyx_action.report.verdict import Arm
from remyx_action.sources.disk import prepare_output, write_whole
from remyx_action.sources.git import source_of_baseline

from .run.context import Context, open_context
from .run.evaluation import Evaluation
from .run.judged_under import harness_digest
from .run.measure import measure_arms, refuse_to_run_nothing
from .run.project import Project
from .run.request import Request, World

PATH = ".remyx/metrics.yaml"
_OF_A_NUMBER = "+-.0123456789eE"


def propose_numbers(
    text: str, places: Mapping[str, Place], metrics: Metrics, measured: Mapping[str, Mapping[str, Decimal]]
) -> str:
    """A unified diff of metrics.yaml that puts measured numbers in place of declared ones; "" without any.

    `measured` has `value`, `n` and `stderr` by metric key, as far as known. Only numbers that stand there
    already are replaced: a metric without a baseline stays without, an exact one is a decision.
    """
    edits = []
    for index, metric in enumerate(metrics.metrics):
        found, pointer = measured.get(metric.key, {}), f"/metrics/{index}/baseline"
        if isinstance(metric.baseline, Decimal) and "value" in found:
            edits.append((places[pointer], found["value"]))
        elif isinstance(metric.baseline, RecordedBaseline):
            edits += [
                (places[f"{pointer}/{name}"], found[name])
                for name in ("value", "n", "stderr")
                if name in found and f"{pointer}/{name}" in places
            ]
    before = text.splitlines(keepends=True)
    after = list(before)
    for place, number in sorted(edits, key=lambda edit: (edit[0].line, edit[0].column), reverse=True):
        line, start = after[place.line - 1], place.column - 1
        end = start + len(line[start:]) - len(line[start:].lstrip(_OF_A_NUMBER))
        after[place.line - 1] = line[:start] + f"{number:f}" + line[end:]
    return "".join(unified_diff(before, after, f"a/{PATH}", f"b/{PATH}"))


SHOWN_DIGITS = 6
"""Of a number that is proposed for metrics.yaml: what people still read."""


class Taken(Struct, frozen=True, kw_only=True):
    """One template's baseline arm, whole."""

    template: Template
    asset: str
    commit: str | None
    arm: Arm


def keep(request: Request, world: World, say: Say) -> None:
    """Have every baseline arm among the kept ones; one that is there already is not measured again."""
    if not request.cache.may_put:
        raise NotJudged(
            "a baseline is kept by runs on the default branch only, and this is none",
            help="run it on a push to the default branch, or on your own machine",
        )
    with prepare_output(request.out, arms=()), _context(request) as context:
        for template in _templates(request, context.project):
            for shard in _shards(request, template):
                report = measure_baseline(request, world, context, template, shard).arm.report
                was = "kept already" if report.origin else "measured and kept"
                part = "" if shard.count == 1 else f", shard {shard.index} of {shard.count}"
                say(f"{template.name}{part}: {was} ({report.asset}, {report.seconds} s)")


def record(request: Request, world: World, say: Say) -> str:
    """Write `.remyx/baselines/<template>.json` of every template asked for; returns a diff of metrics.yaml.

    NotJudged where an arm fails or a metric of it cannot be used: then nothing is written.
    """
    if not request.cache.may_put:
        raise NotJudged(
            "a baseline is recorded on the default branch only: a pull request writes none",
            help="run it on the default branch, and commit the file for review",
        )
    with prepare_output(request.out, arms=()), _context(request) as context:
        arms = [
            measure_baseline(request, world, context, one) for one in _templates(request, context.project)
        ]
        for taken in arms:
            name, report = taken.template.name, taken.arm.report
            path = request.root / ".remyx" / "baselines" / f"{name}.json"
            write_whole(path, write_recorded(name, taken.arm.scores, _how(world, context, taken)))
            say(f"{name}: wrote .remyx/baselines/{name}.json ({report.asset}, {report.seconds} s)")
        return _proposed(context.project, [taken.arm.scores for taken in arms])


def _context(request: Request) -> AbstractContextManager[Context]:
    return open_context(replace(request, template=None))


def _templates(request: Request, project: Project) -> Sequence[Template]:
    templates = project.bundle.templates
    if request.template is None:
        return [one for one in templates.values() if _has_baseline(request, one)]
    if request.template not in templates:
        advice = did_you_mean(request.template, templates, none="write .remyx/templates/NAME.yaml first")
        raise WrongUsage(f"there is no template {request.template}", help=advice)
    return [templates[request.template]]


def _has_baseline(request: Request, template: Template) -> bool:
    return bool(request.baseline or template.baseline_asset or template.compare == "commits")


def _shards(request: Request, template: Template) -> Sequence[Shard]:
    """The shard asked for; else each one of the template, as the legs of a pull request will look for it."""
    if request.shard.count > 1:
        return [request.shard]
    count = template.shards or 1
    return [Shard(index=shard, count=count) for shard in range(count)]


def measure_baseline(
    request: Request,
    world: World,
    context: Context,
    template: Template,
    shard: Shard = WHOLE,
    *,
    part: str = "",
) -> Taken:
    """The template's baseline arm, whole; NotJudged where it is not.

    `part`: a folder of its own below the template's, where the arm is measured several times.
    """
    refuse_to_run_nothing(template)
    if not _has_baseline(request, template):
        raise NotJudged(
            f"template {template.name} names no baseline_asset",
            help="add baseline_asset to the template, or pass --asset ASSET",
        )
    asset = request.baseline or template.baseline_asset or ""
    folder = request.out / "baselines" / template.name / part
    with source_of_baseline(request.root, template) as sources, prepare_output(folder) as output:
        evaluation = Evaluation(
            context=context,
            template=template,
            request=replace(request, shard=shard),
            output=output,
            sources=sources,
            world=world,
        )
        arm = measure_arms(evaluation, {"baseline": asset})["baseline"]
    unusable = arm.scores.unusable(of_a_shard=shard.count > 1)
    lacking = [f"{key}: {found.message}" for key, found in unusable.items()]
    if arm.report.state != "completed" or lacking:
        what = arm.report.detail if arm.report.state != "completed" else "\n".join(lacking)
        raise NotJudged(
            f"the baseline of template {template.name} is not whole: {what}",
            help="fix the harness; a broken or partial run is neither recorded nor kept",
        )
    return Taken(template=template, asset=asset, commit=sources.commits.get("merge_base"), arm=arm)


def _how(world: World, context: Context, taken: Taken) -> Measured:
    now = world.now()
    harness = harness_digest(taken.template, context.harness)
    return Measured(
        clock=now.clock,
        version=now.version,
        asset=taken.asset or None,
        commit=taken.commit,
        seconds=taken.arm.report.seconds or Decimal(0),
        digests={"template": digest_of(taken.template), "harness": harness},
        seeds=taken.template.seeds is not None,
    )


def _proposed(project: Project, arms: Sequence[ArmScores]) -> str:
    numbers: dict[str, dict[str, Decimal]] = {}
    aggregates = {metric.key: metric.aggregate for metric in project.vocabulary.metrics}
    for scores in arms:
        for key, found in scores.scores.items():
            if isinstance(found, Samples):
                point = round_significant(point_of(found, aggregates[key]), SHOWN_DIGITS)
                numbers[key] = {"value": point, "n": Decimal(len(set(found.ids)))}
            elif isinstance(found, Summary):
                known = {"value": found.value, "n": found.n, "stderr": found.stderr}
                numbers[key] = {name: Decimal(one) for name, one in known.items() if one is not None}
    text = project.texts.get(PATH, b"").decode()
    return propose_numbers(text, project.bundle.places.get(PATH, {}), project.vocabulary, numbers)
