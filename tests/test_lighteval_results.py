"""Runs of lighteval, read: samples of its details, without them values alone, and what is never believed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lighteval_runs import a_run, results_of
from remyx_action.evidence.comparability import compare_provenance
from remyx_action.evidence.scores import ArmScores, Samples
from remyx_action.readers.samples import point_of
from remyx_action.reports.verdict import MeasuredArm
from remyx_action.specs import Template
from remyx_action.stages.arms import read_handed_in
from test_readers import a_metric


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lighteval")
    for model in ("model-a", "model-b"):
        a_run(model, folder)
    return folder


@pytest.fixture
def run(unpacked: Path, tmp_path: Path) -> Path:
    """A copy of model-a's run, to be changed."""
    return Path(shutil.copytree(unpacked / "model-a", tmp_path / "run"))


def read(path: Path, *keys: str) -> MeasuredArm:
    template = Template(
        version=1, name="suite", script="evaluate.py", metrics=list(keys), results="lighteval"
    )
    return read_handed_in(template, {key: a_metric(key) for key in keys}, path)


def scores(path: Path, *keys: str) -> ArmScores:
    arm = read(path, *keys)
    assert arm.report.state == "handed_in", arm.report.detail
    return arm.scores


def detail(path: Path, *keys: str) -> str:
    arm = read(path, *keys)
    assert arm.report.state == "failed"
    assert arm.report.detail is not None
    return arm.report.detail


def change(file: Path, how: Callable[[Any], None]) -> None:
    document = json.loads(file.read_text())
    how(document)
    file.write_text(json.dumps(document))


def without_details(run: Path) -> Path:
    shutil.rmtree(run / "details")
    return run


def own(run: Path, task: str) -> dict[str, float]:
    values: dict[str, float] = json.loads(results_of(run).read_text())["results"][task]
    return values


# with details


def test_samples_of_a_task_have_the_mean_that_lighteval_reports(unpacked: Path) -> None:
    for model in ("model-a", "model-b"):
        run = unpacked / model
        for key in ("em", "extractive_match", "length", "mrr"):
            found = scores(run, key).scores[key]
            assert isinstance(found, Samples)
            reported = own(run, "digits:low|0" if key == "mrr" else "sums|0")[key]
            assert float(point_of(found, None)) == pytest.approx(reported, abs=1e-12)


def test_ids_that_repeat_over_splits_are_told_apart(unpacked: Path) -> None:
    found = scores(unpacked / "model-a", "em").scores["em"]
    assert isinstance(found, Samples)
    numbers = [id_.partition("-")[0] for id_ in found.ids]
    assert (40, 24) == (len(set(found.ids)), len(set(numbers)))


def test_two_runs_pair_sample_by_sample(unpacked: Path) -> None:
    arms = [scores(unpacked / model, "em") for model in ("model-a", "model-b")]
    ids = [set(arm.scores["em"].ids) for arm in arms]  # type: ignore[union-attr]
    assert ids[0] == ids[1]
    assert ((), ()) == (compare_provenance(*arms).mismatches, compare_provenance(*arms).warnings)


def test_a_memory_address_in_a_metric_is_not_a_part_of_its_name(unpacked: Path) -> None:
    raw = {model: set(own(unpacked / model, "both|0")) for model in ("model-a", "model-b")}
    assert raw["model-a"] != raw["model-b"]
    for model in raw:
        found = scores(unpacked / model, "em_normalize_gold_stripped").scores.values()
        assert [Samples] == [type(one) for one in found]
