"""examples/tiny-lm: trained by its own script, measured by lighteval for real, judged to each verdict."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support.lighteval.figures import NAME
from support.lighteval.running import OFFLINE, Bench, Forks
from support.pages import ROOT, commands, table

EXAMPLE = ROOT / "examples/tiny-lm"
PAGE = EXAMPLE / "README.md"
PROGRAM = Path(sys.executable).with_name("remyx-action")
EXIT_CODES = {"ship": 0, "reject": 1, "iterate": 2}
MODELS = ("baseline", "better", "near-copy")
LARGEST_MODEL_BYTES = 2_000_000
LARGEST_ARM_MB = 2_000
HAIRS = 2
"""Answers that rounding may turn on another kind of processor: of a model that is unsure."""


@pytest.fixture(scope="module")
def make_data() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_data", EXAMPLE / "make_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def copy_to(folder: Path) -> Path:
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".remyx-out", "__pycache__"))
    return folder


def test_the_questions_are_what_their_script_writes(make_data: ModuleType, tmp_path: Path) -> None:
    make_data.main(tmp_path, report=lambda _: None)
    kept = EXAMPLE / "evaluation/data"
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    assert {path.relative_to(kept): path.read_bytes() for path in kept.rglob("*.jsonl")} == written


def test_no_model_learns_a_sum_that_it_is_measured_on(make_data: ModuleType) -> None:
    measured, learnt = make_data.pairs()
    asked = {tuple(int(number) for number in question[:-1].split("+")) for question in questions("addition")}
    assert asked == set(measured)
    assert set() == asked & ({*learnt} | {(b, a) for a, b in learnt})
    stories = {
        tuple(int(number) for number in re.findall(r"\d+", text)) for text in questions("word_problems")
    }
    assert stories <= asked


def questions(name: str) -> list[str]:
    lines = (EXAMPLE / "evaluation/data" / name / "test.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_small_half_a_million_parameters_in_two_bytes_each(name: str) -> None:
    folder = EXAMPLE / "models" / name
    assert sum(path.stat().st_size for path in folder.iterdir()) < LARGEST_MODEL_BYTES
    weights = (folder / "model.safetensors").read_bytes()
    header = json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")])
    header.pop("__metadata__", None)
    assert {"F16"} == {tensor["dtype"] for tensor in header.values()}
    assert 400_000 < sum(prod(tensor["shape"]) for tensor in header.values()) < 600_000
    assert "llama" == json.loads((folder / "config.json").read_text())["model_type"]


@pytest.mark.slow
def test_training_twice_gives_the_same_weights(python: str, tmp_path: Path) -> None:
    first, second = (trained(python, tmp_path / attempt) for attempt in ("first", "second"))
    assert first == second
    assert first["baseline"] != first["near-copy"]


def trained(python: str, folder: Path) -> dict[str, bytes]:
    """Weights by model, after two steps each."""
    names = ("baseline", "near-copy")
    script = [python, str(EXAMPLE / "train.py"), *names, "--steps", "2", "--folder", str(folder)]
    ended = subprocess.run(script, check=False, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    return {name: (folder / name / "model.safetensors").read_bytes() for name in names}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One run of the program: what it said, and what it took."""

    code: int
    report: Any
    said: str
    peak_mb: float
    """Of the larger arm: of all the processes that the program started and waited for."""

    @property
    def figures(self) -> str:
        """What it took, on one line."""
        arms, assets = self.report["arms"], [arm["asset"] for arm in self.report["arms"].values()]
        took = ", ".join(f"{arm} arm {arms[arm]['seconds']:.1f} s" for arm in arms)
        asked = f"{self.report['metrics'][0]['label']}, {' to '.join(assets)}"
        return f"{asked}: {self.report['verdict']}, {took}, peak memory {self.peak_mb:.0f} MB"


MEASURE = """import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""
"""A small process in between: what is started counts the memory of whoever started it as its own."""


def judge(project: Path, *arguments: str) -> Judged:
    command = [str(PROGRAM), "-C", str(project), "run", *arguments, "--fresh", "--format", "json"]
    ended = subprocess.run(
        [sys.executable, "-c", MEASURE, str(project / "peak"), *command],
        capture_output=True,
        text=True,
        env=os.environ | {**OFFLINE, "OMP_NUM_THREADS": "2"},
        check=False,
    )
    assert ended.stdout, ended.stderr
    return Judged(
        code=ended.returncode,
        report=json.loads(ended.stdout),
        said=ended.stderr,
        peak_mb=int((project / "peak").read_text()) / 1024,
    )


ROWS = table(PAGE, "policy")


@pytest.mark.slow
@pytest.mark.parametrize(
    "row", [row for row in ROWS if row[0] == "default"], ids=lambda row: "-".join(row[1:4])
)
def test_only_the_asset_decides_which_verdict_it_is(
    python: str, tmp_path: Path, record_property: Callable[[str, str], None], row: list[str]
) -> None:
    assert python  # made before anything is timed
    judged = judged_as_the_page_says(copy_to(tmp_path / "tiny-lm"), row)
    record_property(NAME, judged.figures)


@pytest.mark.slow
def test_gsm8ks_own_prompt_and_metric_on_local_questions_give_lightevals_own_numbers(
    python: str, forks: Forks, tmp_path: Path, record_property: Callable[[str, str], None]
) -> None:
    (row,) = (row for row in ROWS if row[0] == "word-problems")
    project = copy_to(tmp_path / "tiny-lm")
    judged = judged_as_the_page_says(project, row)
    record_property(NAME, judged.figures)

    stock = Bench(python=python, forks=forks, root=project, folder=tmp_path)
    shared = {
        "tasks": "word_problems",
        "custom_tasks": str(project / "evaluation/tasks.py"),
        "dtype": "float32",
        "batch_size": 50,
    }
    baseline, variant = stock.stock(*({**shared, "model": f"models/{model}"} for model in row[1:3]))
    (metric,) = judged.report["metrics"]
    assert [metric["baseline"], metric["variant"]] == [
        float(f"{run.results['word_problems|0']['extractive_match']:.12g}") for run in (baseline, variant)
    ]


def judged_as_the_page_says(project: Path, row: list[str]) -> Judged:
    """The run that a row of the page's table is about, held to it."""
    policy, baseline, variant, verdict = row[:4]
    before, after, of = map(int, row[4:7])
    judged = judge(
        project, "--policy", policy, "--baseline", f"models/{baseline}", "--variant", f"models/{variant}"
    )
    assert (verdict, "complete") == (judged.report["verdict"], judged.report["run_state"]), judged.said
    assert EXIT_CODES[verdict] == judged.code
    (metric,) = judged.report["metrics"]
    assert of == metric["n"] == len(questions(DATA[policy]))
    assert [before, after] == [pytest.approx(of * metric[arm], abs=HAIRS) for arm in ("baseline", "variant")]
    assert judged.peak_mb < LARGEST_ARM_MB
    replayed = subprocess.run(
        [PROGRAM, "replay", project / ".remyx-out/verdict.json"], check=False, capture_output=True, text=True
    )
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    return judged


DATA = {"default": "addition", "word-problems": "word_problems"}
"""Policy → the questions that it judges by."""


def test_the_page_runs_what_its_table_explains() -> None:
    explained = {(row[0], row[1], row[2]) for row in ROWS}
    verdicts = {row[3] for row in ROWS if row[0] == "default"}
    assert set(EXIT_CODES) == verdicts
    for command in commands(PAGE):
        program, *arguments = command.line.split()
        if program != "remyx-action" or arguments[0] != "run":
            continue
        given = dict(zip(arguments[1::2], arguments[2::2], strict=True))
        assert (
            given["--policy"],
            given.get("--baseline", "models/baseline").removeprefix("models/"),
            given["--variant"].removeprefix("models/"),
        ) in explained
