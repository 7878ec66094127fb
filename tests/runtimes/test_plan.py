"""A plan is a pure function of template, assets and site."""

from collections.abc import Mapping
from typing import Any

import pytest

from remyx_action.commands.run.variants import choose_assets, choose_variant
from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.models import Metrics, Template
from remyx_action.project.models.field_types import PLACEHOLDERS
from remyx_action.project.models.template import ArmName, Script, ScriptKind
from remyx_action.runtimes.plan.container import Brought
from remyx_action.runtimes.plan.run_plan import RunPlan, Site, plan_run
from remyx_action.runtimes.plan.variables import SET


def template(**keys: Any) -> Template:
    wanted = {
        "version": 1,
        "name": "suite",
        "script": "eval.py",
        "metrics": ["score"],
        "baseline_asset": "old",
    }
    return Template.model_validate(wanted | keys)


def vocabulary(unit: str = "accuracy") -> Metrics:
    metrics = [
        {"key": "score", "unit": unit, "direction": "higher"},
        {"key": "other", "unit": "s", "direction": "lower"},
    ]
    return Metrics.model_validate({"version": 1, "metrics": metrics})


def site(kind: ScriptKind = ScriptKind.PYTHON, **keys: Any) -> Site:
    return Site(
        harness="/project",
        script=Script(path="eval.py", kind=kind),
        environment={"PATH": "/bin", "SECRET": "s"},
        outputs={"baseline": "/out/arms/baseline", "variant": "/out/arms/variant"},
        **keys,
    )


ASSETS: Mapping[ArmName, str] = {"baseline": "old", "variant": "new"}


def planned(*, kind: ScriptKind = ScriptKind.PYTHON, **keys: Any) -> RunPlan:
    return plan_run(template(**keys), vocabulary(), assets=ASSETS, site=site(kind))


def test_both_arms_get_everything_in_their_environment() -> None:
    plan = planned(samples=300, timeout=60)
    assert ["baseline", "variant"] == [arm.arm for arm in plan.arms]
    variant = plan.arms[1]
    assert (
        SET
        | {
            "PATH": "/bin",
            "REMYX_ASSET": "new",
            "REMYX_ARM": "variant",
            "REMYX_SOURCE": "/project",
            "REMYX_HARNESS": "/project",
            "REMYX_OUTPUT_DIR": "/out/arms/variant",
            "REMYX_SEED": "0",
            "REMYX_SAMPLES": "300",
            "REMYX_SHARD": "0",
            "REMYX_SHARDS": "1",
        }
        == variant.environment
    )
    assert ("/project", "/out/arms/variant", 60.0, (300,)) == (
        variant.working_folder,
        variant.output_folder,
        variant.timeout_seconds,
        variant.expected_samples,
    )


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        (ScriptKind.PYTHON, ("python3", "/project/eval.py")),
        (ScriptKind.PYTHON_WITH_METADATA, ("uv", "run", "--no-config", "--script", "/project/eval.py")),
        (ScriptKind.EXECUTABLE, ("/project/eval.py",)),
        (ScriptKind.FOLDER_RUN, ("/project/eval.py/run",)),
        (ScriptKind.FOLDER_ENTRYPOINT, ("/project/eval.py/entrypoint.sh",)),
    ],
)
def test_a_script_is_started_by_what_it_is(kind: ScriptKind, command: tuple[str, ...]) -> None:
    assert {command} == {arm.command for arm in planned(kind=kind).arms}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (ScriptKind.MISSING, "script eval.py does not exist"),
        (ScriptKind.NOT_EXECUTABLE, "script eval.py is not executable"),
        (
            ScriptKind.FOLDER_WITHOUT_START,
            "script eval.py is a folder without a Dockerfile or an executable `run` or `entrypoint.sh`",
        ),
    ],
)
def test_a_script_that_cannot_be_started_is_refused(kind: ScriptKind, message: str) -> None:
    with pytest.raises(NotJudged) as refusal:
        planned(kind=kind)
    assert message == refusal.value.message
    assert refusal.value.help


def test_a_command_starts_what_else_could_not_be_started() -> None:
    plan = planned(kind=ScriptKind.NOT_EXECUTABLE, command=["sh", "-c", "./go {asset} {output_dir}"])
    assert ("sh", "-c", "./go new /out/arms/variant") == plan.arms[1].command


def test_placeholders_are_filled_in_once_and_other_braces_stay() -> None:
    assets: Mapping[ArmName, str] = {"baseline": "{arm}", "variant": "{output_dir}"}
    command = ["go", "{asset}", "{arm}:{source}:{harness}", '{"a": {asset}}', "{0}", "{}"]
    plan = plan_run(template(command=command), vocabulary(), assets=assets, site=site())
    expected = ("go", "{output_dir}", "variant:/project:/project", '{"a": {output_dir}}', "{0}", "{}")
    assert expected == plan.arms[1].command


PREDICT = {
    "command": ["go", "{inputs}", "{predictions}"],
    "inputs": "evaluation/inputs",
    "container": {"dockerfile": "evaluation/Dockerfile", "context": "evaluation/image"},
}


@pytest.mark.parametrize("name", sorted(set(PLACEHOLDERS) - {"inputs"}))
def test_every_placeholder_that_files_may_use_has_a_value(name: str) -> None:
    plan = planned(command=["{" + name + "}"], samples=300, predict=PREDICT)
    assert (plan.arms[1].environment[f"REMYX_{name.upper()}"],) == plan.arms[1].command


def test_code_under_test_sees_its_inputs_and_source_alone() -> None:
    """And the scorer, which runs beside the labels, no longer sees the source."""
    sources: Mapping[ArmName, str] = {"baseline": "/commits/1", "variant": "/commits/2"}
    here = site(sources=sources)
    plan = plan_run(
        template(predict=PREDICT, env=["SECRET"], paths=["src/**"]), vocabulary(), assets=ASSETS, site=here
    )
    scorer, code = plan.arms[1], plan.arms[1].predict
    assert code is not None
    assert code.container is not None
    harness = ("eval.py", "eval.py/**", "evaluation/Dockerfile", "evaluation/image/**")
    inputs = ("evaluation/inputs", "evaluation/inputs/**")
    brought = {
        "inputs/inputs": Brought(path="/project/evaluation/inputs"),
        "source": Brought(path="/commits/2", only=("src/**",), but=(*harness, *inputs, ".remyx/**")),
    }
    assert brought == code.container.brought
    assert ("go", "/remyx/inputs/inputs", "/remyx/predictions") == code.command
    assert "SECRET" not in code.environment
    assert "s" == scorer.environment["SECRET"]
    assert "/out/arms/variant/predictions" == scorer.environment["REMYX_PREDICTIONS"] == code.output_folder
    assert "/project" == scorer.environment["REMYX_SOURCE"]
    assert not any("/commits/2" in value for value in scorer.environment.values())


def test_an_undeclared_number_of_samples_is_not_invented() -> None:
    assert "REMYX_SAMPLES" not in planned().arms[0].environment
    with pytest.raises(NotJudged, match="declares no samples"):
        planned(command=["go", "{samples}"])


def test_the_largest_declared_number_of_samples_is_passed_on() -> None:
    plan = planned(samples={"score": 40, "other": 30}, metrics=["score", "other"])
    assert ("40", (30, 40)) == (plan.arms[0].environment["REMYX_SAMPLES"], plan.arms[0].expected_samples)


@pytest.mark.parametrize(
    ("unit", "arms", "together"),
    [
        ("accuracy", None, True),
        ("MS", None, False),
        ("seconds", None, False),
        ("seconds", "parallel", True),
        ("accuracy", "sequential", False),
    ],
)
def test_arms_run_in_turn_where_a_measured_unit_is_a_time(
    unit: str, arms: str | None, together: bool
) -> None:
    asked = {"arms": arms} if arms else {}
    assert together == plan_run(template(**asked), vocabulary(unit), assets=ASSETS, site=site()).together


def test_each_arm_gets_its_own_source() -> None:
    sources = {"baseline": "/checkout/a", "variant": "/checkout/b"}
    plan = plan_run(
        template(command=["go", "{source}"]), vocabulary(), assets=ASSETS, site=site(sources=sources)
    )
    assert [("go", "/checkout/a"), ("go", "/checkout/b")] == [arm.command for arm in plan.arms]
    assert "/checkout/b" == plan.arms[1].environment["REMYX_SOURCE"]


def test_the_runners_variables_cannot_be_asked_for() -> None:
    with pytest.raises(NotJudged, match="GITHUB_TOKEN"):
        planned(env=["GITHUB_TOKEN"])


def test_a_recorded_baseline_is_not_run() -> None:
    assets = choose_assets(template(baseline="recorded"), baseline=None, variant="new")
    plan = plan_run(template(baseline="recorded"), vocabulary(), assets=assets, site=site())
    assert ["variant"] == [arm.arm for arm in plan.arms]
    assert {"baseline": "the template takes the recorded baseline"} == plan.not_run


def test_the_flag_overrides_the_templates_baseline() -> None:
    assert {"baseline": "other", "variant": "new"} == choose_assets(
        template(), baseline="other", variant="new"
    )


def test_assets_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(NotJudged, match=r"^same_asset: baseline and variant are both old"):
        choose_assets(template(), baseline=None, variant="old")
    with pytest.raises(NotJudged, match=r"^no_variant"):
        choose_assets(template(), baseline=None, variant=None)
    with pytest.raises(NotJudged, match="names no baseline_asset"):
        choose_assets(template(baseline_asset=None), baseline=None, variant="new")


def test_commits_share_one_asset() -> None:
    commits = template(compare="commits")
    assert {"baseline": "old", "variant": "old"} == choose_assets(commits, baseline=None, variant=None)
    with pytest.raises(WrongUsage, match="compares commits"):
        choose_assets(commits, baseline=None, variant="new")


def test_the_variant_is_the_only_one_that_is_named() -> None:
    assert "a" == choose_variant(template(), {"model.yaml": "a", "experiments/x.yaml": "a"})
    with pytest.raises(NotJudged, match="no_variant: nothing names"):
        choose_variant(template(), {})
    with pytest.raises(NotJudged, match=r"several variants are named: a \(model.yaml\), b \(x.yaml\)"):
        choose_variant(template(), {"model.yaml": "a", "x.yaml": "b"})
