"""Which part of an evaluation a scheduler started this process for, by the scheduler's own variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from remyx_action.errors import WrongUsage
from remyx_action.project.models.shard import MOST_SHARDS, Shard


class Scheduler(Struct, frozen=True, kw_only=True):
    """How one scheduler numbers the processes that it starts for one job."""

    name: str
    index: str
    """The variable with this process's number: where it is set, the scheduler started this process."""
    count: str
    """The variable with the number of processes."""
    first: int | str
    """Number of the first process, or the variable that holds it."""
    step: str | None = None
    """The variable with the distance between two numbers; 1 where it is not set."""
    last: str | None = None
    """The variable with the number of the last process."""
    alone: str | None = None
    """What `count` holds where there is only one process and `index` is not set; None: it is never so."""
    start: str
    """How such processes are started."""


SCHEDULERS = (
    Scheduler(
        name="Slurm",
        index="SLURM_ARRAY_TASK_ID",
        count="SLURM_ARRAY_TASK_COUNT",
        first="SLURM_ARRAY_TASK_MIN",
        step="SLURM_ARRAY_TASK_STEP",
        last="SLURM_ARRAY_TASK_MAX",
        start="`sbatch --array=0-3`",
    ),
    Scheduler(
        name="Kubernetes",
        index="JOB_COMPLETION_INDEX",
        count="REMYX_SHARDS",
        first=0,
        start="a Job with `completionMode: Indexed` and REMYX_SHARDS, the same number as its `completions`",
    ),
    Scheduler(
        name="GitLab",
        index="CI_NODE_INDEX",
        count="CI_NODE_TOTAL",
        first=1,
        alone="1",
        start="`parallel: 4` in the job",
    ),
)

NAME_IT = "or name the part yourself: --shard 2/4 for the third of 4"


def shard_of(environment: Mapping[str, str]) -> Shard:
    """Return the part that the scheduler's variables name.

    WrongUsage where no scheduler or several name one, and where variables are missing or contradict.
    """
    found = [one for one in SCHEDULERS if environment.get(one.index)]
    if len(found) > 1:
        names = " and ".join(f"{one.name} ({one.index})" for one in found)
        raise WrongUsage(
            f"--shard auto: {names} both number this process",
            help="name the part yourself: --shard 2/4 for the third of 4",
        )
    if found:
        return _shard_by(found[0], environment)
    begun = [one for one in SCHEDULERS if environment.get(one.count)]
    if begun and environment[begun[0].count] == begun[0].alone:
        return Shard()
    if begun:
        raise _wrong(begun[0], f"{begun[0].count} is set, and {begun[0].index} is not")
    starts = "; ".join(f"{one.name}: {one.start}" for one in SCHEDULERS)
    raise WrongUsage(
        "--shard auto: no scheduler numbers this process",
        help=f"start it by one ({starts}), {NAME_IT}",
    )


def _shard_by(scheduler: Scheduler, environment: Mapping[str, str]) -> Shard:
    number, count = (_number(scheduler, environment, name) for name in (scheduler.index, scheduler.count))
    first = scheduler.first
    if isinstance(first, str):
        first = _number(scheduler, environment, first)
    step = 1
    if scheduler.step and environment.get(scheduler.step):
        step = _number(scheduler, environment, scheduler.step)
    for problem in _problems(scheduler, environment, number=number, count=count, first=first, step=step):
        raise _wrong(scheduler, problem)
    return Shard(index=(number - first) // step, count=count)


def _problems(
    scheduler: Scheduler, environment: Mapping[str, str], *, number: int, count: int, first: int, step: int
) -> Iterator[str]:
    """What the variables contradict, the plainest first."""
    if not 1 <= count <= MOST_SHARDS:
        yield f"{scheduler.count} is {count}, and an evaluation has 1 to {MOST_SHARDS} parts"
    asked = environment.get("REMYX_SHARDS")
    if asked and asked != environment[scheduler.count]:
        yield f"REMYX_SHARDS is {_shown(asked)}, and {scheduler.count} is {count}"
    if step < 1:
        yield f"{scheduler.step} is {step}"
    last = first + step * (count - 1)
    if scheduler.last and environment.get(scheduler.last):
        written = _number(scheduler, environment, scheduler.last)
        if written != last:
            yield f"{count} numbers from {first} by {step} end at {last}, and {scheduler.last} is {written}"
    if not first <= number <= last or (number - first) % step:
        by = f" by {step}" if step > 1 else ""
        yield f"{scheduler.index} is {number}, and the numbers go from {first} to {last}{by}"


def _number(scheduler: Scheduler, environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "")
    if not text:
        raise _wrong(scheduler, f"{scheduler.index} is set, and {name} is not")
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise _wrong(scheduler, f"{name} is {_shown(text)}, which is no whole number from 0")
    return int(text)


def _shown(text: str) -> str:
    return ascii(text[:40])


def _wrong(scheduler: Scheduler, problem: str) -> WrongUsage:
    return WrongUsage(
        f"--shard auto, {scheduler.name}: {problem}", help=f"start it by {scheduler.start}, {NAME_IT}"
    )
