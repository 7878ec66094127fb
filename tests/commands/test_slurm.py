"""The recipe of examples/slurm on a real cluster: a task that is killed is no verdict until it ran again."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.places import Place, compared
from support.slurm import HELP, running_cluster, until, what_is_missing
from support.small_project import FILES, SHARDED

VARIANT = ("--variant", "better")
RECIPE = Path(__file__).parents[2] / "examples" / "slurm"
HELD = "held"
"""While a file of this name lies in the project, the third of four parts does not end."""
HOLDING = SHARDED.replace(
    "results = {",
    "import time\n"
    'held = (os.environ["REMYX_SHARD"], os.environ["REMYX_SHARDS"]) == ("2", "4")\n'
    f'while held and pathlib.Path("{HELD}").exists(): time.sleep(0.05)\n'
    "results = {",
)


def judge_of(submitted: str) -> str:
    """The job that judges, by what a script of the recipe prints."""
    return submitted.removeprefix("Submitted batch job ")


@pytest.mark.slow
@pytest.mark.xdist_group("slurm")
@pytest.mark.skipif(bool(what_is_missing()), reason=f"no Slurm: {what_is_missing()} missing; {HELP}")
def test_an_array_that_lost_a_task_gives_the_bytes_of_one_machine_at_last(
    tmp_path: Path,
) -> None:
    once = Place(tmp_path, {**FILES, "evaluation/evaluate.py": HOLDING})
    assert "ship" == once.run("better").verdict
    project = once.root
    (project / HELD).touch()
    with running_cluster() as cluster:
        judge = judge_of(cluster.ask(str(RECIPE / "submit.sh"), *VARIANT, folder=project))
        until((project / "legs").is_dir)
        (legs,) = (project / "legs").iterdir()
        array = legs.name
        until(lambda: {"0", "1", "3"} == {record.parent.name for record in legs.glob("*/run.json")})
        until(lambda: 1 == cluster.states(array).count("RUNNING"))
        cluster.ask("scancel", f"{array}_2")

        until(lambda: cluster.ended(judge))
        assert ["CANCELLED", "COMPLETED", "COMPLETED", "COMPLETED"] == sorted(cluster.states(array))
        assert ["FAILED"] == cluster.states(judge)
        assert "the results lack shard 2 of 4" in (project / f"remyx-{judge}.log").read_text()
        assert not (project / ".remyx-out" / "verdict.json").exists()
        assert "<error" in (project / "junit.xml").read_text()

        (project / HELD).unlink()
        again = judge_of(cluster.ask(str(RECIPE / "again.sh"), array, "2/4", *VARIANT, folder=project))
        until(lambda: cluster.ended(again))
        assert ["COMPLETED"] == cluster.states(again)
    assert compared(once.out) == compared(project / ".remyx-out")
