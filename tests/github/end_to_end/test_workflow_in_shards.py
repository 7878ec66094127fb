"""The workflow in shards and the one that keeps baselines, run by act with the real action."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.github_stand_in import payloads
from support.github_stand_in.act import forms_of
from support.small_project import HARNESS, TEMPLATE, UNLOCKED, locked, model

pytestmark = pytest.mark.slow

SHARDED = HARNESS.replace(
    "results = {",
    'rows = rows[int(os.environ["REMYX_SHARD"])::int(os.environ["REMYX_SHARDS"])]\nresults = {',
)
LOST = """if asset == 'better' and os.environ['REMYX_SHARD'] == '1':
    stat = pathlib.Path(f'/proc/{os.getppid()}/stat').read_text()
    os.kill(int(stat.rpartition(')')[2].split()[1]), 9)
"""
"""The program that started the harness's supervisor is killed, as a machine that is taken away kills it."""


@pytest.fixture
def files(request: pytest.FixtureRequest, release: Any) -> dict[str, str | None]:
    """The small project, its template in three shards, and the workflow of users for that."""
    form, second = forms_of(request.node.name)
    lost = LOST if "lost" in request.node.name else ""
    shards = locked(
        {
            **UNLOCKED,
            ".remyx/templates/small.yaml": f"{TEMPLATE}shards: 3\n",
            "evaluation/evaluate.py": SHARDED.replace("results = {", f"{lost}results = {{"),
        }
    )
    return {
        **shards,
        ".github/workflows/remyx.yml": release.workflow(f"{form}remyx-shards"),
        ".github/workflows/baseline.yml": release.workflow(f"{form}remyx-baseline"),
        ".github/workflows/forks.yml": release.workflow(f"{second}remyx-forks"),
    }


def verdict(ran: Any) -> Any:
    return json.loads((ran.artifacts / "remyx-verdict.default" / "verdict.json").read_text())


def keep_baselines(place: Any) -> Any:
    """A push to main, as the merge before the next pull request is one."""
    world = place.world
    payload = payloads.push(world, "main", before="1" * 40, after=world.history.branches()["main"])
    return place.start("push", payload, ref="refs/heads/main")


def test_the_legs_of_a_pull_request_are_judged_together(place: Any) -> None:
    ran = place.event("opened")
    assert {"open", "plan", "eval", "verdict"} == set(ran.jobs), ran.log
    assert {"success"} == set(ran.jobs.values()), ran.log
    legs = sorted(path.name for path in ran.artifacts.glob("remyx-results.*"))
    assert [f"remyx-results.default.small-{shard}-of-3" for shard in range(3)] == legs
    assert ("ship", 400, 3) == (
        verdict(ran)["verdict"],
        verdict(ran)["metrics"][0]["n"],
        verdict(ran)["arms"]["variant"]["shards"],
    )
    (comment,) = place.ours()
    assert comment.body.startswith("### ✅ Ship")
    assert ["success"] == place.concluded()

    kept = keep_baselines(place)
    assert {"keep": "success"} == kept.jobs, kept.log

    assert kept.log.count("measured and kept") == 3

    place.push({"model.yaml": model("worse")})
    second = place.event("synchronize")
    assert ("success", "failure") == (second.jobs["eval"], second.jobs["verdict"]), second.log
    assert place.ours()[0].body.startswith("### ❌ Reject")
    assert "kept" == verdict(second)["arms"]["baseline"]["origin"]["kind"]
    assert verdict(ran)["inputs"]["metrics"]["accuracy"]["facts"]["baseline"]["ids"] == 400


def test_nothing_to_evaluate_starts_no_leg_of_the_long_form(place: Any) -> None:
    place.world.history.write("feature/y", {"README.md": "Another text.\n"}, onto="main")
    place.pull = place.world.open_pull("feature/y")
    ran = place.event("opened")
    assert {"open": "success", "plan": "success", "verdict": "success"} == ran.jobs, ran.log
    assert place.ours()[0].body.startswith("### ✅ Nothing to evaluate")


def test_a_lost_leg_is_never_a_ship(place: Any) -> None:
    ran = place.event("opened")
    assert ("failure", "failure") == (ran.jobs["eval"], ran.jobs["verdict"]), ran.log
    assert place.ours()[0].body.startswith("### ⚠️ Not judged")
    assert "shard 1 of 3" in place.ours()[0].body
    assert ["failure"] == place.concluded()


@pytest.mark.parametrize("forms", ["long_form and calls", "calls and long_form"])
def test_the_legs_of_a_fork_are_judged_together(place: Any, forms: str) -> None:  # noqa: ARG001 - of `files`
    place.world.history.write("refs/forks/stranger/patch", {"model.yaml": model("worse")}, onto="main")
    place.pull = place.world.open_pull("patch", owner="stranger")
    judged = place.event("opened", from_fork=True)
    assert "failure" == judged.jobs["verdict"], judged.log
    ended = payloads.workflow_run(place.world, place.pull, run_id=500, conclusion="failure")
    published = place.start("workflow_run", ended, ref="refs/heads/main")
    assert {"publish": "failure"} == published.jobs, published.log
    assert place.ours()[0].body.startswith("### ❌ Reject")
    assert ["failure"] == place.concluded()
