"""`--shard auto`: a scheduler's own variables say which part this is, or what is wrong with them is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from remyx_action.errors import WrongUsage
from remyx_action.report.report import compared_part
from remyx_action.runtimes.plan.schedulers import SCHEDULERS, shard_of
from support.places import Place
from support.small_project import FILES, HARNESS

PROGRAM = Path(sys.executable).with_name("remyx-action")


def slurm(id_: object, first: object, last: object, count: object, step: object = 1) -> dict[str, str]:
    given = {"ID": id_, "MIN": first, "MAX": last, "COUNT": count, "STEP": step}
    return {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in given.items() if value is not None}


def kubernetes(index: object, count: object) -> dict[str, str]:
    return {"JOB_COMPLETION_INDEX": str(index), "REMYX_SHARDS": str(count)}


def gitlab(index: object, total: object) -> dict[str, str]:
    return {"CI_NODE_INDEX": str(index), "CI_NODE_TOTAL": str(total)}


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        (slurm(0, 0, 3, 4), "0/4"),
        (slurm(4, 1, 4, 4), "3/4"),
        (slurm(1003, 1000, 1007, 8), "3/8"),
        (slurm(4, 0, 6, 4, 2), "2/4"),
        (slurm(2, 0, None, 4, None), "2/4"),
        (slurm(7, 7, 7, 1), "0/1"),
        (slurm(1, 0, 3, 4) | {"REMYX_SHARDS": "4"}, "1/4"),
        (slurm(1, 0, 3, 4) | {"CI_NODE_TOTAL": "1"}, "1/4"),
        (kubernetes(0, 4), "0/4"),
        (kubernetes(255, 256), "255/256"),
        (gitlab(1, 4), "0/4"),
        (gitlab(4, 4), "3/4"),
        ({"CI_NODE_TOTAL": "1"}, "0/1"),
    ],
)
def test_the_schedulers_own_variables_name_the_part(environment: dict[str, str], shard: str) -> None:
    assert shard == str(shard_of(environment))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "no scheduler numbers this process"),
        ({"SLURM_JOB_ID": "7"}, "no scheduler numbers this process"),
        (slurm(0, 0, 3, None), "Slurm: SLURM_ARRAY_TASK_ID is set, and SLURM_ARRAY_TASK_COUNT is not"),
        (slurm(0, None, 3, 4), "SLURM_ARRAY_TASK_MIN is not"),
        (slurm(None, 0, 3, 4), "SLURM_ARRAY_TASK_COUNT is set, and SLURM_ARRAY_TASK_ID is not"),
        (slurm(3, 1, 9, 3), "3 numbers from 1 by 1 end at 3, and SLURM_ARRAY_TASK_MAX is 9"),
        (slurm(3, 0, 6, 4, 2), "SLURM_ARRAY_TASK_ID is 3, and the numbers go from 0 to 6 by 2"),
        (slurm(4, 0, 3, 4), "SLURM_ARRAY_TASK_ID is 4, and the numbers go from 0 to 3"),
        (slurm(0, 0, 3, 4, 0), "SLURM_ARRAY_TASK_STEP is 0"),
        (slurm(0, 0, 299, 300), "SLURM_ARRAY_TASK_COUNT is 300, and an evaluation has 1 to 256 parts"),
        (slurm(2, 2, 2, 1) | {"REMYX_SHARDS": "4"}, "REMYX_SHARDS is '4', and SLURM_ARRAY_TASK_COUNT is 1"),
        ({"JOB_COMPLETION_INDEX": "0"}, "JOB_COMPLETION_INDEX is set, and REMYX_SHARDS is not"),
        ({"REMYX_SHARDS": "4"}, "REMYX_SHARDS is set, and JOB_COMPLETION_INDEX is not"),
        (kubernetes(4, 4), "JOB_COMPLETION_INDEX is 4, and the numbers go from 0 to 3"),
        (kubernetes(0, 0), "REMYX_SHARDS is 0, and an evaluation has"),
        (kubernetes("٣", 4), r"JOB_COMPLETION_INDEX is '\u0663', which is no whole number"),
        (kubernetes(-1, 4), "JOB_COMPLETION_INDEX is '-1', which is no whole number"),
        (gitlab(0, 4), "CI_NODE_INDEX is 0, and the numbers go from 1 to 4"),
        (gitlab(5, 4), "CI_NODE_INDEX is 5"),
        ({"CI_NODE_INDEX": "1"}, "CI_NODE_INDEX is set, and CI_NODE_TOTAL is not"),
        ({"CI_NODE_TOTAL": "4"}, "CI_NODE_TOTAL is set, and CI_NODE_INDEX is not"),
        (
            gitlab(1, 4) | kubernetes(0, 4),
            "Kubernetes (JOB_COMPLETION_INDEX) and GitLab (CI_NODE_INDEX) both",
        ),
    ],
)
def test_what_is_missing_or_contradicts_is_said(environment: dict[str, str], said: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        shard_of(environment)
    assert said in caught.value.message
    assert "--shard 2/4" in caught.value.help


SHARDED = HARNESS.replace(
    "results = {",
    'rows = rows[int(os.environ["REMYX_SHARD"])::int(os.environ["REMYX_SHARDS"])]\nresults = {',
)
OTHERS = {name for one in SCHEDULERS for name in (one.index, one.count)}


def command(place: Place, *words: str) -> list[str]:
    return [str(PROGRAM), "-C", str(place.root), "run", "--variant", "better", *words]


def compared(folder: Path) -> str:
    return json.dumps(compared_part(json.loads((folder / "verdict.json").read_text())))


@pytest.fixture(scope="module")
def measured_once(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A project, measured on one machine."""
    place = Place(tmp_path_factory.mktemp("once"), {**FILES, "evaluation/evaluate.py": SHARDED})
    place.run("better")
    return place


@pytest.mark.slow
@pytest.mark.parametrize(
    "tasks",
    [
        [slurm(task, 1, 4, 4) for task in range(1, 5)],
        [kubernetes(task, 4) for task in range(4)],
        [gitlab(task, 4) for task in range(1, 5)],
    ],
    ids=["slurm", "kubernetes", "gitlab"],
)
def test_four_processes_of_a_scheduler_give_the_bytes_of_one_machine(
    tasks: list[dict[str, str]], measured_once: Place, tmp_path: Path
) -> None:
    usual = {name: value for name, value in os.environ.items() if name not in OTHERS}
    part = ("--shard", "auto", "--measure-only", "--out")
    begun = [
        subprocess.Popen(
            command(measured_once, *part, str(tmp_path / f"legs/{number}")),
            env=usual | task,
            stderr=subprocess.DEVNULL,
        )
        for number, task in enumerate(tasks)
    ]
    assert [0] * 4 == [process.wait() for process in begun]
    judge = command(measured_once, "--measured", str(tmp_path / "legs"), "--out", str(tmp_path / "out"))
    assert 0 == subprocess.run(judge, env=usual, capture_output=True, check=False).returncode
    assert compared(measured_once.out) == compared(tmp_path / "out")
