"""Where a pull request's own code runs in the evaluation, one arm does not reach the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.jobs import Jobs, jobs_on
from support.small_project import TEMPLATE, UNLOCKED, locked

HARNESS = '''"""Asks the code under test how many of 400 samples it gets right."""
import json, os, pathlib, runpy

out = pathlib.Path(os.environ["REMYX_OUTPUT_DIR"])
right = runpy.run_path(os.environ["REMYX_SOURCE"] + "/src/model.py")["RIGHT"]
rows = [{"id": f"s{i:03}", "score": int(i < right)} for i in range(400)]
results = {"schema": "remyx-results/1", "metrics": {"accuracy": {"samples": rows}}}
(out / "results.json").write_text(json.dumps(results))
(out / "tmp.txt").write_text(os.environ["TMPDIR"])
'''
COMMITS = (
    TEMPLATE.replace("baseline_asset: half\n", "compare: commits\n")
    .replace("variant_asset: {file: model.yaml, pointer: /model}\n", "")
    .replace("[model.yaml, src/**]", "[src/**]")
)
FILES = locked(
    UNLOCKED
    | {
        ".remyx/templates/small.yaml": COMMITS,
        "evaluation/evaluate.py": HARNESS,
        "src/model.py": "RIGHT = 200\n",
    }
)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    yield from jobs_on(tmp_path, FILES)


def code(more: str, right: int = 200) -> dict[str, str | None]:
    return {"src/model.py": f"RIGHT = {right}\nimport json, os, pathlib, stat\n{more}\n"}


OUT = "pathlib.Path(os.environ['REMYX_OUTPUT_DIR'])"
WORSE = (
    "rows = [{'id': f's{i:03}', 'score': 0} for i in range(400)]\n"
    "worse = {'schema': 'remyx-results/1', 'metrics': {'accuracy': {'samples': rows}}}\n"
)
BASELINE = f"{OUT}.parent / 'baseline' / 'results.json'"
REACHES = {
    "the baseline's results": f"{WORSE}({BASELINE}).write_text(json.dumps(worse))",
    "all results that are there": (
        f"{WORSE}for path in {OUT}.parent.glob('*/results.json'): path.write_text(json.dumps(worse))"
    ),
}


@pytest.mark.parametrize("what", REACHES)
def test_the_baseline_is_read_before_the_variant_runs(jobs: Jobs, what: str) -> None:
    jobs.propose(code(REACHES[what]))
    ended = jobs.step("run")
    assert ("not-judged", "run_failed") == ended.verdict
    assert "results.json is not what was measured" in ended.summary


@pytest.mark.parametrize("path", ["evaluation/evaluate.py", "evaluation/conftest.py"])
def test_a_changed_harness_beside_measured_code_never_ships(jobs: Jobs, path: str) -> None:
    """Both arms ran the harness of base: what the pull request makes of it was not measured."""
    jobs.propose({"src/model.py": "RIGHT = 260\n"})
    assert ("ship", "bar_met") == jobs.step("run").verdict
    jobs.propose({"src/model.py": "RIGHT = 260\n", path: f"{HARNESS}\n"}, branch="feature/both")
    ended = jobs.step("run")
    assert ("iterate", "not_measured") == ended.verdict
    assert [path] == ended.report["proposal"]["not_measured"]


HARNESS_EDITS = {
    "the harness's own file": (
        "path = pathlib.Path('evaluation/evaluate.py')\n"
        "path.chmod(0o644)\n"
        "path.write_text(path.read_text() + '#')"
    ),
    "a file beside it, removed": (
        "folder = pathlib.Path('evaluation')\nfolder.chmod(0o755)\n(folder / 'evaluate.py').unlink()"
    ),
}


@pytest.mark.parametrize("what", HARNESS_EDITS)
def test_a_harness_that_the_code_under_test_changes_is_found(jobs: Jobs, what: str) -> None:
    jobs.propose(code(HARNESS_EDITS[what], right=260))
    ended = jobs.step("run")
    assert "ship" != ended.outputs["verdict"]
    assert "the harness changed during the run: evaluation/evaluate.py" in ended.summary


def test_honest_code_ships_and_each_arm_has_its_own_temporary_folder(jobs: Jobs) -> None:
    jobs.propose(code("", right=260))
    ended = jobs.step("run")
    assert ("ship", "bar_met") == ended.verdict
    folders = {(ended.out / "arms" / arm / "tmp.txt").read_text() for arm in ("baseline", "variant")}
    assert 2 == len(folders)
    assert not any(Path(folder).exists() for folder in folders)
