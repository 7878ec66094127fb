"""`judge`: no run; a verdict on result files that exist already."""

from __future__ import annotations

from pathlib import Path
from shlex import join

from msgspec import Struct

from remyx_action.policy.bar import set_bar
from remyx_action.policy.isolation import HANDED_IN
from remyx_action.project.models.metrics import measured_metrics
from remyx_action.report.report import Report
from remyx_action.report.verdict import reach_verdict
from remyx_action.sources.disk import prepare_output

from .run.arms import read_handed_in, read_recorded
from .run.clock import Circumstances
from .run.project import choose, load_project
from .run.provenance import standing_of


class Request(Struct, frozen=True, kw_only=True):
    root: Path
    policy: str
    variant: Path
    baseline: Path | None = None
    """None: the recorded baseline, whatever the template says."""
    out: Path | None = None


def judge(request: Request, circumstances: Circumstances) -> Report:
    """Read both arms as the policy's template says, and judge them."""
    project = load_project(request.root)
    [(template, [policy])] = choose(project.bundle, template=None, policy=request.policy)
    metrics = measured_metrics(template, project.vocabulary)
    variant = read_handed_in(template, metrics, request.variant)
    if request.baseline is None:
        baseline = read_recorded(template, metrics, project, now=circumstances.now().clock)
    else:
        baseline = read_handed_in(template, metrics, request.baseline)
    report = reach_verdict(
        set_bar(policy, template, project.vocabulary),
        {"baseline": baseline, "variant": variant},
        judged_under=standing_of(
            project, template, policy, harness=None, isolation=HANDED_IN, reproduce=command(request)
        ).record,
        run=circumstances.now(),
    )
    if request.out is not None:
        from .run.pipeline import write_report

        with prepare_output(request.out, arms=()):
            write_report(request.out, report)
    return report


def command(request: Request) -> str:
    """The command line that gives the same verdict."""
    baseline = ["--baseline", str(request.baseline)] if request.baseline else []
    words = ["judge", "--policy", request.policy, "--variant", str(request.variant), *baseline]
    return join(["remyx-action", *words])
