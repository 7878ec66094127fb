"""`init`: what a person types, at a real terminal, becomes valid files; nothing of theirs is overwritten."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from remyx_action.commands.init import (
    Answers,
    MetricAnswer,
    check_condition,
    find_in,
    recommended,
    texts_of,
    workflow_texts,
)
from remyx_action.commands.init.origin import installed_from, origin
from remyx_action.commands.init.texts import PLACEHOLDER
from remyx_action.errors import WrongUsage
from remyx_action.policy.lints.warnings import warnings_of
from remyx_action.project.codeowners import read_codeowners
from remyx_action.project.load import load_bundle
from remyx_action.project.models.fields import KEY_PATTERN
from support.person import at_a_terminal

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "examples/digits-classifier"
PROGRAM = [sys.executable, "-m", "remyx_action"]
ACTION = "some-team/remyx-action@" + "1" * 40 + " # v0.1.0"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *words], cwd=folder, capture_output=True, text=True, check=False)


def test_the_worked_example_typed_in_gives_its_files(tmp_path: Path) -> None:
    (tmp_path / "docker/eval_stage").mkdir(parents=True)
    (tmp_path / "docker/eval_stage/entrypoint.sh").write_text("#!/bin/sh\n")
    metrics = [
        ("spatialscore", "SpatialScore", "0.42"),
        ("omnispatial", "OmniSpatial", "0.31"),
        ("space10", "SpaCE-10", "0.55"),
        ("mindcube", "MindCube", "0.38"),
    ]
    answers = [word for key, label, value in metrics for word in (key, label, "", "", value)]
    answers += [
        "",
        "",
        "",
        "Qwen/Qwen2.5-VL-7B-Instruct",
        "-",
        "-",
        "spatial-suite",
        "spatialscore omnispatial",
    ]
    answers += ["spatialscore.delta >= 0.02 at 0.80", "omnispatial improves_by 0.02 at 0.80"]
    answers += ["delta_confidence >= 0.80", "space10 no_regression 0.01", "mindcube no_regression 0.01", ""]
    answers += ["space10.delta < -0.01 at 0.80", "mindcube no_regression 0.01 at 0.80", ""]
    answers += ["main", "-", "yes"]
    code, screen = at_a_terminal([*PROGRAM, "init", "--policy", "guarded"], answers, folder=tmp_path)
    assert code == 0, screen
    written, example = tmp_path / ".remyx", ROOT / "examples/vqasynth/.remyx"
    ours, theirs = (yaml.safe_load((one / "policies/guarded.yaml").read_text()) for one in (written, example))
    for key in ("ship", "reject", "template"):
        assert ours[key] == theirs[key]
    text = (written / "policies/guarded.yaml").read_text()
    assert "    - spatialscore.delta >= 0.02 at 0.80\n" in text
    words = [yaml.safe_load((one / "metrics.yaml").read_text()) for one in (written, example)]
    assert words[0] == words[1]
    assert "script: docker/eval_stage/" in (tmp_path / ".remyx/templates/spatial-suite.yaml").read_text()
    assert run(tmp_path, "check").returncode == 0


def test_enter_alone_starts_from_the_example(tmp_path: Path) -> None:
    code, screen = at_a_terminal([*PROGRAM, "init", "--owners", "@org/leads"], [""] * 3, folder=tmp_path)
    assert code == 0, screen
    assert "wrote evaluate.py\n" in screen
    assert (tmp_path / "evaluate.py").read_bytes() == (
        ROOT / "examples/digits-classifier/evaluate.py"
    ).read_bytes()
    owners = read_codeowners((tmp_path / ".github/CODEOWNERS").read_text())
    assert owners.owners_of(".remyx/policies/default.yaml") == ("@org/leads",)


def test_no_is_no(tmp_path: Path) -> None:
    code, screen = at_a_terminal([*PROGRAM, "init"], ["", "", "-", "no"], folder=tmp_path)
    assert (code, list(tmp_path.iterdir())) == (0, []), screen


def test_wrong_answers_are_asked_again(tmp_path: Path) -> None:
    (tmp_path / "evaluate.py").write_text("print(1)\n")
    answers = ["Accuracy!", "accuracy", "", "", "sideways", "", "many", "0.5", "", *[""] * 7]
    answers += [
        "speed",
        "accuracy",
        "accuracy gets_better 0.1",
        "accuracy improves_by 0.1",
        "",
        "",
        "",
        "",
        "",
    ]
    code, screen = at_a_terminal([*PROGRAM, "init"], answers, folder=tmp_path)
    assert code == 0, screen
    for said in (
        "'Accuracy!' does not fit",
        "one of higher, lower",
        "'many' does not fit",
        "no metric speed",
    ):
        assert said in screen
    assert "    - accuracy improves_by 0.1\n" in (tmp_path / ".remyx/policies/default.yaml").read_text()


def test_without_a_terminal_it_names_the_flags(tmp_path: Path) -> None:
    done = run(tmp_path, "init")
    assert done.returncode == 64
    assert "--metric KEY:UNIT:BASELINE and --script PATH, or --from digits" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_flags_and_findings_are_enough(tmp_path: Path) -> None:
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation/evaluate.py").write_text("print(1)\n")
    results = {
        "results": {"gsm8k": {"exact_match,strict-match": 0.42, "exact_match_stderr,strict-match": 0.01}}
    }
    (tmp_path / "results.json").write_text(json.dumps(results))
    done = run(tmp_path, "init", "--yes", "--action", ACTION)
    assert done.returncode == 0, done.stderr
    assert "{key: gsm8k_exact_match, unit: accuracy, baseline: 0.42}" in done.stdout
    assert PLACEHOLDER not in (tmp_path / ".github/workflows/remyx.yml").read_text()
    again = run(tmp_path, "init", "--yes", "--metric", "other:%:50")
    assert again.returncode == 64
    assert "would overwrite .remyx/metrics.yaml" in again.stderr
    assert "gsm8k" in (tmp_path / ".remyx/metrics.yaml").read_text()
    assert run(tmp_path, "init", "--yes", "--metric", "other:%:50", "--force").returncode == 0
    assert "other" in (tmp_path / ".remyx/metrics.yaml").read_text()


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "init", "--from", "digits", "--yes", "--dry-run")
    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])
    assert "── .remyx/policies/default.yaml" in done.stdout


def test_lines_of_codeowners_are_added_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/CODEOWNERS").write_text("* @everyone\n")
    assert run(tmp_path, "init", "--from", "digits", "--yes", "--owners", "@lead").returncode == 0
    owners = read_codeowners((tmp_path / "docs/CODEOWNERS").read_text())
    assert (owners.owners_of("a"), owners.owners_of("evaluate.py")) == (("@everyone",), ("@lead",))


@pytest.mark.parametrize(
    "typed",
    [
        "accuracy",
        "speed improves_by 1",
        "accuracy >= 1",
        "accuracy.gain > 1",
        "a b c",
        "accuracy improves_by 2%",
        "",
    ],
)
def test_what_is_no_condition_is_told(typed: str) -> None:
    with pytest.raises(WrongUsage):
        check_condition(typed, [MetricAnswer(key="accuracy", unit="accuracy")])


METRICS = st.builds(
    MetricAnswer,
    key=st.from_regex(KEY_PATTERN, fullmatch=True),
    label=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20),
    unit=st.sampled_from(["", "accuracy", "%", "tokens per answer", "ms", "# odd: [unit]", "yes"]),
    direction=st.just("lower"),
    baseline=st.sampled_from(["", "0.5", "1"]),
)


@given(
    st.lists(METRICS, min_size=1, max_size=4, unique_by=lambda metric: metric.key),
    st.sampled_from(["evaluate.py", "my eval/run: it.py", "docker/eval_stage/"]),
    st.sampled_from(["org/model-v1", "on", "a: b", "#1", "1.5", "naïve model"]),
)
def test_whatever_is_answered_becomes_valid_files(
    metrics: list[MetricAnswer], script: str, asset: str
) -> None:
    ship, reject = recommended(metrics, [metrics[0].key])
    answers = Answers(metrics=tuple(metrics), script=script, baseline_asset=asset, ship=ship, reject=reject)
    texts = {path: text.encode() for path, text in texts_of(answers).items()}
    bundle = load_bundle(texts)
    assert bundle.errors == ()
    assert bundle.templates["suite"].baseline_asset == asset
    assert [metric.label or "" for metric in bundle.vocabulary.metrics] == [one.label for one in metrics]


def test_the_recommended_shape_raises_no_warning() -> None:
    metrics = (MetricAnswer(key="a", unit="accuracy", baseline="0.5"), MetricAnswer(key="b", unit="accuracy"))
    ship, reject = recommended(metrics, ["a"])
    answers = Answers(metrics=metrics, baseline_asset="x", ship=ship, reject=reject, samples="2000")
    texts = {path: text.encode() for path, text in texts_of(answers).items()}
    assert [problem.message for problem in warnings_of(load_bundle(texts), texts)] == []


@given(st.binary(max_size=400))
def test_any_file_may_stand_there(content: bytes) -> None:
    found = find_in(["results.json"], {"results.json": content})
    keys = [metric.key for metrics in found.results.values() for metric in metrics]
    assert [key for key in keys if re.match(KEY_PATTERN, key)] == keys


def test_hostile_results_propose_nothing_that_is_obeyed() -> None:
    hostile = {"metrics": {"a\n- {key: x": 0.5, "__import__": 1, "b": True, "c": "1", "ok": {"value": 0.25}}}
    found = find_in([], {"results.json": json.dumps(hostile).encode()})
    (metrics,) = found.results.values()
    assert [metric.key for metric in metrics] == ["a_-_key_x", "import", "ok"]


@pytest.mark.parametrize("in_shards", [False, True])
def test_the_workflows_are_the_ones_that_are_shown(in_shards: bool) -> None:
    shown = [
        (ROOT / "examples/workflows/calls" / f"{name}.yml").read_text()
        for name in ("remyx-shards" if in_shards else "remyx", "remyx-forks")
    ]
    action = f"OWNER/remyx-action@{PLACEHOLDER}"
    texts = workflow_texts(
        policy="default", branch="main", action=action, in_shards=in_shards, for_forks=True
    )
    assert shown == list(texts.values())
    assert [".github/workflows/remyx.yml", ".github/workflows/remyx-forks.yml"] == list(texts)


def test_a_workflow_names_branch_folder_and_policy() -> None:
    texts = workflow_texts(
        policy="strict", branch="release/1.0", action=ACTION, folder="services/triage", for_forks=True
    )
    written = {path: yaml.safe_load(text) for path, text in texts.items()}
    path = ".github/workflows/remyx-services-triage.yml"
    assert [path, ".github/workflows/remyx-forks-services-triage.yml"] == list(written)
    (first, second) = written.values()
    assert ["release/1.0"] == first[True]["pull_request"]["branches"]
    assert {"policy": "strict", "working-directory": "services/triage"} == first["jobs"]["remyx"]["with"]
    assert [first["name"]] == second[True]["workflow_run"]["workflows"]
    assert "`remyx / services/triage / strict (release/1.0)`" in texts[path]
    assert "OWNER" not in "".join(texts.values())
    every = yaml.safe_load(next(iter(workflow_texts(policy="", branch="main", action=ACTION).values())))
    assert "with" not in every["jobs"]["remyx"]


def test_no_workflow_with_a_placeholder_is_written(tmp_path: Path) -> None:
    done = run(tmp_path, "init", "--from", "digits", "--yes")
    assert "no .github/workflows/remyx.yml was written" in done.stdout
    assert not (tmp_path / ".github").exists()


def test_the_workflow_names_the_commit_that_the_program_came_from() -> None:
    commit = "a" * 40
    job = {"GITHUB_ACTION_REPOSITORY": "some-team/remyx-action", "GITHUB_ACTION_REF": commit}
    assert f"some-team/remyx-action@{commit}" == origin(job, is_release=True)
    assert origin({}, is_release=True) is None
    assert origin({**job, "GITHUB_ACTION_REF": "main"}, is_release=True) is None
    assert origin(job) is None, "no release: its own workflows name no commit of the action"
    for url in (
        "https://github.com/some-team/remyx-action.git",
        "ssh://git@github.com/some-team/remyx-action",
    ):
        installed = json.dumps({"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}})
        assert f"some-team/remyx-action@{commit}" == installed_from(installed)
    assert installed_from('{"url": "file:///work", "dir_info": {}}') is None


@pytest.mark.slow
def test_linters_find_nothing_in_what_is_written(tmp_path: Path) -> None:
    run(
        tmp_path,
        "init",
        "--from",
        "digits",
        "--yes",
        "--owners",
        "@org/leads",
        "--action",
        ACTION,
        "--branch",
        "trunk",
    )
    (tmp_path / ".git").mkdir()
    workflow = str(tmp_path / ".github/workflows/remyx.yml")
    remyx = tmp_path / ".remyx"
    kinds = {"metrics": remyx / "metrics.yaml", "policy": remyx / "policies/default.yaml"}
    schemas = [
        ["check-jsonschema", "--schemafile", str(remyx / f"schemas/{kind}.schema.json"), str(path)]
        for kind, path in kinds.items()
    ]
    for command in (
        ["zizmor", "--offline", "--no-progress", str(tmp_path)],
        ["jactionlint", workflow],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow],
        *schemas,
    ):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, f"{command}\n{done.stdout}{done.stderr}"
    assert shutil.which("zizmor")
