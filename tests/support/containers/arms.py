"""Arms in containers, planned from a folder as a template would."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from remyx_action.project.models import Metrics, Template
from remyx_action.project.models.template import ArmName, Script, ScriptKind
from remyx_action.runtimes import ContainerRuntime, Outcome, OutputLine, RunEvent, run_arms
from remyx_action.runtimes.plan.run_plan import ArmPlan, RunPlan, Site, plan_run
from support.containers.engine import BASE, RunningEngine

FROM = f"FROM {BASE}\n"
VOCABULARY = Metrics.model_validate(
    {"version": 1, "metrics": [{"key": "score", "unit": "accuracy", "direction": "higher"}]}
)


def harness(folder: Path, program: str, *, dockerfile: str = "") -> Path:
    """A harness root: `eval/Dockerfile` that runs `eval/main.py`."""
    (folder / "eval").mkdir(parents=True, exist_ok=True)
    (folder / "eval" / "main.py").write_text(textwrap.dedent(program))
    text = dockerfile or f'{FROM}COPY eval/main.py /main.py\nCMD ["python3", "/main.py"]\n'
    (folder / "eval" / "Dockerfile").write_text(text)
    return folder


def planned(root: Path, out: Path, *, arms: tuple[ArmName, ...] = ("variant",), **keys: Any) -> RunPlan:
    """The run of a template whose script is `eval/`."""
    wanted = {
        "version": 1,
        "name": "suite",
        "script": "eval",
        "metrics": ["score"],
        "baseline_asset": "old",
        "timeout": 60,
    }
    outputs = {}
    for arm in arms:
        (out / arm).mkdir(parents=True)
        outputs[arm] = str(out / arm)
    site = Site(
        harness=str(root),
        script=Script(path="eval", kind=ScriptKind.CONTAINER),
        environment={"SECRET": "s", "PATH": "/bin"},
        outputs=outputs,
        configs={
            path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
        },
    )
    template = Template.model_validate(wanted | keys)
    assets: dict[ArmName, str] = {arm: {"baseline": "old", "variant": "new"}[arm] for arm in arms}
    return plan_run(template, VOCABULARY, assets=assets, site=site)


def outcome_of(plan: RunPlan, engine: RunningEngine, **keys: Any) -> tuple[Outcome, list[RunEvent]]:
    """The variant's outcome on the engine, and what was told meanwhile."""
    events: list[RunEvent] = []
    with ContainerRuntime({"DOCKER_HOST": engine.address}, **keys) as runtime:
        outcomes = run_arms(plan, runtime, events.append)
    return outcomes["variant"], events


def lines_of(events: list[RunEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, OutputLine)]


def changed(plan: RunPlan, **keys: Any) -> RunPlan:
    """The plan with something else in each arm."""
    arms = tuple(replace(arm, **keys) for arm in plan.arms)
    return replace(plan, arms=arms)


def only(plan: RunPlan) -> ArmPlan:
    (arm,) = plan.arms
    return arm
