"""The recipes for GitLab and Slurm, carried out with the variables that those set."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from remyx_action.errors import Exit
from support.git_commands import git
from support.gitlab_stand_in import merge_request_on_loopback
from support.pages import ROOT
from support.places import Place
from support.small_project import FILES, HARNESS, model

EXAMPLES = ROOT / "examples"
GITLAB = EXAMPLES / "gitlab/.gitlab-ci.yml"
SHARDED = HARNESS.replace(
    "results = {",
    'rows = rows[int(os.environ["REMYX_SHARD"])::int(os.environ["REMYX_SHARDS"])]\nresults = {',
)
PROGRAMS = Path(sys.executable).parent


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, {**FILES, "evaluation/evaluate.py": SHARDED})


def shell(line: str, folder: Path, **variables: str) -> int:
    environment = {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", **variables}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, check=False
    ).returncode


def test_gitlab_takes_the_recipe() -> None:
    words = ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(GITLAB)]
    checked = subprocess.run([PROGRAMS / words[0], *words[1:]], capture_output=True, text=True, check=False)
    assert 0 == checked.returncode, checked.stdout


def test_a_job_of_kubernetes_says_twice_how_many_parts_there_are() -> None:
    job = yaml.safe_load((EXAMPLES / "kubernetes/measure.yaml").read_text())["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert [{"name": "REMYX_SHARDS", "value": str(job["completions"])}] == container["env"]
    assert "Indexed" == job["completionMode"]


@pytest.mark.slow
def test_a_merge_request_is_judged_by_the_bar_that_it_branched_off(place: Place) -> None:
    git(place.root, "init", "--quiet", "--initial-branch=main")
    git(place.root, "add", "--all")
    git(place.root, "commit", "--quiet", "--message=base")
    base = git(place.root, "rev-parse", "HEAD").strip()
    policy = (FILES[".remyx/policies/default.yaml"] or "").replace("0.02", "0.0001")
    place.write({"model.yaml": model("worse"), ".remyx/policies/default.yaml": policy})
    git(place.root, "commit", "--quiet", "--all", "--message=head")
    jobs = yaml.safe_load(GITLAB.read_text())
    (measure,), (judge,), (_, note) = (
        jobs[f"remyx {name}"]["script"] for name in ("measure", "verdict", "note")
    )
    of_merge_request = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CI_NODE_TOTAL": "2"}
    assert [0, 0] == [shell(measure, place.root, CI_NODE_INDEX=part, **of_merge_request) for part in "12"]
    assert Exit.REJECT == shell(judge, place.root, **of_merge_request)
    cases = ET.fromstring((place.root / "junit.xml").read_bytes()).iter("testcase")
    assert {"verdict", "accuracy improves_by 0.02 at 0.80"} <= {case.get("name") for case in cases}
    with merge_request_on_loopback() as world:
        assert 0 == shell(note, place.root, **world.environment)
        assert "### ❌ Reject: Accuracy lost 0.25" in world.notes[0]["body"]
        (place.root / "legs/2").rename(place.root / "lost")
        assert Exit.NOT_JUDGED == shell(judge, place.root, **of_merge_request)
        assert 0 == shell(note, place.root, **world.environment | {"CI_PIPELINE_ID": "901"})
        (body,) = world.bodies()
        assert "### ⚠️ Not judged" in body
    assert 1 == len(list(ET.fromstring((place.root / "junit.xml").read_bytes()).iter("error")))


@pytest.mark.slow
def test_the_tasks_of_an_array_are_judged_together(place: Place) -> None:
    measure, judge = (shlex.quote(str(EXAMPLES / f"slurm/{name}.sbatch")) for name in ("measure", "judge"))
    array = {"SLURM_SUBMIT_DIR": str(place.root), "SLURM_ARRAY_JOB_ID": "77"}
    array |= {"SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "1", "SLURM_ARRAY_TASK_COUNT": "2"}
    arguments = "--variant better"
    assert 0 == shell(f"bash {measure} {arguments}", place.root, SLURM_ARRAY_TASK_ID="0", **array)
    assert Exit.NOT_JUDGED == shell(f"bash {judge} 77 {arguments}", place.root, **array)
    assert 0 == shell(f"bash {measure} {arguments}", place.root, SLURM_ARRAY_TASK_ID="1", **array)
    assert Exit.SHIP == shell(f"bash {judge} 77 {arguments}", place.root, **array)
