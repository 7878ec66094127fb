"""A workflow file runs as on a runner, and what it asks of GitHub reaches the stand-in."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.github_stand_in import payloads
from support.github_stand_in.act import Runner
from support.github_stand_in.history import History
from support.github_stand_in.server import StandIn, serve
from support.github_stand_in.world import Pull, World

pytestmark = pytest.mark.slow

WORKFLOW = """
name: probe
on:
  pull_request:
  merge_group:
permissions: {}
jobs:
  open:
    runs-on: ubuntu-latest
    outputs:
      number: ${{ steps.number.outputs.number }}
    steps:
      - id: number
        run: echo "number=41" >> "$GITHUB_OUTPUT"
  eval:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@0123456789012345678901234567890123456789 # v6
        with:
          fetch-depth: 0
          persist-credentials: false
      - run: |
          mkdir -p out/.hidden
          cp model.yaml out/
          touch out/.hidden/never
          git log --oneline origin/main > out/log
          git show -s --format=%P > out/parents
      - uses: actions/upload-artifact@0123456789012345678901234567890123456789 # v6
        with:
          name: raw
          path: out
      - run: |
          test "$(cat model.yaml)" != "name: broken"
  never:
    if: github.event.action == 'edited'
    runs-on: ubuntu-latest
    steps:
      - run: "false"
  verdict:
    needs: [open, eval, never]
    if: always()
    runs-on: ubuntu-latest
    permissions:
      contents: read
      pull-requests: write
    steps:
      - uses: actions/download-artifact@0123456789012345678901234567890123456789 # v7
        with:
          name: raw
          path: raw
      - env:
          EVAL: ${{ needs.eval.result }}
          NEVER: ${{ needs.never.result }}
          CHECK: ${{ needs.open.outputs.number }}
        run: echo "eval $EVAL, never $NEVER, check $CHECK" >> "$GITHUB_STEP_SUMMARY"
      - uses: remyx-team/probe@v1
        with:
          token: ${{ github.token }}
      - if: needs.eval.result != 'success'
        run: exit 4
"""
PROBE = """
name: probe
description: Posts what was measured.
inputs:
  token: {description: "To write with.", required: true}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        TOKEN: ${{ inputs.token }}
        NUMBER: ${{ github.event.pull_request.number }}
      run: |
        [ -n "$NUMBER" ] || exit 0
        curl --silent --fail-with-body -X POST \\
          -H "Authorization: Bearer $TOKEN" -H 'X-GitHub-Api-Version: 2022-11-28' \\
          -H 'Content-Type: application/json' \\
          -d "{\\"body\\": \\"$(cat raw/model.yaml)\\"}" \\
          "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments"
"""


@pytest.fixture
def world(tmp_path: Path, seed: Path) -> World:
    history = History(shutil.copytree(seed, tmp_path / "spatial.git"))
    history.write("main", {".github/workflows/probe.yml": WORKFLOW})
    return World(history=history)


@pytest.fixture
def stand_in(world: World) -> Iterator[StandIn]:
    with serve(world) as listening:
        yield listening
    assert [] == world.violations


@pytest.fixture
def runner(stand_in: StandIn, tmp_path: Path) -> Runner:
    (tmp_path / "probe").mkdir()
    (tmp_path / "probe" / "action.yml").write_text(PROBE)
    actions = {"remyx-team/probe@v1": tmp_path / "probe"}
    return Runner(stand_in=stand_in, scratch=tmp_path / "runner", actions=actions)


@pytest.fixture
def pull(world: World) -> Pull:
    return world.open_pull("feature/x")


def merge_ref(pull: Pull) -> str:
    return f"refs/pull/{pull.number}/merge"


def test_a_pull_request_is_checked_out_merged_measured_and_commented(
    runner: Runner, world: World, pull: Pull
) -> None:
    payload = payloads.pull_request(world, pull, "opened")
    ran = runner.run("pull_request", payload, ref=merge_ref(pull), run_id=500)
    assert {"open": "success", "eval": "success", "verdict": "success"} == ran.jobs, ran.log
    assert ["name: b"] == [each.body for each in world.comments]
    assert {"verdict": "eval success, never skipped, check 41\n"} == ran.summaries
    assert ["log", "model.yaml", "parents"] == sorted(path.name for path in (ran.artifacts / "raw").iterdir())
    parents = (ran.artifacts / "raw" / "parents").read_text().split()
    assert [world.base(pull), world.head(pull)] == parents


def test_a_failed_job_is_seen_by_the_job_after_it(runner: Runner, world: World, pull: Pull) -> None:
    world.history.write("feature/x", {"model.yaml": "name: broken\n"})
    world.refresh(pull)
    payload = payloads.pull_request(world, pull)
    ran = runner.run("pull_request", payload, ref=merge_ref(pull), run_id=501)
    assert {"open": "success", "eval": "failure", "verdict": "failure"} == ran.jobs, ran.log
    assert {"verdict": "eval failure, never skipped, check 41\n"} == ran.summaries


def test_a_read_only_token_is_refused_inside_the_job_too(runner: Runner, world: World, pull: Pull) -> None:
    payload = payloads.pull_request(world, pull)
    ran = runner.run("pull_request", payload, ref=merge_ref(pull), run_id=502, from_fork=True)
    assert ("failure", []) == (ran.jobs["verdict"], world.comments)
    assert [403] == [call.status for call in world.calls]
    assert "ghs-stand-in" not in ran.log


def test_a_merge_group_runs_on_its_own_commit(runner: Runner, world: World, pull: Pull) -> None:
    payload = payloads.merge_group(world, pull)
    ref = payload["merge_group"]["head_ref"]
    ran = runner.run("merge_group", payload, ref=ref, run_id=503)
    assert {"open": "success", "eval": "success", "verdict": "success"} == ran.jobs, ran.log
    assert [] == world.comments


def test_a_job_s_token_may_do_what_its_file_says(runner: Runner, world: World, pull: Pull) -> None:
    world.history.write(
        "main", {".github/workflows/probe.yml": WORKFLOW.replace("requests: write", "requests: read")}
    )
    world.refresh(pull)
    payload = payloads.pull_request(world, pull)
    ran = runner.run("pull_request", payload, ref=merge_ref(pull), run_id=504)
    assert ("failure", []) == (ran.jobs["verdict"], world.comments)
    assert [403] == [call.status for call in world.calls]
