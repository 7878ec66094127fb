"""The workflow that users copy, run by act with the real action on a real repository."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from support.github_stand_in import payloads
from support.github_stand_in.act import ROOT, forms_of
from support.jobs import CHECK
from support.small_project import FILES, HARNESS, POLICY, TEMPLATE, UNLOCKED, locked, model

pytestmark = pytest.mark.slow

CANCELLED = "import os, signal\n" + HARNESS.replace(
    "if asset not in RIGHT:",
    """if asset == "cancelled":
    stat = pathlib.Path(f"/proc/{os.getppid()}/stat").read_text()
    os.kill(int(stat.rpartition(")")[2].split()[1]), signal.SIGTERM)
    signal.pause()
if asset not in RIGHT:""",
).removeprefix('"""Scores an asset by its name: how many of 400 samples it gets right."""\n')
"""The same, where the program that started its supervisor is asked to end, as a runner asks it."""
Record = Callable[[str, object], None]


def test_a_pull_request_has_one_comment_and_one_check_a_commit(place: Any, record_property: Record) -> None:
    first = place.event("opened", program=None)  # the action brings it; elsewhere the machine has it
    assert {"open": "success", "eval": "success", "verdict": "success"} == first.jobs, first.log
    (comment,) = place.ours()
    assert comment.body.startswith("### ✅ Ship")
    assert ["success"] == place.concluded()
    calls = [f"{each.verb} {each.target}" for each in place.world.calls]
    assert len(calls) <= 7, calls

    shipped = place.world.head(place.pull)
    place.push({"model.yaml": model("worse")})
    second = place.event("synchronize")
    assert {"open": "success", "eval": "success", "verdict": "failure"} == second.jobs, second.log
    assert [comment.id] == [each.id for each in place.ours()]
    assert place.ours()[0].body.startswith("### ❌ Reject")
    assert (["success"], ["failure"]) == (place.concluded(shipped), place.concluded())
    assert len(place.world.calls) <= 7
    record_property("github", f"calls an update, opening the check included: {len(place.world.calls)}")

    said = place.ours()[0].body
    for action, draft in (("edited", False), ("synchronize", True)):
        place.pull.draft = draft
        ran = place.event(action)
        assert ({}, [said], ["failure"]) == (
            ran.jobs,
            [each.body for each in place.ours()],
            place.concluded(),
        ), ran.log


WITH_SECRET = HARNESS.replace(
    "asset = os", "if not os.environ.get('HF_TOKEN'): sys.exit('no token came')\nasset = os"
)


HANDED = """    secrets:
      REMYX_SECRETS: |
        HF_TOKEN=${{ secrets.HF_TOKEN }}
        OTHER_TOKEN=${{ secrets.NOWHERE_SET }}
"""


def test_a_secret_that_the_caller_hands_in_reaches_no_fork(place: Any) -> None:
    """Whatever the repository's settings hand to forks, here all of its secrets."""
    secrets = {"HF_TOKEN": "hf_SECRETsecretSECRET"}
    own = place.event("opened", secrets=secrets)
    assert ["success"] == place.concluded(), own.log
    place.world.history.write("refs/forks/stranger/patch", {"model.yaml": model("better")}, onto="main")
    place.pull = place.world.open_pull("patch", owner="stranger")
    stranger = place.event("opened", from_fork=True, secrets=secrets)
    assert "no token came" in stranger.summaries["verdict"], stranger.log
    assert "failure" == stranger.jobs["verdict"]


def test_a_fork_s_read_only_token_leaves_summary_artifact_and_exit_code(place: Any) -> None:
    place.world.history.write("refs/forks/stranger/patch", {"model.yaml": model("worse")}, onto="main")
    place.pull = place.world.open_pull("patch", owner="stranger")
    ran = place.event("opened", from_fork=True)
    assert {"open": "success", "eval": "success", "verdict": "failure"} == ran.jobs, ran.log
    assert ([], []) == (place.world.comments, place.world.checks)
    assert "### ❌ Reject" in ran.summaries["verdict"]
    assert "a second workflow on `workflow_run` can publish it" in ran.summaries["verdict"]
    report = json.loads((ran.artifacts / "remyx-verdict.default" / "verdict.json").read_text())
    assert "reject" == report["verdict"]
    assert "tree" not in report["judged_under"]["source"]


@pytest.mark.parametrize("forms", ["long_form and calls", "calls and long_form"])
def test_the_second_workflow_comments_for_a_fork(place: Any, forms: str) -> None:  # noqa: ARG001 - of `files`
    place.world.history.write("refs/forks/stranger/patch", {"model.yaml": model("worse")}, onto="main")
    place.pull = place.world.open_pull("patch", owner="stranger")
    judged = place.event("opened", from_fork=True)
    assert "failure" == judged.jobs["verdict"], judged.log
    ended = payloads.workflow_run(place.world, place.pull, run_id=500, conclusion="failure")
    published = place.start("workflow_run", ended, ref="refs/heads/main")
    assert {"publish": "failure"} == published.jobs, published.log
    assert place.ours()[0].body.startswith("### ❌ Reject")
    assert ["failure"] == place.concluded()

    own = place.world.open_pull("feature/x")
    ended = payloads.workflow_run(place.world, own, run_id=500)
    before = len(place.world.comments)
    skipped = place.start("workflow_run", ended, ref="refs/heads/main")
    assert ({}, before) == (skipped.jobs, len(place.world.comments)), skipped.log


@pytest.mark.parametrize("form", ["ten_lines", "long_form"])
def test_each_verdict_is_recorded_by_a_job_of_its_own(place: Any, form: str) -> None:
    """A red verdict too, where the job stands beside it: act ends a run with a called workflow that fails."""
    if form == "ten_lines":
        first = place.event("opened")
        assert ("success", "success") == (first.jobs["verdict"], first.jobs.get("record")), first.log
        place.world.history.write("refs/forks/stranger/patch", {"model.yaml": model("better")}, onto="main")
        place.pull = place.world.open_pull("patch", owner="stranger")
        assert "record" not in place.event("opened", from_fork=True).jobs
    else:
        place.push({"model.yaml": model("worse")})
        second = place.event("synchronize")
        assert ("failure", "success") == (second.jobs["verdict"], second.jobs.get("record")), second.log
    [path] = place.world.history.git("ls-tree", "-r", "--name-only", "remyx-verdicts").splitlines()
    assert "-500-1-" in path


def with_recording(long: str, short: str) -> str:
    """The long form with the job of the short one that records."""
    handed_on = "\n    outputs:\n      verdicts: ${{ steps.verdict.outputs.verdicts }}\n    steps:\n"
    before, verdict, after = long.partition("\n  verdict:\n")
    job = short[short.index("\n  record:\n") :].replace("judge", "verdict")
    return before + verdict + after.replace("\n    steps:\n", handed_on) + job


def test_a_cancelled_evaluation_is_red(place: Any) -> None:
    """The runner ends the evaluating job from outside: the judging job runs all the same."""
    place.push({"model.yaml": model("cancelled")})
    ran = place.event("synchronize")
    assert "failure" == ran.jobs["verdict"], ran.log
    assert ["failure"] == place.concluded()
    assert "### ⚠️ Not judged" in place.ours()[0].body


def test_a_merge_group_is_judged_on_its_own_commit(place: Any) -> None:
    payload = payloads.merge_group(place.world, place.pull)
    group = payload["merge_group"]
    ran = place.start("merge_group", payload, ref=group["head_ref"])
    assert {"open": "success", "eval": "success", "verdict": "success"} == ran.jobs, ran.log
    assert ([], ["success"]) == (place.world.comments, place.concluded(group["head_sha"]))


def test_a_crash_and_a_failed_job_are_never_green(place: Any) -> None:
    place.push({"model.yaml": model("crashes")})
    crashed = place.event("synchronize")
    assert {"open": "success", "eval": "success", "verdict": "failure"} == crashed.jobs, crashed.log
    assert "no asset crashes" in place.ours()[0].body
    assert ["failure"] == place.concluded()

    place.push({"model.yaml": "name: nobody\n"})
    failed = place.event("synchronize")
    assert {"open": "success", "eval": "failure", "verdict": "failure"} == failed.jobs, failed.log
    assert "### ⚠️ Not judged" in place.ours()[0].body
    assert ["failure"] == place.concluded()


def test_nothing_to_evaluate_is_green_and_reported(place: Any) -> None:
    place.world.history.write("feature/y", {"README.md": "Another text.\n"}, onto="main")
    place.pull = place.world.open_pull("feature/y")
    ran = place.event("opened")
    assert {"open": "success", "eval": "success", "verdict": "success"} == ran.jobs, ran.log
    assert place.ours()[0].body.startswith("### ✅ Nothing to evaluate")
    assert ["success"] == place.concluded()


STRICT, SHARDS = ".remyx/policies/strict.yaml", ".github/workflows/strict.yml"


def test_two_workflows_judge_by_a_policy_each(place: Any) -> None:
    """A called one, and beside it a copy of the one in shards for another policy."""
    ran = place.event("opened")
    assert {"success"} == set(ran.jobs.values()), ran.log
    assert {CHECK, CHECK.replace("default", "strict")} == {each.name for each in place.world.checks}
    assert 2 == len(place.ours())
    assert {"success"} == {each.fields["conclusion"] for each in place.world.checks}
    left = {path.name for path in ran.artifacts.iterdir()}
    assert {"remyx-results.default.all", "remyx-results.strict.small-0-of-1"} <= left, left


DIGITS = ROOT / "examples" / "digits-classifier"


@pytest.fixture
def files(request: pytest.FixtureRequest, release: Any) -> dict[str, str | None]:
    """What main holds: the small project, or the digits example where a test asks for it."""
    first, second = forms_of(request.node.name)
    text = release.workflow(f"{first}remyx")
    if "recorded" in request.node.name:
        short = release.workflow("calls/remyx-recorded")
        text = short if first else with_recording(text, short)
    workflow: dict[str, str | None] = {".github/workflows/remyx.yml": text}
    if "second_workflow" in request.node.name:
        workflow[".github/workflows/remyx-forks.yml"] = release.workflow(f"{second}remyx-forks")
    if "two_workflows" in request.node.name:
        strict = release.workflow("remyx-shards").replace("default", "strict")
        return {
            **locked({**UNLOCKED, STRICT: POLICY.replace("default", "strict")}),
            **workflow,
            SHARDS: strict,
        }
    if "secret" in request.node.name:
        path = ".github/workflows/remyx.yml"
        template = f"{TEMPLATE}secrets: [HF_TOKEN]\n"
        taking = {".remyx/templates/small.yaml": template, "evaluation/evaluate.py": WITH_SECRET}
        return {**locked({**UNLOCKED, **taking}), path: f"{workflow[path]}{HANDED}"}
    if "cancelled" in request.node.name:
        return {**locked({**UNLOCKED, "evaluation/evaluate.py": CANCELLED}), **workflow}
    if "digits" not in request.node.name:
        return {**FILES, **workflow}
    paths = [path for path in DIGITS.rglob("*") if path.is_file() and ".remyx-out" not in path.parts]
    digits: dict[str, str | None] = {path.relative_to(DIGITS).as_posix(): path.read_text() for path in paths}
    return {**locked(digits), **workflow}


def test_the_digits_example_is_judged_by_the_long_form(place: Any) -> None:
    place.push({"model.yaml": "model: support-vectors:kernel=rbf,C=5\n"})
    ran = place.event("opened")
    assert {"open": "success", "eval": "success", "verdict": "success"} == ran.jobs, ran.log
    (comment,) = place.ours()
    assert comment.body.startswith("### ✅ Ship")
    assert "1,797" in comment.body
    assert ["success"] == place.concluded()
