"""The line of `run`: load → check → plan → run → read → compare → judge → report."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.load import Bundle
from remyx_action.project.lock import digest_of_environment, digest_of_measuring, plain_variables
from remyx_action.report import render
from remyx_action.report.report import Report, to_json
from remyx_action.report.run_record import NAME, record_as_json
from remyx_action.report.verdict import Arms
from remyx_action.sources.disk import prepare_output, remove_written, write_whole

from .artifacts import read_artifacts
from .context import Context, open_context, open_sources
from .evaluation import Evaluation
from .judge import judge_arms, sentence_of_record, with_sentence
from .judged_under import harness_digest
from .request import Request, World

if TYPE_CHECKING:
    from remyx_action.policy.diff import Change


class Ran(Struct, frozen=True, kw_only=True):
    """How a run ended."""

    reports: list[Report]
    """One per policy; empty after `--measure-only`, and where there was nothing to evaluate."""
    nothing: str | None
    """Why there was nothing to evaluate."""
    first: bool
    """Whether that is because the base branch holds no bar yet."""
    bundle: Bundle
    """The rules, with the place of each."""
    bar_changes: Sequence[Change] = ()
    """What the pull request does to metrics, templates and policies."""
    harness_paths: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By template: the files of its harness that the pull request changes."""
    so_far: Mapping[str, str | None] = field(default_factory=dict)
    """By policy, where nothing was evaluated: the proposed bar's judgements of the recorded verdicts."""

    def changes_of(self, policy: str) -> Sequence[Change]:
        """Return what the pull request does to a policy's bar; to every one for ""."""
        changes = [
            change
            for change in self.bar_changes
            if not policy or not change.policies or policy in change.policies
        ]
        return with_sentence(changes, self.so_far.get(policy))

    def harness_paths_of(self, policy: str) -> Sequence[str]:
        """Return the changed files that a policy's template measures with; of every one for ""."""
        judged = self.bundle.policies.get(policy)
        names = list(self.harness_paths) if judged is None else [judged.template]
        return list(dict.fromkeys(path for name in names for path in self.harness_paths.get(name, ())))


def run(request: Request, world: World) -> Ran:
    """Measure both arms of every template asked for and judge them by each of its policies."""
    reports: list[Report] = []
    _refuse_a_part(request)
    remove_written(request.out, but=[NAME] if request.measured else [])
    with _saying_a_full_disk(request.out), ExitStack() as stack:
        context = stack.enter_context(open_context(request))
        alone = sum(len(policies) for _, policies in context.choices) == 1
        if context.choices and not alone:
            stack.enter_context(prepare_output(request.out, arms=()))
        for template, policies in context.choices:
            first = request.out if alone else request.out / policies[0].name
            with open_sources(request, context, template) as sources, prepare_output(first) as output:
                evaluation = Evaluation(
                    context=context,
                    template=template,
                    request=request,
                    output=output,
                    sources=sources,
                    world=world,
                )
                arms = arms_of(evaluation)
                for policy in [] if request.measure_only else policies:
                    report = judge_arms(
                        context, template, policy, arms, request=request, sources=sources, world=world
                    )
                    write_report(first if alone else request.out / policy.name, report)
                    reports.append(report)
    return _ended(context, reports, world)


def _ended(context: Context, reports: list[Report], world: World) -> Ran:
    """Return the reports with what the pull request does to the bar."""
    bundle, proposal = context.project.bundle, context.proposal
    return Ran(
        reports=reports,
        nothing=context.nothing,
        first=context.first,
        bundle=bundle,
        bar_changes=context.bar_changes,
        so_far={
            name: sentence_of_record(context, policy, world)
            for name, policy in bundle.policies.items()
            if not reports and context.bar_changes
        },
        harness_paths={
            name: proposal.harness_paths(template) if proposal else ()
            for name, template in bundle.templates.items()
        },
    )


FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def _saying_a_full_disk(out: Path) -> Iterator[None]:
    """NotJudged where the block cannot write because there is no room."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise NotJudged(
            f"cannot write below {out}: {(error.strerror or 'no space left').lower()}",
            help="make room there and in TMPDIR, or name another folder with --out",
        ) from error


def arms_of(evaluation: Evaluation) -> Arms:
    """Return both arms: measured by another job, else here, and recorded for whoever judges them."""
    if evaluation.request.measured is not None:
        return read_artifacts(evaluation, evaluation.request.measured)
    from .measure import measure  # who judges another job's results loads no runtime

    arms = measure(evaluation)
    template, harness = evaluation.template, harness_digest(evaluation.template, evaluation.context.harness)
    record = record_as_json(
        template.name,
        evaluation.shard,
        commits=evaluation.context.commits(evaluation.sources),
        harness=harness,
        measuring=digest_of_measuring(template, harness),
        environment=digest_of_environment(template, evaluation.world.environment),
        variables=plain_variables(template, evaluation.world.environment),
        arms={name: arm.report for name, arm in arms.named().items()},
        run=evaluation.world.now(),
    )
    write_whole(evaluation.output.path / NAME, record)
    return arms


def write_report(folder: Path, report: Report) -> None:
    """Write the verdict for machines, and drawn for people."""
    write_whole(folder / "verdict.json", to_json(report))
    write_whole(folder / "comment.md", render.comment(report))
    write_whole(folder / "summary.md", render.summary(report))
    write_whole(folder / "report.html", render.page(report))


def _refuse_a_part(request: Request) -> None:
    shard = request.shard
    if shard.count > 1 and not request.measure_only:
        raise WrongUsage(
            f"shard {shard.index} of {shard.count} is judged by nobody alone",
            help="measure every shard with --measure-only and an --out of its own, then `run --measured DIR`",
        )
