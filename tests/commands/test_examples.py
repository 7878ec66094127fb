"""The examples: the digits end to end, and the worked example to its last digit."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support.pages import ROOT, commands, table

EXAMPLES = ROOT / "examples"
PROGRAM = Path(sys.executable).with_name("remyx-action")

DIGITS = EXAMPLES / "digits-classifier"
VQASYNTH = EXAMPLES / "vqasynth"
ROUTER = EXAMPLES / "ticket-router"
EXIT_CODES = {"ship": 0, "reject": 1, "iterate": 2}
BASELINES = {"spatialscore": 0.42, "omnispatial": 0.31, "space10": 0.55, "mindcube": 0.38}
POINTS_POLICY = """\
version: 1
name: points
template: spatial-suite
ship:
  all:
    - {metric: spatialscore.delta, op: ">=", threshold: 0.02}
    - {metric: omnispatial.delta, op: ">=", threshold: 0.02}
    - {metric: space10.delta, op: ">=", threshold: 0.02}
    - {metric: mindcube.delta, op: ">=", threshold: 0.02}
"""


def remyx_action(*arguments: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )


def verdict_of(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    """The exit code and verdict.json of a command that prints it."""
    finished = remyx_action(*arguments, "--format", "json")
    assert finished.stdout, finished.stderr
    return finished.returncode, json.loads(finished.stdout)


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_reports", VQASYNTH / "generate_reports.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked example, with a policy of bare points beside its own."""
    folder = tmp_path_factory.mktemp("vqasynth")
    shutil.copytree(VQASYNTH, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".remyx-out"))
    (folder / ".remyx/policies/points.yaml").write_text(POINTS_POLICY, encoding="utf-8")
    return folder


def judge(project: Path, policy: str, variant: Path, *baseline: str | Path) -> tuple[int, dict[str, Any]]:
    out = variant.parent / f"{variant.name}-{policy}-out"
    return verdict_of(
        "-C", project, "judge", "--policy", policy, "--variant", variant, *baseline, "--out", out
    )


def bare_report(folder: Path, summary: Mapping[str, float]) -> Path:
    folder.mkdir(parents=True)
    (folder / "benchmark_report.json").write_text(json.dumps({"summary": summary}), encoding="utf-8")
    return folder


def moved(by: float) -> dict[str, float]:
    return {name: round(value + by, 2) for name, value in BASELINES.items()}


def drawn_report(generator: ModuleType, folder: Path, accuracies: Mapping[str, float]) -> Path:
    """A report with every question, whose accuracies are exact."""
    generator.write_report(
        folder,
        {
            benchmark.name: generator.variant_points(
                "test", benchmark, generator.questions_of(benchmark), accuracies[benchmark.name]
            )
            for benchmark in generator.SUITE
            if benchmark.name in accuracies
        },
    )
    return folder


def marks(rule: dict[str, Any]) -> list[str]:
    return [condition["mark"] for condition in rule["conditions"]]


def test_the_reports_are_what_their_generator_writes(generator: ModuleType, tmp_path: Path) -> None:
    generator.main(tmp_path)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json")}
    kept = {
        path.relative_to(VQASYNTH / "reports"): path.read_bytes()
        for path in (VQASYNTH / "reports").rglob("benchmark_report.json")
    }
    assert kept == written
    assert sum(map(len, kept.values())) < 1_500_000


@pytest.mark.parametrize(
    "example",
    sorted(folder.parent for folder in EXAMPLES.rglob(".remyx")),
    ids=lambda path: str(path.relative_to(EXAMPLES)),
)
def test_every_example_passes_check(example: Path) -> None:
    checked = remyx_action("-C", example, "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("policy", "scenario", "expected"),
    [
        ("default", "ship", (0, "ship", "bar_met", "complete")),
        ("default", "reject", (1, "reject", "reject_rule", "complete")),
        ("default", "iterate", (2, "iterate", "below_bar", "complete")),
        ("default", "missing-mindcube", (2, "iterate", "reject_undetermined", "partial")),
        ("guarded", "ship", (0, "ship", "bar_met", "complete")),
        ("guarded", "reject", (1, "reject", "reject_rule", "complete")),
        ("guarded", "iterate", (2, "iterate", "below_bar", "complete")),
        ("guarded", "missing-mindcube", (2, "iterate", "ship_undetermined", "partial")),
    ],
)
def test_each_scenario_ends_as_its_folder_says(
    project: Path, policy: str, scenario: str, expected: tuple[int, str, str, str]
) -> None:
    reports = project / "reports"
    code, report = judge(project, policy, reports / scenario, "--baseline", reports / "baseline")
    assert expected == (code, report["verdict"], report["reason"], report["run_state"])


def test_a_loss_of_exactly_one_point_everywhere_does_not_reject(
    project: Path, generator: ModuleType, tmp_path: Path
) -> None:
    bare = bare_report(tmp_path / "bare", moved(-0.01))
    drawn = drawn_report(generator, tmp_path / "drawn", moved(-0.01))
    for variant, baseline in ((bare, ()), (drawn, ("--baseline", project / "reports/baseline"))):
        code, report = judge(project, "default", variant, *baseline)
        assert [row["delta"] for row in report["metrics"]] == [-0.01] * 4
        assert marks(report["rules"]["reject"]) == ["false"] * 4
        assert (code, report["verdict"]) == (2, "iterate")


def test_a_loss_of_a_hair_more_than_one_point_rejects(project: Path, tmp_path: Path) -> None:
    variant = bare_report(tmp_path / "bare", {**moved(0), "space10": 0.5399999})
    code, report = judge(project, "default", variant)
    assert marks(report["rules"]["reject"]) == ["false", "false", "true", "false"]
    assert (code, report["verdict"]) == (1, "reject")


def test_a_gain_of_exactly_two_points_meets_two_points_on_every_baseline(
    project: Path, generator: ModuleType, tmp_path: Path
) -> None:
    bare = bare_report(tmp_path / "bare", moved(0.02))
    drawn = drawn_report(generator, tmp_path / "drawn", moved(0.02))
    for variant, baseline in ((bare, ()), (drawn, ("--baseline", project / "reports/baseline"))):
        code, report = judge(project, "points", variant, *baseline)
        assert [row["baseline"] for row in report["metrics"]] == list(BASELINES.values())
        assert [row["delta"] for row in report["metrics"]] == [0.02] * 4
        assert marks(report["rules"]["ship"]) == ["true"] * 4
        assert (code, report["verdict"]) == (0, "ship")


@pytest.fixture(scope="module")
def five_points_up(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report that ships under every policy of the project."""
    return drawn_report(generator, tmp_path_factory.mktemp("reports") / "five-points-up", moved(0.05))


@pytest.mark.parametrize("policy", ["default", "guarded", "points"])
def test_five_points_on_every_benchmark_ship(project: Path, five_points_up: Path, policy: str) -> None:
    code, report = judge(project, policy, five_points_up, "--baseline", project / "reports/baseline")
    assert (0, "ship") == (code, report["verdict"])


@pytest.mark.parametrize("policy", ["default", "guarded", "points"])
@pytest.mark.parametrize("left_out", BASELINES)
def test_leaving_a_benchmark_out_never_ships_and_names_the_reason(
    project: Path, five_points_up: Path, tmp_path: Path, policy: str, left_out: str
) -> None:
    report = json.loads((five_points_up / "benchmark_report.json").read_text(encoding="utf-8"))
    del report["summary"][left_out], report["benchmarks"][left_out]
    variant = tmp_path / "variant"
    variant.mkdir()
    (variant / "benchmark_report.json").write_text(json.dumps(report), encoding="utf-8")

    code, verdict = judge(project, policy, variant, "--baseline", project / "reports/baseline")

    only_the_reject_rule_names_it = policy == "default" and left_out in {"space10", "mindcube"}
    reason = "reject_undetermined" if only_the_reject_rule_names_it else "ship_undetermined"
    assert (2, "iterate", reason, "partial") == (
        code,
        verdict["verdict"],
        verdict["reason"],
        verdict["run_state"],
    )
    reasons = {row["key"]: row["reason"] for row in verdict["metrics"]}
    assert reasons == {key: "missing_metric" if key == left_out else None for key in BASELINES}


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the digits; uv makes one environment for its script, and compiles it once."""
    project = tmp_path_factory.mktemp("digits") / "digits"
    shutil.copytree(DIGITS, project, ignore=shutil.ignore_patterns(".remyx-out"))
    return project


@pytest.mark.slow
@pytest.mark.xdist_group("digits")
@pytest.mark.parametrize(("variant", "verdict"), [row[:2] for row in table(DIGITS / "README.md", "variant")])
def test_digits_are_trained_measured_and_judged(digits: Path, variant: str, verdict: str) -> None:
    project = digits
    code, report = verdict_of("-C", project, "run", "--variant", variant)
    assert (verdict, "complete") == (report["verdict"], report["run_state"])
    assert code == EXIT_CODES[verdict]
    assert [row["n"] for row in report["metrics"]] == [1797, 901, 1797]
    out = project / ".remyx-out"
    replayed = remyx_action("replay", out / "verdict.json")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert (out / "arms/variant/results.json").is_file()
    assert "fold 5 of 5" in "".join(path.read_text() for path in (out / "arms/variant").glob("*.log"))


@pytest.mark.slow
@pytest.mark.xdist_group("digits")
def test_a_model_without_a_seed_disagrees_with_itself(digits: Path) -> None:
    page = (ROOT / "docs/guide/how-often-is-our-bar-wrong.md").read_text()
    [shown] = re.findall(
        r"^\$ remyx-action -C examples/digits-classifier (noise --run .*)$", page, re.MULTILINE
    )
    finished = remyx_action("-C", digits, *shown.split(), "--format", "json")
    assert finished.stdout, finished.stderr
    [found] = json.loads(finished.stdout)["policies"]
    accuracy, _, log_loss = found["metrics"]
    assert (3, 3) == (found["measured"], found["pairs"])
    assert 0 < accuracy["disagree"] < 0.1 < log_loss["disagree"]
    assert all(row["scaled_square"] >= 0 for row in (accuracy, log_loss))


def test_the_page_of_the_digits_runs_what_its_table_explains() -> None:
    explained = {row[0] for row in table(DIGITS / "README.md", "variant")}
    shown = {command.line for command in commands(DIGITS / "README.md")}
    assert shown <= {
        "remyx-action check",
        *(f"remyx-action run --variant {variant}" for variant in explained),
    }


@pytest.mark.parametrize(("variant", "verdict"), [row[:2] for row in table(ROUTER / "README.md", "variant")])
def test_quality_time_and_cost_have_a_bar_each(tmp_path: Path, variant: str, verdict: str) -> None:
    project = tmp_path / "router"
    shutil.copytree(ROUTER, project, ignore=shutil.ignore_patterns(".remyx-out"))
    assert f"remyx-action run --variant {variant}" in {one.line for one in commands(ROUTER / "README.md")}
    code, report = verdict_of("-C", project, "run", "--variant", variant)
    assert (EXIT_CODES[verdict], verdict, "complete") == (code, report["verdict"], report["run_state"])
    rows = {row["key"]: row for row in report["metrics"]}
    assert {"accuracy", "seconds", "usd", "tokens"} == set(rows)
    assert all(row["n"] == 400 and row["delta"] is not None for row in rows.values())
    shown = remyx_action("render", project / ".remyx-out/verdict.json", "--as", "comment").stdout
    assert all(label in shown for label in ("Right queue", "Time, 95th percentile", "Cost of a ticket"))


def test_a_dry_run_scores_a_few_samples_and_never_ships(tmp_path: Path) -> None:
    project = tmp_path / "router"
    shutil.copytree(ROUTER, project, ignore=shutil.ignore_patterns(".remyx-out"))
    code, report = verdict_of("-C", project, "run", "--variant", "small-with-examples", "--samples", "5")
    assert (2, 5) == (code, report["quick_look"])
    assert {row["n"] for row in report["metrics"]} == {5}


def test_a_dry_run_of_files_says_how_they_are_tried(tmp_path: Path) -> None:
    project = tmp_path / "year"
    shutil.copytree(ROOT / "examples/year-of-verdicts", project)
    finished = remyx_action("run", "--samples", "5", folder=project)
    assert (4, "") == (finished.returncode, finished.stdout)
    assert "the template suite runs nothing" in finished.stderr
    assert "remyx-action read FILE --template suite" in finished.stderr


def test_the_page_of_the_worked_example_shows_what_happens(project: Path) -> None:
    page = VQASYNTH / "README.md"
    verdicts = {row[0]: row[1] for row in table(page, "reports/")}
    for command in commands(page):
        arguments = command.line.split()[1:]
        finished = remyx_action(*arguments, folder=project)
        scenario = arguments[4].removeprefix("reports/") if "judge" in arguments else None
        expected = EXIT_CODES[verdicts[scenario]] if scenario else 0
        assert (expected, command.line) == (finished.returncode, command.line)
