"""`judge`: no run; a verdict on result files that exist already."""

from __future__ import annotations

from pathlib import Path
from shlex import join

from remyx_action.policy.bar import make_bar
from remyx_action.policy.isolation import HANDED_IN
from remyx_action.project.models.metrics import measured_metrics
from remyx_action.report.report import Report
from remyx_action.report.verdict import Arms, reach_verdict
from remyx_action.sources.disk import prepare_output

from .run.arms import read_handed_in, read_recorded
from .run.judged_under import judged_under, lock_state
from .run.project import choose, load_project
from .run.request import World


def judge_files(
    root: Path,
    world: World,
    *,
    policy: str,
    variant: Path,
    baseline: Path | None = None,
    out: Path | None = None,
) -> Report:
    """Read both arms as the policy's template says, and judge them.

    Without `baseline` the recorded one counts, whatever the template says. `cli` calls this; it reaches
    `policy.judgement.judge` by `reach_verdict`.
    """
    project = load_project(root)
    [(template, [chosen_policy])] = choose(project.bundle, template=None, policy=policy)
    metrics = measured_metrics(template, project.vocabulary)
    after = read_handed_in(template, metrics, variant)
    if baseline is None:
        recorded = project.recorded_baseline(template.name)
        before = read_recorded(template, metrics, recorded, now=world.now().clock)
    else:
        before = read_handed_in(template, metrics, baseline)
    lock, reproduce = lock_state(project, template, None), command(policy, variant, baseline)
    report = reach_verdict(
        make_bar(chosen_policy, template, project.vocabulary),
        Arms(baseline=before, variant=after),
        judged_under=judged_under(
            project, template, chosen_policy, lock=lock, isolation=HANDED_IN, reproduce=reproduce
        ),
        run=world.now(),
    )
    if out is not None:
        from .run.pipeline import write_report

        with prepare_output(out, arms=()):
            write_report(out, report)
    return report


def command(policy: str, variant: Path, baseline: Path | None) -> str:
    """Return the command line that gives the same verdict."""
    words = ["judge", "--policy", policy, "--variant", str(variant)]
    return join(["remyx-action", *words, *(["--baseline", str(baseline)] if baseline else [])])
