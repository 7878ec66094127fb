"""`--shard auto`: a scheduler's own variables say which part this is, or what is wrong with them is said."""

from __future__ import annotations

import pytest

from remyx_action.errors import WrongUsage
from remyx_action.runtimes.plan.schedulers import shard_of


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
def test_what_is_missing_or_contradicts_is_reported(environment: dict[str, str], said: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        shard_of(environment)
    assert said in caught.value.message
    assert "--shard 2/4" in caught.value.help
