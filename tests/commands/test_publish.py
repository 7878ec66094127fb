"""The judging job believes no verdict but its own, posts once, and is red whenever it does not know."""

import json
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from remyx_action.errors import Exit
from remyx_action.github.marks import ExternalId, Marker
from remyx_action.project.models.policy import policy_key
from support.github_stand_in import payloads
from support.github_stand_in.world import Check, Fault
from support.jobs import CHECK, READ_ONLY, Jobs, jobs_on
from support.small_project import FILES, HARNESS, POLICY, TEMPLATE, UNLOCKED, locked, model

LENIENT = POLICY.replace("threshold: 0.02, confidence: 0.80", "threshold: 0.001, confidence: 0.51")
BAR_MOVED = locked({**UNLOCKED, ".remyx/policies/default.yaml": LENIENT})


def payload_ref(payload: Any) -> str:
    """The pull request's head branch, which outlives it."""
    return f"refs/heads/{payload['pull_request']['head']['ref']}"


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    yield from jobs_on(tmp_path)


def test_the_arms_of_another_job_are_judged_as_if_measured_here(jobs: Jobs) -> None:
    alone = jobs.step("run")
    _, apart = jobs.evaluate()
    for name in ("verdict", "reason", "metrics", "rules", "fields", "policy", "inputs"):
        assert alone.report[name] == apart.report[name]
    assert (Exit.SHIP, 1) == (apart.exit, len(jobs.ours()))


def test_an_update_costs_at_most_seven_calls(
    jobs: Jobs, record_property: Callable[[str, object], None]
) -> None:
    jobs.evaluate()
    opened = jobs.step("open", policy="default")
    before = len(jobs.world.calls) - 1
    jobs.evaluate(policy="default", check_id=opened.outputs["check-id"])
    calls = [f"{each.verb} {each.target}" for each in jobs.world.calls[before:]]
    assert len(calls) <= 7, calls
    record_property("github", f"calls of a first comment or an update: {len(calls)}")


def test_a_verdict_inside_the_results_is_not_looked_at(jobs: Jobs) -> None:
    jobs.propose({"model.yaml": model("worse")})
    measured = jobs.step("measure", token=None)
    folder = measured.out
    (folder / "verdict.json").write_text('{"verdict": "ship"}')
    (folder / "results.tar").unlink()
    ended = jobs.step("publish", results=str(folder))
    assert (Exit.REJECT, "reject") == (ended.exit, ended.outputs["verdict"])


def edited(change: Callable[[Any], object]) -> Callable[[Path], object]:
    """Change run.json of what was left."""

    def edit(folder: Path) -> None:
        record = json.loads((folder / "run.json").read_text())
        change(record)
        (folder / "run.json").write_text(json.dumps(record))

    return edit


def twice(folder: Path) -> None:
    (folder / "again" / "arms").mkdir(parents=True)
    (folder / "again" / "run.json").write_bytes((folder / "run.json").read_bytes())


def linked(folder: Path) -> None:
    results = folder / "arms" / "variant" / "results.json"
    results.rename(folder / "elsewhere.json")
    results.symlink_to(folder / "elsewhere.json")


TAMPERED: dict[str, Callable[[Path], object]] = {
    "another head": edited(lambda record: record["commits"].update(head="0" * 40)),
    "another template": edited(lambda record: record.update(template="other")),
    "another asset": edited(lambda record: record["arms"]["variant"].update(asset="other")),
    "another harness": edited(lambda record: record.update(harness="sha256:0")),
    "an arm missing": edited(lambda record: record["arms"].pop("baseline")),
    "an arm handed in": edited(lambda record: record["arms"]["variant"].update(state="handed_in")),
    "a key too many": edited(lambda record: record.update(verdict="ship")),
    "both runs twice": twice,
    "a linked file": linked,
    "no results": lambda folder: (folder / "arms" / "variant" / "results.json").unlink(),
    "no record": lambda folder: (folder / "run.json").unlink(),
    "nan": lambda folder: (folder / "arms" / "variant" / "results.json").write_text('{"a": NaN}'),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_results_that_are_not_of_this_evaluation_are_never_judged(jobs: Jobs, what: str) -> None:
    measured = jobs.step("measure", token=None)
    (measured.out / "results.tar").unlink()
    TAMPERED[what](measured.out)
    ended = jobs.step("publish", results=str(measured.out))
    assert (Exit.NOT_JUDGED, "not-judged", ["failure"]) == (
        ended.exit,
        ended.outputs["verdict"],
        jobs.concluded(),
    )
    assert 1 == len(jobs.ours())


@pytest.mark.parametrize("results", ["nowhere", "."])
def test_an_evaluation_that_left_nothing_closes_the_check_red(jobs: Jobs, results: str) -> None:
    opened = jobs.step("open", policy="default")
    assert ["in_progress"] == [each.fields["status"] for each in jobs.checks()]
    ended = jobs.step("publish", policy="default", check_id=opened.outputs["check-id"], results=results)
    assert (Exit.NOT_JUDGED, ["failure"]) == (ended.exit, jobs.concluded())
    assert 1 == len(jobs.checks())


def test_a_link_in_an_archive_is_reported_and_red(jobs: Jobs, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "results.tar", "w") as tar:
        info = tarfile.TarInfo("run.json")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    ended = jobs.step("publish", results=str(tmp_path / "results.tar"))
    assert (Exit.NOT_JUDGED, ["failure"]) == (ended.exit, jobs.concluded())
    assert "link" in jobs.ours()[0].body


def test_a_base_that_moved_judges_the_same_numbers_anew(jobs: Jobs) -> None:
    jobs.propose({"model.yaml": model("slightly")})
    payload = jobs.payload()
    _, before = jobs.evaluate(payload)
    assert "iterate" == before.outputs["verdict"]
    jobs.between = lambda: jobs.world.history.write("main", BAR_MOVED)
    _, after = jobs.evaluate(payload)
    assert ("ship", jobs.world.base(jobs.pull)) == (
        after.outputs["verdict"],
        after.report["judged_under"]["source"],
    )


def test_a_base_that_moved_under_a_single_job_judges_anew_too(jobs: Jobs) -> None:
    jobs.propose({"model.yaml": model("slightly")})
    payload = jobs.payload()
    jobs.world.history.write("main", BAR_MOVED)
    assert "ship" == jobs.step("run", payload).outputs["verdict"]


@pytest.mark.parametrize("mode", ["run", "publish"])
def test_a_tip_that_cannot_be_read_is_never_green_by_the_bar_of_the_event(jobs: Jobs, mode: str) -> None:
    payload = jobs.payload()
    results = jobs.step("measure", payload, token=None).outputs["report"] if mode == "publish" else ""
    named = jobs.world.base(jobs.pull)
    jobs.world.history.write("main", BAR_MOVED)
    jobs.inputs["GITHUB_SERVER_URL"] = "http://127.0.0.1:1"
    ended = jobs.step(mode, payload, results=results)
    assert (Exit.NOT_JUDGED, ["failure"]) == (ended.exit, jobs.concluded())
    assert f"The tip of main could not be read: the event names `{named}`" in ended.summary


def test_a_harness_that_moved_asks_for_another_run(jobs: Jobs) -> None:
    payload = jobs.payload()
    jobs.between = lambda: jobs.world.history.write("main", {"evaluation/evaluate.py": HARNESS + "\n"})
    _, ended = jobs.evaluate(payload)
    assert Exit.NOT_JUDGED == ended.exit
    assert "harness on the base branch changed" in ended.summary


def test_an_old_head_writes_nothing_but_its_own_check(jobs: Jobs) -> None:
    old = jobs.payload()
    old_head = jobs.world.head(jobs.pull)
    measured = jobs.step("measure", old, token=None)
    jobs.push({"model.yaml": model("worse")})
    jobs.evaluate()
    (newer,) = (comment.body for comment in jobs.ours())
    ended = jobs.step("publish", old, results=measured.outputs["report"])
    assert [newer] == [comment.body for comment in jobs.ours()]
    assert ["failure"] == jobs.concluded()
    assert ["success"] == [c.fields["conclusion"] for c in jobs.world.checks if c.head == old_head]
    assert Exit.SHIP == ended.exit


def test_a_retargeted_pull_request_keeps_the_comment_of_its_new_base(jobs: Jobs) -> None:
    payload = jobs.payload()
    jobs.world.history.write("develop", {"README.md": "x"}, onto="main")
    jobs.pull.base_branch = "develop"
    _, ended = jobs.evaluate(payload)
    assert ([], ["success"]) == (jobs.ours(), jobs.concluded())
    assert "newer" in ended.said


@pytest.mark.parametrize("asset", ["worse", "better"])
def test_no_conclusion_is_repeated_an_event_without_results_is_red(jobs: Jobs, asset: str) -> None:
    """A title edit starts no job; a program that is started all the same judges what it has."""
    jobs.propose({"model.yaml": model(asset)})
    jobs.evaluate()
    ended = jobs.step("publish", jobs.payload("edited"), policy="default")
    assert (Exit.NOT_JUDGED, "not-judged") == (ended.exit, ended.outputs["verdict"])
    assert "the results hold nothing of template" in ended.summary


def test_an_arm_that_the_machine_lost_makes_the_measuring_job_red(tmp_path: Path) -> None:
    """Exit code 75 is how a harness says so itself; a crash of its own is for the judging job to tell."""
    flaky = HARNESS.replace(
        "if asset not in RIGHT:", "if asset == 'lost':\n    sys.exit(75)\nif asset not in RIGHT:"
    )
    for jobs in jobs_on(tmp_path, locked({**UNLOCKED, "evaluation/evaluate.py": flaky})):
        for asset, measuring in (("lost", Exit.NOT_JUDGED), ("crashes", Exit.SHIP)):
            jobs.propose({"model.yaml": model(asset)}, branch=f"feature/{asset}")
            measured, ended = jobs.evaluate()
            assert (measuring, Exit.NOT_JUDGED) == (measured.exit, ended.exit)
            assert ("run the failed jobs again" in measured.said) == (asset == "lost")


def test_a_job_that_died_is_named_with_its_link_and_the_last_lines(jobs: Jobs, tmp_path: Path) -> None:
    log = tmp_path / "results" / "arms" / "variant" / "harness.log"
    log.parent.mkdir(parents=True)
    log.write_text("loading\n" * 50 + "CUDA error: device lost\n")
    url = f"{jobs.stand_in.address.removesuffix('/api/v3')}/{jobs.world.repository}/actions/runs/900/job/7"
    head = jobs.world.head(jobs.pull)
    jobs.world.checks.append(
        Check(
            id=7,
            head=head,
            name="remyx / eval",
            app="github-actions",
            fields={"status": "completed", "conclusion": "cancelled", "html_url": url},
        )
    )
    ended = jobs.step("publish", run=(900, 1), results=str(tmp_path / "results"))
    assert Exit.NOT_JUDGED == ended.exit
    body = jobs.ours()[0].body
    assert "was cancelled" in body
    assert f"]({url})" in body
    assert "CUDA error: device lost" in body
    elsewhere = jobs.step("publish", run=(901, 1), results=str(tmp_path / "nothing"))
    assert "was cancelled" not in elsewhere.summary


def test_every_look_is_named_in_the_comment_and_the_same_measurement_is_one(jobs: Jobs) -> None:
    for asset in ("slightly", "worse", "better"):
        jobs.push({"model.yaml": model(asset)})
        jobs.evaluate()
        jobs.evaluate()
    body = jobs.ours()[0].body
    assert "Looks under `default`: iterate +0.02, reject −0.25, now ship +0.15." in body
    policy = re.search(r"\[policy\]\((\S+)\)", body)
    assert policy is not None
    assert re.search(r"\[full report\]\(\S+/attempts/\d+#artifacts\), \[run\]\(", body)
    assert f"]({policy[1]}#L" in body, "every condition links its line"
    marker = Marker.read(body)
    assert marker is not None
    ((key, looks),) = marker.looks.items()
    assert (policy_key("", "default"), ["iterate", "reject", "ship"]) == (
        key,
        [look.verdict for look in looks],
    )
    closed = ExternalId.read(jobs.checks()[-1].fields["external_id"])
    assert closed is not None
    assert looks[-1].id == closed.look


NARROW = TEMPLATE.replace("[model.yaml, src/**]", "[docs/**]").replace("model.yaml", "other.yaml")
STALE: dict[str, tuple[str, str | None, str]] = {
    "no bar yet": ("", None, "model.yaml"),
    "no bar yet, and code": ("", None, "src/a.py"),
    "no bar yet, in a folder": ("services/a/", None, "services/a/model.yaml"),
    "other paths, another variant file": ("", NARROW, "model.yaml"),
}
"""The project's folder; the template that the event's base holds, None: no bar; the file that is proposed."""


@pytest.mark.parametrize("mode", ["run", "publish"])
@pytest.mark.parametrize("what", STALE)
def test_an_event_from_before_the_bar_is_never_green_by_it(tmp_path: Path, mode: str, what: str) -> None:
    """GitHub replays the event with its old base when a job is run again."""
    folder, template, path = STALE[what]
    old_bar = {} if template is None else locked(UNLOCKED | {".remyx/templates/small.yaml": template})
    before: dict[str, str | None] = {"README.md": "x\n", f"{folder}model.yaml": model("half")}
    for jobs in jobs_on(tmp_path, before | old_bar):
        jobs.inputs = {"REMYX_WORKING_DIRECTORY": folder or "."}
        jobs.propose({path: model("worse")})
        old = jobs.payload()
        jobs.world.history.write("main", {f"{folder}{path}": text for path, text in FILES.items()})
        jobs.world.refresh(jobs.pull)
        ended = jobs.step(mode, old)
        assert ended.exit in {Exit.REJECT, Exit.NOT_JUDGED}
        name = f"remyx / {folder.rstrip('/')} / default (main)" if folder else CHECK
        assert ["failure"] == jobs.concluded(name)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("", "a"), ("a", "a/b"), ("a b", "a")])
def test_two_projects_never_answer_for_each_other(tmp_path: Path, one: str, other: str) -> None:
    places = {folder: f"{folder}/" if folder else "" for folder in (one, other)}
    both: dict[str, str | None] = {
        f"{place}{path}": text for place in places.values() for path, text in FILES.items()
    }
    for jobs in jobs_on(tmp_path, both):
        jobs.propose({f"{places[one]}model.yaml": model("worse")})
        ended = {}
        for folder in (one, other):
            jobs.inputs = {"REMYX_WORKING_DIRECTORY": folder or "."}
            ended[folder] = jobs.step("run").exit
        assert {one: Exit.REJECT, other: Exit.SHIP} == ended
        jobs.inputs = {"REMYX_WORKING_DIRECTORY": one or "."}
        assert Exit.NOT_JUDGED == jobs.step("publish", jobs.payload("edited")).exit
        names = {folder: f"remyx / {folder} / default (main)" if folder else CHECK for folder in places}
        assert (["failure", "failure"], ["success"]) == (
            jobs.concluded(names[one]),
            jobs.concluded(names[other]),
        )


def test_a_draft_is_neither_measured_nor_posted_on_and_never_green(jobs: Jobs) -> None:
    jobs.pull.draft = True
    assert "" == jobs.step("open", policy="default").outputs.get("check-id", "")
    measured, ended = jobs.evaluate()
    assert {} == measured.outputs
    assert (Exit.NOT_JUDGED, [], []) == (ended.exit, jobs.world.comments, jobs.world.checks)
    assert Exit.NOT_JUDGED == jobs.step("run").exit
    jobs.pull.draft = False
    assert Exit.SHIP == jobs.evaluate(jobs.payload("ready_for_review"))[1].exit


def test_a_changed_base_is_judged(jobs: Jobs) -> None:
    _, ended = jobs.evaluate(jobs.payload("edited", changed="base"))
    assert (Exit.SHIP, "ship") == (ended.exit, ended.outputs["verdict"])


@pytest.mark.parametrize(
    ("permissions", "line"),
    [
        ({"contents": "read", "checks": "write", "pull_requests": "read"}, "pull-requests: write"),
        ({"contents": "read", "pull_requests": "write", "checks": "read"}, "checks: write"),
    ],
)
def test_a_missing_permission_is_reported_with_its_line(
    tmp_path: Path, permissions: dict[str, Any], line: str
) -> None:
    for jobs in jobs_on(tmp_path, **permissions):
        _, ended = jobs.evaluate()
        assert (Exit.SHIP, "ship") == (ended.exit, ended.outputs["verdict"])
        assert f"permissions:\n  {line}" in ended.summary


@pytest.mark.parametrize("asset", ["better", "worse"])
def test_a_read_only_token_loses_no_verdict(tmp_path: Path, asset: str) -> None:
    for jobs in jobs_on(tmp_path, **READ_ONLY):
        jobs.world.history.write("refs/forks/stranger/patch", {"model.yaml": model(asset)}, onto="main")
        jobs.pull = jobs.world.open_pull("patch", owner="stranger")
        _, ended = jobs.evaluate()
        assert ([], []) == (jobs.world.comments, jobs.world.checks)
        assert ({"better": Exit.SHIP, "worse": Exit.REJECT}[asset], True) == (ended.exit, bool(ended.summary))


def test_a_second_workflow_publishes_for_a_fork_from_the_api_alone(jobs: Jobs) -> None:
    jobs.world.history.write("refs/forks/stranger/patch", {"model.yaml": model("worse")}, onto="main")
    jobs.pull = jobs.world.open_pull("patch", owner="stranger")
    measured = jobs.step("measure", token=None)
    payload = payloads.workflow_run(jobs.world, jobs.pull, run_id=1)
    ended = jobs.step(
        "publish",
        payload,
        name="workflow_run",
        clone="refs/heads/main",
        results=measured.outputs["report"],
    )
    assert (Exit.REJECT, 1, ["failure"]) == (ended.exit, len(jobs.ours()), jobs.concluded())


def test_a_run_without_an_open_pull_request_is_never_green(jobs: Jobs) -> None:
    payload = payloads.workflow_run(jobs.world, jobs.pull, run_id=1)
    jobs.push({"model.yaml": model("worse")})
    ended = jobs.step("publish", payload, name="workflow_run", results="x")
    assert (Exit.NOT_JUDGED, []) == (ended.exit, jobs.world.comments)


def test_a_deleted_pull_request_loses_no_verdict(jobs: Jobs) -> None:
    payload = jobs.payload()
    measured = jobs.step("measure", payload, token=None)
    jobs.world.pulls.clear()
    ended = jobs.step("publish", payload, results=measured.outputs["report"], clone=payload_ref(payload))
    assert ("ship", []) == (ended.outputs["verdict"], jobs.world.comments)
    assert "### ✅ Ship" in ended.summary
    assert "the comment was not posted: GitHub answered 404" in ended.summary


def test_every_verdict_says_its_isolation_and_what_would_raise_it(jobs: Jobs) -> None:
    under = jobs.step("run").report["judged_under"]
    assert ("L1", True) == (under["isolation"], "; level 2 needs " in under["isolation_note"])
    assert under["isolation_note"].split(";")[0] in jobs.ours()[0].body


def test_a_dispatch_by_hand_is_judged_and_posts_nothing(jobs: Jobs) -> None:
    payload = payloads.workflow_dispatch(jobs.world, "main")
    given: dict[str, Any] = {"name": "workflow_dispatch", "clone": "refs/heads/main"}
    ended = jobs.step("run", payload, variant="worse", **given)
    assert (Exit.REJECT, "reject") == (ended.exit, ended.outputs["verdict"])
    assert "### ❌ Reject" in ended.summary
    assert ([], []) == (jobs.world.comments, jobs.world.checks)
    nameless = jobs.step("run", payload, **given)
    assert Exit.NOT_JUDGED == nameless.exit


def test_results_inside_the_checkout_may_be_the_pull_request_s_own(jobs: Jobs) -> None:
    measured = jobs.step("measure", token=None)
    record, arms = measured.out / "run.json", measured.out / "arms"
    forged: dict[str, str | None] = {"forged/run.json": record.read_text()}
    for path in arms.rglob("*.json"):
        forged[f"forged/{path.relative_to(measured.out)}"] = path.read_text()
    jobs.push(forged)
    ended = jobs.step("publish", results="forged")
    assert (Exit.NOT_JUDGED, ["failure"]) == (ended.exit, jobs.concluded())
    assert "inside the checkout" in ended.summary


def test_several_policies_have_a_check_each_and_one_comment(tmp_path: Path) -> None:
    strict = POLICY.replace("name: default", "name: strict").replace("threshold: 0.02", "threshold: 0.5")
    for jobs in jobs_on(tmp_path, locked({**UNLOCKED, ".remyx/policies/strict.yaml": strict})):
        _, ended = jobs.evaluate()
        assert (Exit.ITERATE, 1) == (ended.exit, len(jobs.ours()))
        assert (["success"], ["failure"]) == (jobs.concluded(), jobs.concluded("remyx / strict (main)"))
        verdicts = json.loads(ended.outputs["verdicts"])
        assert {"default": "ship", "strict": "iterate"} == {n: v["verdict"] for n, v in verdicts.items()}
        pages = Path(ended.outputs["report"]).rglob("report.html")
        assert ["default", "strict"] == sorted(page.parent.name for page in pages), "each in the artifact"


@pytest.mark.parametrize("kind", ["502 before", "502 after", "dropped after"])
def test_a_write_that_fails_once_neither_doubles_nor_loses_anything(jobs: Jobs, kind: Any) -> None:
    measured = jobs.step("measure", token=None)
    jobs.world.faults.append(Fault(kind=kind, matching="POST .*/comments"))
    ended = jobs.step("publish", results=measured.outputs["report"])
    assert (Exit.SHIP, 1, ["success"]) == (ended.exit, len(jobs.ours()), jobs.concluded())


def test_a_token_that_github_does_not_know_loses_no_verdict(jobs: Jobs) -> None:
    measured = jobs.step("measure", token=None)
    ended = jobs.step("publish", results=measured.outputs["report"], token="expired")
    assert (Exit.SHIP, "ship") == (ended.exit, ended.outputs["verdict"])
    assert "token: ${{ github.token }}" in ended.summary
    assert CHECK not in {each.name for each in jobs.world.checks}
