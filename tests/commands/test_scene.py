"""On a pull request the bar is base's, the proposal is head's, and what was changed is said."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remyx_action.errors import Exit
from support.jobs import Jobs, jobs_on
from support.small_project import FILES, HARNESS, METRICS, POLICY, TEMPLATE, UNLOCKED, locked, model


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    yield from jobs_on(tmp_path)


LOOSER = POLICY.replace("threshold: 0.02, confidence: 0.80", "threshold: 0.001, confidence: 0.51")
EDITS: dict[str, dict[str, str | None]] = {
    "a loosened policy": {".remyx/policies/default.yaml": LOOSER},
    "another template": {".remyx/templates/small.yaml": TEMPLATE.replace("half", "worse")},
    "an edited harness": {"evaluation/evaluate.py": HARNESS.replace('"slightly": 208', '"slightly": 399')},
    "an edited baseline": {".remyx/metrics.yaml": METRICS.replace("0.5", "0.1")},
    "a direction turned": {
        ".remyx/metrics.yaml": METRICS.replace("scores: binary", "scores: binary\n    direction: lower")
    },
}


@pytest.mark.parametrize("edit", EDITS)
def test_the_bar_of_the_base_branch_counts_whatever_head_does_to_it(jobs: Jobs, edit: str) -> None:
    jobs.propose({"model.yaml": model("slightly"), **EDITS[edit]})
    ended = jobs.step("run")
    assert (Exit.ITERATE, ("iterate", "below_bar")) == (ended.exit, ended.verdict)
    proposal = ended.report["proposal"]
    assert sorted(EDITS[edit]) == proposal["protected"]
    assert jobs.world.base(jobs.pull) == ended.report["judged_under"]["source"]
    untouched = jobs.propose({"model.yaml": model("slightly")}, branch="feature/z")
    plain = jobs.step("run")
    assert plain.report["metrics"] == ended.report["metrics"], untouched
    assert plain.report["judged_under"]["digests"] == ended.report["judged_under"]["digests"]


def test_a_loosened_policy_is_shown_under_both_bars(jobs: Jobs) -> None:
    jobs.propose({"model.yaml": model("slightly"), ".remyx/policies/default.yaml": LOOSER})
    proposal = jobs.step("run").report["proposal"]
    assert ("ship", "bar_met") == (proposal["verdict"], proposal["reason"])
    assert "loosened" in {change["effect"] for change in proposal["changes"]}


def test_both_verdicts_are_in_the_comment(jobs: Jobs) -> None:
    jobs.propose({"model.yaml": model("slightly"), ".remyx/policies/default.yaml": LOOSER})
    jobs.step("run")
    (comment,) = jobs.ours()
    assert comment.body.startswith("### 🔁 Iterate")
    assert "loosened" in comment.body


def test_an_edited_workflow_caps_a_ship_at_iterate(jobs: Jobs) -> None:
    jobs.push({".github/workflows/remyx.yml": "on: push\njobs: {}\n"})
    ended = jobs.step("run")
    assert (Exit.ITERATE, ("iterate", "workflow_changed")) == (ended.exit, ended.verdict)
    assert [".github/workflows/remyx.yml"] == ended.report["proposal"]["workflow"]
    assert "edits the workflow that judges it" in ended.summary


def experiment(name: str, rest: str = "") -> str:
    return f"version: 1\nname: {name}\ntemplate: small\nvariant: {name}\n{rest}"


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ({"model.yaml": "name: nobody\n"}, "no_variant"),
        ({"model.yaml": None, "src/model.py": "A = 1\n"}, "no_variant"),
        ({".remyx/experiments/half.yaml": experiment("half")}, "same_asset"),
        ({"model.yaml": "model: half\n# the same name\n"}, "no_variant"),
        (
            {f".remyx/experiments/{name}.yaml": experiment(name) for name in ("better", "trained")},
            "no_variant",
        ),
    ],
)
def test_no_variant_two_or_the_baseline_itself_are_never_green(
    jobs: Jobs, head: dict[str, str | None], reason: str
) -> None:
    jobs.propose(head)
    ended = jobs.step("run")
    assert (Exit.NOT_JUDGED, ("not-judged", reason)) == (ended.exit, ended.verdict)
    assert ["failure"] == jobs.concluded()
    (comment,) = jobs.ours()
    assert comment.body.startswith("### ⚠️ Not judged")


def test_files_that_a_change_brings_are_not_scored_as_the_base_branch_has_them(jobs: Jobs) -> None:
    """A variant that is a path: base's file of that name, or none, would be measured under its name."""
    jobs.propose({"model.yaml": "model: models/new\n", "models/new/weights.bin": "better"})
    ended = jobs.step("run")
    assert Exit.NOT_JUDGED == ended.exit
    assert "models/new is a path in the repository" in ended.summary


def test_an_experiment_is_judged_and_shown_alike_in_the_action_and_on_a_laptop(
    jobs: Jobs, tmp_path: Path
) -> None:
    rest = "target_metric: accuracy\nhypothesis: Training sharpens it.\ntags: [sft, sharp]\n"
    jobs.propose({".remyx/experiments/trained.yaml": experiment("trained", rest)})
    ended = jobs.step("run")
    assert (Exit.SHIP, "trained") == (ended.exit, ended.report["arms"]["variant"]["asset"])
    page = (Path(ended.outputs["report"]) / "report.html").read_text()

    folder, out = jobs.clone(tmp_path / "laptop", "feature/y"), tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "remyx_action",
        "-C",
        str(folder),
        "run",
        "--base",
        "origin/main",
        "--out",
        str(out),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    laptop = json.loads((out / "verdict.json").read_text())
    for key in ("verdict", "reason", "metrics", "rules", "fields", "advice", "policy"):
        assert ended.report[key] == laptop[key], key
    assert ended.report["proposal"]["experiment"] == laptop["experiment"]
    (comment,) = jobs.ours()
    on_the_laptop = [done.stdout, (out / "comment.md").read_text(), (out / "report.html").read_text()]
    for text in (comment.body, ended.summary, page, *on_the_laptop):
        shown = " ".join(text.replace("`", "").replace("**", "").replace("</strong>", "").split())
        assert "Experiment trained; hypothesis: Training sharpens it; target Accuracy (measured +0" in shown
        assert "tags sft, sharp" in shown


def test_a_renamed_file_counts_where_it_left_and_where_it_arrived(jobs: Jobs) -> None:
    jobs.propose({"model.yaml": model("better"), "evaluation/evaluate.py": None, "evaluation/e.py": HARNESS})
    ended = jobs.step("run")
    assert ["evaluation/e.py", "evaluation/evaluate.py"] == ended.report["proposal"]["protected"]
    assert ("iterate", "not_measured") == ended.verdict  # by base's harness, which is still there


def test_nothing_to_evaluate_is_green_and_reported(jobs: Jobs) -> None:
    jobs.propose({"README.md": "Other words.\n"})
    ended = jobs.step("run")
    assert (Exit.SHIP, "nothing") == (ended.exit, ended.outputs["verdict"])
    assert "Nothing to evaluate" in ended.summary
    assert ["success"] == jobs.concluded()


def test_wrong_files_at_head_are_listed_and_exit_3(jobs: Jobs) -> None:
    jobs.push({".remyx/policies/default.yaml": POLICY.replace("threshold: 0.02", "treshold: 0.02")})
    ended = jobs.step("run")
    assert (Exit.FILES_WRONG, "files-wrong") == (ended.exit, ended.outputs["verdict"])
    assert "treshold" in jobs.ours()[0].body
    (check,) = jobs.checks()
    assert "failure" == check.fields["conclusion"]
    assert {".remyx/policies/default.yaml"} == {each["path"] for each in check.annotations}


def test_the_first_introduction_is_green_wherever_it_is(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, {"README.md": "x\n", "model.yaml": model("half")}):
        introduced = {path: text for path, text in FILES.items() if path != "model.yaml"}
        jobs.propose({**introduced, "model.yaml": model("better")})
        ended = jobs.step("run")
        assert (Exit.SHIP, "nothing") == (ended.exit, ended.outputs["verdict"])
        assert "nothing to judge by" in ended.summary
        assert ["success"] == jobs.concluded()


def test_a_moved_project_is_not_an_introduction(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path):
        moved: dict[str, str | None] = {path: None for path in FILES if path.startswith(".remyx/")}
        moved |= {f"new/{path}": text for path, text in FILES.items()}
        jobs.propose({**moved, "new/model.yaml": model("better")})
        jobs.inputs = {"REMYX_WORKING_DIRECTORY": "new"}
        ended = jobs.step("run")
        assert Exit.SHIP != ended.exit


def test_a_project_below_the_root_is_judged_by_its_own_files(tmp_path: Path) -> None:
    below = {f"projects/reader/{path}": text for path, text in FILES.items()}
    for jobs in jobs_on(tmp_path, {**below, "model.yaml": model("half")}):
        jobs.propose({"projects/reader/model.yaml": model("worse")})
        jobs.inputs = {"REMYX_WORKING_DIRECTORY": "projects/reader"}
        ended = jobs.step("run")
        assert (Exit.REJECT, ["failure"]) == (
            ended.exit,
            jobs.concluded("remyx / projects/reader / default (main)"),
        )
        (check,) = jobs.checks("remyx / projects/reader / default (main)")
        assert {"projects/reader/.remyx/policies/default.yaml"} == {e["path"] for e in check.annotations}
        assert {6, 10} == {each["start_line"] for each in check.annotations}
        jobs.propose({"model.yaml": model("worse")}, branch="feature/outside")
        assert "nothing" == jobs.step("run").outputs["verdict"]


def test_a_merge_base_behind_the_tip_does_not_count_main_s_own_changes(jobs: Jobs) -> None:
    jobs.world.history.write("main", {"src/model.py": "B = 2\n", "evaluation/note.txt": "new\n"})
    jobs.world.refresh(jobs.pull)
    ended = jobs.step("run")
    commits = ended.report["judged_under"]["commits"]
    assert jobs.world.base(jobs.pull) == commits["base"]
    assert commits["base"] != commits["merge_base"]
    assert [] == ended.report["proposal"]["protected"]


def test_a_gate_that_allows_an_iterate_passes_and_says_so(tmp_path: Path) -> None:
    files = {**UNLOCKED, ".remyx/policies/default.yaml": f"{POLICY}gate: {{iterate: allow}}\n"}
    for jobs in jobs_on(tmp_path, locked(files)):
        jobs.propose({"model.yaml": model("slightly")})
        ended = jobs.step("run")
        assert (Exit.SHIP, "iterate") == (ended.exit, ended.outputs["verdict"])
        assert ["success"] == jobs.concluded()
        assert "lets this iterate through" in jobs.ours()[0].body


def test_a_gate_that_head_opens_does_not_open(jobs: Jobs) -> None:
    jobs.propose(
        {
            "model.yaml": model("slightly"),
            ".remyx/policies/default.yaml": f"{POLICY}gate: {{iterate: allow}}\n",
        }
    )
    assert (Exit.ITERATE, ["failure"]) == (jobs.step("run").exit, jobs.concluded())


def test_report_only_passes_and_says_so(jobs: Jobs) -> None:
    jobs.propose({"model.yaml": model("worse")})
    ended = jobs.step("run", fail_on="never")
    assert (Exit.SHIP, "reject", ["success"]) == (ended.exit, ended.outputs["verdict"], jobs.concluded())
    assert "Report only" in jobs.ours()[0].body


def test_files_of_git_are_read_as_regular_blobs_only(jobs: Jobs, tmp_path: Path) -> None:
    history = jobs.world.history
    clone = tmp_path / "linked"
    git: Any = lambda *words: subprocess.run(("git", *words), cwd=clone, check=True, capture_output=True)  # noqa: E731
    clone.mkdir()
    git("clone", "-q", str(history.folder), ".")
    git("checkout", "-q", "-b", "linked", "origin/main")
    (clone / "model.yaml").unlink()
    (clone / "model.yaml").symlink_to("/etc/passwd")
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qam", "link")
    git("push", "-q", "origin", "linked")
    jobs.pull = jobs.world.open_pull("linked")
    ended = jobs.step("run")
    assert ("not-judged", "no_variant") == ended.verdict
