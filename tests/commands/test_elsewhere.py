"""The recipes for GitLab, Kubernetes and Slurm, carried out with the variables that those set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from remyx_action.errors import Exit
from remyx_action.runtimes.plan.schedulers import SCHEDULERS
from support.git_commands import git
from support.gitlab_stand_in import merge_request_on_loopback
from support.pages import ROOT
from support.places import Place, compared
from support.small_project import FILES, SHARDED, model

EXAMPLES = ROOT / "examples"
GITLAB = EXAMPLES / "gitlab/.gitlab-ci.yml"
KUBERNETES = [
    yaml.safe_load((EXAMPLES / f"kubernetes/{name}.yaml").read_text()) for name in ("measure", "judge")
]
PROGRAMS = Path(sys.executable).parent
VARIANT = ("--variant", "better")
OF_SCHEDULERS = {name for one in SCHEDULERS for name in (one.index, one.count)}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, {**FILES, "evaluation/evaluate.py": SHARDED})


def test_gitlab_takes_the_recipe() -> None:
    words = ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(GITLAB)]
    checked = subprocess.run([PROGRAMS / words[0], *words[1:]], capture_output=True, text=True, check=False)
    assert 0 == checked.returncode, checked.stdout


def test_kubernetes_takes_the_recipe() -> None:
    schema = json.loads((Path(__file__).parents[1] / "support/kubernetes_job.json").read_text())
    for job in KUBERNETES:
        Draft202012Validator(schema).validate(job)
    with pytest.raises(ValidationError, match="completion"):
        Draft202012Validator(schema).validate(job | {"spec": job["spec"] | {"completion": 4}})


def shell(line: str, folder: Path, **variables: str) -> int:
    return begun(["bash", "-c", line], folder, **variables).wait()


def begun(words: Sequence[str], folder: Path, **variables: str) -> subprocess.Popen[bytes]:
    usual = {name: value for name, value in os.environ.items() if name not in OF_SCHEDULERS}
    environment = {**usual, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", **variables}
    return subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.slow
def test_two_jobs_of_kubernetes_give_the_bytes_of_one_machine(place: Place) -> None:
    (measure,), (judge,) = (job["spec"]["template"]["spec"]["containers"] for job in KUBERNETES)
    measuring, judging = (
        [word.replace("org/model", "better") for word in (*one["command"], *one.get("args", ()))]
        for one in (measure, judge)
    )
    given = {one["name"]: one["value"] for one in measure["env"]}
    spec = KUBERNETES[0]["spec"]
    assert ("Indexed", {"REMYX_SHARDS": str(spec["completions"])}) == (spec["completionMode"], given)
    pods = [
        begun(measuring, place.root, JOB_COMPLETION_INDEX=str(index), **given)
        for index in range(spec["completions"])
    ]
    assert [0] * spec["completions"] == [pod.wait() for pod in pods]
    (place.root / "legs/1").rename(place.root / "lost")
    assert Exit.NOT_JUDGED == begun(judging, place.root).wait()
    assert 0 == begun(measuring, place.root, JOB_COMPLETION_INDEX="1", **given).wait()
    assert Exit.SHIP == begun(judging, place.root).wait()
    place.run("better")
    assert compared(place.out) == compared(place.root / ".remyx-out")


@pytest.mark.slow
def test_a_merge_request_is_judged_by_the_bar_that_it_branched_off_with_the_bytes_of_one_machine(
    place: Place,
) -> None:
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
    of_merge_request = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    count = jobs["remyx measure"]["parallel"]
    parts = [
        begun(
            ["bash", "-c", measure],
            place.root,
            CI_NODE_INDEX=str(part),
            CI_NODE_TOTAL=str(count),
            **of_merge_request,
        )
        for part in range(1, count + 1)
    ]
    assert [0] * count == [part.wait() for part in parts]
    assert Exit.REJECT == shell(judge, place.root, **of_merge_request)
    alone = 'remyx-action run --base "$CI_MERGE_REQUEST_DIFF_BASE_SHA" --out alone'
    assert Exit.REJECT == shell(alone, place.root, **of_merge_request)
    assert compared(place.root / "alone") == compared(place.root / ".remyx-out")
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
def test_the_tasks_of_an_array_give_the_bytes_of_one_machine(place: Place) -> None:
    measure, judge = (str(EXAMPLES / f"slurm/{name}.sbatch") for name in ("measure", "judge"))
    array = {"SLURM_SUBMIT_DIR": str(place.root), "SLURM_ARRAY_JOB_ID": "77"}
    array |= {"SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "3", "SLURM_ARRAY_TASK_COUNT": "4"}

    def task(number: int, **variables: str) -> subprocess.Popen[bytes]:
        given = {"SLURM_ARRAY_TASK_ID": str(number), **array, **variables}
        return begun(["bash", measure, *VARIANT], place.root, **given)

    assert [0] * 3 == [one.wait() for one in [task(number) for number in (0, 1, 3)]]
    assert Exit.NOT_JUDGED == begun(["bash", judge, "77", *VARIANT], place.root, **array).wait()
    again = [task(1, SLURM_RESTART_COUNT="1"), task(2)]  # a task that is queued again writes its part again
    assert [0, 0] == [one.wait() for one in again]
    assert Exit.SHIP == begun(["bash", judge, "77", *VARIANT], place.root, **array).wait()
    place.run("better")
    assert compared(place.out) == compared(place.root / ".remyx-out")
