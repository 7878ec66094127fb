"""A script of one's own that runs lighteval: measured, kept, handed over between jobs, recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from remyx_action.commands import baseline
from support.jobs import jobs_on
from support.lighteval_runs import EXAMPLES
from support.places import Place, arm
from support.small_project import POLICY, TEMPLATE, UNLOCKED, locked, model

SCRIPT = f'''"""Leaves what lighteval left of one of two models."""
import os, zipfile

with zipfile.ZipFile("{EXAMPLES}/" + os.environ["REMYX_ASSET"] + ".zip") as archive:
    archive.extractall(os.environ["REMYX_OUTPUT_DIR"])
'''
METRICS = """version: 1
metrics:
  - {key: em, label: Sums, unit: accuracy}
  - {key: digits_acc, label: Digits, unit: accuracy}
"""
CHANGES = {"half": "model-a", "[accuracy]": "[em, digits_acc]", "samples: 400\n": "results: lighteval\n"}


def changed(text: str) -> str:
    for before, after in {**CHANGES, "metric: accuracy": "metric: em"}.items():
        text = text.replace(before, after)
    return text


FILES = locked(
    {
        **UNLOCKED,
        ".remyx/metrics.yaml": METRICS,
        ".remyx/templates/small.yaml": changed(TEMPLATE),
        ".remyx/policies/default.yaml": changed(POLICY),
        "evaluation/evaluate.py": SCRIPT,
        "model.yaml": model("model-a"),
    }
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, FILES)


def test_a_script_that_leaves_runs_of_lighteval_gets_a_verdict(place: Place) -> None:
    report = place.run(variant="model-b")
    assert "ship" == report.verdict
    (sums, digits) = report.metrics
    assert (40, 39) == (sums.n, digits.n)
    assert "reject" == place.run(variant="model-a", baseline="model-b").verdict


def test_a_baseline_that_lighteval_left_is_kept_with_all_its_files(place: Place) -> None:
    first, second = place.run(variant="model-b"), place.run(variant="model-b")
    assert ["variant"] == place.ran()
    assert "kept" == getattr(arm(second).origin, "kind", None)
    assert (first.verdict, first.inputs) == (second.verdict, second.inputs)


def test_what_lighteval_left_goes_from_the_job_that_measured_to_the_one_that_judges(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, FILES):
        jobs.push({"model.yaml": model("model-b")})
        _, published = jobs.evaluate()
        assert "ship" == published.report["verdict"]


def test_a_baseline_that_lighteval_left_is_recorded_with_its_samples(tmp_path: Path) -> None:
    place = Place(tmp_path, FILES)
    baseline.record(place.baseline(), place.world(), lambda _: None)
    place.write({".remyx/templates/small.yaml": changed(TEMPLATE) + "baseline: recorded\n"})
    report = place.run(variant="model-b")
    assert ["variant"] == place.ran()
    assert ("recorded", "ship") == (arm(report).state, report.verdict)
