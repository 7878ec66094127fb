"""The recipe of examples/slurm on a real cluster: a task that is killed is no verdict until it ran again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.places import Place, compared
from support.slurm import HELP, Cluster, running_cluster, until, what_is_missing
from support.small_project import FILES, HARNESS, SHARDED

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


pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("slurm"),
    pytest.mark.skipif(bool(what_is_missing()), reason=f"no Slurm: {what_is_missing()} missing; {HELP}"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Held, until the file is removed."""
    place = Place(tmp_path, {**FILES, "evaluation/evaluate.py": HOLDING})
    (place.root / HELD).touch()
    return place


def begin(cluster: Cluster, place: Place) -> tuple[str, str]:
    """The array and the job that judges it, as soon as only the part that is held runs."""
    judge = judge_of(cluster.ask(str(RECIPE / "submit.sh"), *VARIANT, folder=place.root))
    until((place.root / "legs").is_dir)
    (legs,) = (place.root / "legs").iterdir()
    until(lambda: {"0", "1", "3"} == {record.parent.name for record in legs.glob("*/run.json")})
    until(lambda: 1 == cluster.states(legs.name).count("RUNNING"))
    return legs.name, judge


def test_an_array_that_lost_a_task_gives_the_bytes_of_one_machine_at_last(
    cluster: Cluster, place: Place
) -> None:
    project = place.root
    array, judge = begin(cluster, place)
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
    assert "ship" == place.run("better").verdict
    assert compared(place.out) == compared(project / ".remyx-out")


def test_a_task_that_is_queued_again_writes_its_part_again(cluster: Cluster, place: Place) -> None:
    array, judge = begin(cluster, place)
    cluster.ask("scontrol", "requeue", f"{array}_2")
    (place.root / HELD).unlink()
    until(lambda: cluster.ended(judge))
    assert "Restarts=1" in cluster.ask("scontrol", "--oneliner", "show", "job", f"{array}_2")
    assert ["COMPLETED"] * 4 == cluster.states(array)
    assert ["COMPLETED"] == cluster.states(judge)
    place.run("better")
    assert compared(place.out) == compared(place.root / ".remyx-out")


def test_tasks_that_wait_are_not_started_after_one_whose_harness_ignores_its_shard(
    cluster: Cluster, place: Place
) -> None:
    place.write({"evaluation/evaluate.py": HARNESS})
    one_by_one = ("sbatch", "--parsable", "--array=0-3%1", str(RECIPE / "measure.sbatch"), *VARIANT)
    array = cluster.ask(*one_by_one, folder=place.root)
    until(lambda: cluster.ended(array))
    assert ["CANCELLED", "FAILED"] == sorted(cluster.states(array))  # those that wait are one entry
    assert "holds all 400 samples of accuracy" in (place.root / f"remyx-{array}-0.log").read_text()
    assert [] == list(place.root.glob("legs/*/*/run.json"))
