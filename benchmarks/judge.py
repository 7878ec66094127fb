"""How long `judge` takes as a whole process, beside parsing alone and beside a peer that does the same job.

    uv run benchmarks/judge.py                       # all sizes; two minutes on two cores
    uv run benchmarks/judge.py --pairs 3000 --runs 9
    uv run benchmarks/judge.py --without-peer        # no network needed
    uv run benchmarks/judge.py --before /path/to/old # another version's .venv/bin, in the same rounds

Every figure is a fresh process: wall time (median, and the smallest), processor time and peak memory as the
kernel counts them for that child. The peer, `evalsig gate`, is taken from the package index into an
environment of its own; it gets the same scores in its own file format.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CLUSTERS = 50_000
"""Of one or two 0/1 samples, in turns."""
SIZES = (300, 3_000, 30_000, 300_000, 1_000_000)
LARGEST_FOR_PEER = 30_000
PEER = "evalsig==0.1.2"
PROGRAM = Path(sysconfig.get_path("scripts")) / "remyx-action"
HEAVY = {
    "github", "docker", "lighteval", "numpy", "pyarrow", "scipy", "jinja2", "rich", "jsonschema", "requests",
}  # fmt: skip
"""Packages that `judge` must not load."""

PROJECT = {
    "metrics.yaml": "version: 1\nmetrics:\n  - {key: accuracy, unit: accuracy, scores: binary}\n",
    "templates/suite.yaml": "version: 1\nname: suite\nscript: evaluate.py\nmetrics: [accuracy]\n",
    "policies/default.yaml": """\
version: 1
name: default
template: suite
ship:
  all:
    - {metric: accuracy.delta, op: ">=", threshold: 0.01, confidence: 0.95}
reject:
  any:
    - {metric: accuracy, op: no_regression, threshold: 0.01, confidence: 0.95}
""",
}
LIBRARIES = """\
import os
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
from pathlib import Path
import json, msgspec, typer, yaml
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
@app.command()
def judge(policy: str = typer.Option(), variant: Path = typer.Option()): ...
typer.main.get_command(app).main(args=["--policy", "p", "--variant", "v"], standalone_mode=False)
import pydantic
class Model(pydantic.BaseModel):
    name: str
Model(name="n")
os._exit(0)
"""
"""The least that `judge` can load: two options of a command, and one model with one field."""
PARSE = """\
import json, sys
for name in sys.argv[1:]:
    with open(name) as lines:
        for line in lines:
            json.loads(line)
"""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one command, over several runs."""

    wall_seconds: float
    """Median."""
    least_wall_seconds: float
    processor_seconds: float
    """Smallest user and system time."""
    peak_megabytes: float


Command = Sequence[str | Path]


def measure(commands: Mapping[str, Command], *, runs: int, environment: dict[str, str]) -> dict[str, Cost]:
    """Each command `runs` times, in turns, so that a busy machine is busy for all of them.

    A first round warms the caches and is not counted.
    """
    rounds = [
        {name: run_once(command, environment) for name, command in commands.items()} for _ in range(runs + 1)
    ]
    return {name: cost_of([once[name] for once in rounds[1:]]) for name in commands}


def run_once(command: Command, environment: dict[str, str]) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak megabytes of one process."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    )
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 2):
        sys.exit(f"{command} ended with {process.returncode}: {complaint.decode()}")
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def cost_of(runs: Sequence[tuple[float, float, float]]) -> Cost:
    walls, processor, peaks = zip(*runs, strict=True)
    return Cost(
        wall_seconds=statistics.median(walls),
        least_wall_seconds=min(walls),
        processor_seconds=min(processor),
        peak_megabytes=max(peaks),
    )


def write_arms(folder: Path, pairs: int, *, clustered: bool = False) -> None:
    """Two arms of 0/1 scores, the variant about 0.03 better; the same for the peer.

    With clusters three samples are two of them: one has one sample, the next has two.
    """
    draw = random.Random(pairs)
    before = [int(draw.random() < 0.60) for _ in range(pairs)]
    after = [int(draw.random() < 0.15) if draw.random() < 0.2 else score for score in before]
    after = [max(score, int(draw.random() < 0.25)) for score in after]
    for arm, scores in (("baseline", before), ("variant", after)):
        (folder / arm).mkdir(parents=True)
        samples = [{"id": f"question-{number:07}", "score": score} for number, score in enumerate(scores)]
        if clustered:
            for number, sample in enumerate(samples):
                sample["cluster"] = f"group-{number // 3 * 2 + (number % 3 + 1) // 2:06}"
        with (folder / arm / "accuracy.jsonl").open("w") as lines:
            lines.writelines(json.dumps(sample) + "\n" for sample in samples)
        native = {"schema": "remyx-results/1", "metrics": {"accuracy": {"samples": "accuracy.jsonl"}}}
        (folder / arm / "results.json").write_text(json.dumps(native))
        if pairs <= LARGEST_FOR_PEER and not clustered:
            items = [{"item_id": sample["id"], "score": sample["score"]} for sample in samples]
            frame = {
                "run_id": arm,
                "model_id": arm,
                "task_id": "suite",
                "metric_name": "accuracy",
                "items": items,
            }
            (folder / arm / "runframe.json").write_text(json.dumps(frame))


def judge_command(project: Path, arms: Path, program: Path = PROGRAM) -> list[str | Path]:
    options = ["--policy", "default", "--format", "json"]
    return [
        program,
        "-C",
        project,
        "judge",
        *options,
        "--variant",
        arms / "variant",
        "--baseline",
        arms / "baseline",
    ]


def peer_command(peer: Path, arms: Path, *more: str) -> list[str | Path]:
    files: list[str | Path] = ["--baseline", arms / "baseline/runframe.json"]
    files += ["--candidate", arms / "variant/runframe.json"]
    return [peer, "gate", *files, "--min-delta", "0.01", "--alpha", "0.05", "--output", "json", *more]


def install_peer(folder: Path) -> Path:
    """`evalsig` in an environment of its own, with compiled bytecode."""
    environment = folder / "peer"
    subprocess.run(["uv", "venv", "--quiet", str(environment)], check=True)
    install = ["uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", str(environment), PEER]
    subprocess.run(install, check=True)
    return environment / "bin" / "evalsig"


def imported_modules(command: Command, environment: dict[str, str]) -> list[str]:
    """Every module that the command, a script of some environment, imports."""
    python = Path(command[0]).with_name("python")
    timed = [python, "-X", "importtime", *(command[1:] if command[0] == python else command)]
    listing = subprocess.run(timed, env=environment, capture_output=True, text=True, check=False).stderr
    names = [line.rpartition("|")[2].strip() for line in listing.splitlines() if "|" in line]
    return [name for name in names if name != "imported package"]


def print_imports(commands: Mapping[str, Command], environment: dict[str, str]) -> None:
    print("\n| command | modules | of the standard library | of this program | of other packages |")
    print("| --- | --- | --- | --- | --- |")
    for name, command in commands.items():
        found = imported_modules(command, environment)
        packages = [module.partition(".")[0] for module in found]
        ours = packages.count("remyx_action")
        standard = sum(package in sys.stdlib_module_names for package in packages)
        print(f"| {name} | {len(found)} | {standard} | {ours} | {len(found) - ours - standard} |")


def row(name: str, cost: Cost, beside: Cost) -> str:
    return (
        f"| {name} | {cost.wall_seconds:.3f} | {cost.least_wall_seconds:.3f} | {cost.processor_seconds:.3f} "
        f"| {cost.peak_megabytes:.0f} | {cost.least_wall_seconds / beside.least_wall_seconds:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pairs", type=int, nargs="*", default=SIZES)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--without-peer", action="store_true")
    parser.add_argument("--before", type=Path, help="the folder of another version's `remyx-action`")
    options = parser.parse_args()
    programs = {"`remyx-action judge`": PROGRAM}
    if options.before:
        programs["`remyx-action judge` before"] = options.before / "remyx-action"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for name, content in PROJECT.items():
            (folder / ".remyx" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / ".remyx" / name).write_text(content)
        (folder / "evaluate.py").touch()
        peer = None if options.without_peer else install_peer(folder)
        print("| pairs | command | wall s, median | wall s, least | processor s | peak MB | × judge |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for pairs in options.pairs:
            compare(folder, pairs, options.runs, environment, programs, peer)
        compare_clustered(folder, options.runs, environment, programs)
        libraries = {"its libraries alone": [PROGRAM.with_name("python"), "-c", LIBRARIES]}
        alone = {"`remyx-action --help`": [PROGRAM, "--help"], **libraries}
        for name, usage in measure(alone, runs=options.runs, environment=environment).items():
            print(row(f"| {name}", usage, usage).removesuffix("1.00 |") + " |")
        arms = folder / str(options.pairs[0])
        judging = {name: judge_command(folder, arms, program) for name, program in programs.items()}
        print_imports({**judging, **libraries}, environment)
        loaded = {
            module.partition(".")[0] for module in imported_modules(judge_command(folder, arms), environment)
        }
        packages = sorted(loaded - sys.stdlib_module_names)
        print(f"\nPackages that `judge` loads: {', '.join(packages)}.")
        if HEAVY & set(packages):
            sys.exit(f"judge loads {HEAVY & set(packages)}")


def write_apart(arms: Path, pairs: int, *, clustered: bool = False) -> None:
    """`write_arms` in a process of its own: a child's peak memory begins with its parent's."""
    writer = multiprocessing.get_context("spawn").Process(
        target=write_arms, args=(arms, pairs), kwargs={"clustered": clustered}
    )
    writer.start()
    writer.join()


def compare(
    folder: Path,
    pairs: int,
    runs: int,
    environment: dict[str, str],
    programs: Mapping[str, Path],
    peer: Path | None,
) -> None:
    arms = folder / str(pairs)
    write_apart(arms, pairs)
    files = [arms / arm / "accuracy.jsonl" for arm in ("baseline", "variant")]
    commands: dict[str, Command] = {
        **{name: judge_command(folder, arms, program) for name, program in programs.items()},
        "`json.loads` of every line": [sys.executable, "-c", PARSE, *files],
    }
    if peer is not None and pairs <= LARGEST_FOR_PEER:
        commands["`evalsig gate`"] = peer_command(peer, arms)
        bootstrap = peer_command(peer, arms, "--method", "paired_bootstrap")
        commands["`evalsig gate --method paired_bootstrap`"] = bootstrap
    runs = runs if pairs <= LARGEST_FOR_PEER else max(3, runs // 2)
    costs = measure(commands, runs=runs, environment=environment)
    for name, cost in costs.items():
        print(row(f"{pairs:,} | {name}", cost, costs["`remyx-action judge`"]), flush=True)


def compare_clustered(
    folder: Path, runs: int, environment: dict[str, str], programs: Mapping[str, Path]
) -> None:
    """The same samples in 50,000 clusters and in none."""
    pairs = CLUSTERS * 3 // 2
    commands: dict[str, Command] = {}
    for clustered, words in ((False, "no clusters"), (True, f"{CLUSTERS:,} clusters")):
        arms = folder / words
        write_apart(arms, pairs, clustered=clustered)
        commands |= {
            f"{name}, {words}": judge_command(folder, arms, program) for name, program in programs.items()
        }
    costs = measure(commands, runs=runs, environment=environment)
    for name, cost in costs.items():
        print(row(f"{pairs:,} | {name}", cost, costs["`remyx-action judge`, no clusters"]), flush=True)
    for name, command in commands.items():
        verdict = subprocess.run(
            [str(word) for word in command], env=environment, capture_output=True, check=False
        ).stdout
        print(f"{name}: a verdict of {len(verdict):,} bytes")


if __name__ == "__main__":
    main()
