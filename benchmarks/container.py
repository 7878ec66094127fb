"""What the container runtime costs beside `docker run` by hand: `uv run benchmarks/container.py`.

Both run the same program in a container with the same limits and no network, and have its one result file on
this machine at the end. By hand a folder is mounted; the runtime takes the file out of a volume.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from remyx_action.runtimes import ContainerRuntime  # noqa: E402
from support.containers.arms import harness, only, planned  # noqa: E402 - the suite's own engine and plans
from support.containers.engine import RunningEngine, running_engine, what_is_missing  # noqa: E402

PROGRAM = 'import os; open(os.environ["REMYX_OUTPUT_DIR"] + "/results.json", "w").write("{}")'
AIM_SECONDS = 0.5


def by_hand(engine: RunningEngine, image: str, folder: Path) -> float:
    folder.mkdir()
    folder.chmod(0o777)
    limits = ["--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--init"]
    limits += ["--memory=512m", "--pids-limit=1024", "--tmpfs=/tmp", "--user=65532:65532"]
    output = ["--env=REMYX_OUTPUT_DIR=/out", f"--volume={folder}:/out"]
    began = time.perf_counter()
    engine.ask("run", "--rm", *limits, *output, image)
    elapsed = time.perf_counter() - began
    assert (folder / "results.json").exists()
    return elapsed


def by_runtime(runtime: ContainerRuntime, root: Path, out: Path) -> tuple[float, str]:
    arm = only(planned(root, out, container={"memory": "512m"}))
    began = time.perf_counter()
    outcome = runtime.carry_out(arm, on_event=lambda _event: None, stop=threading.Event())
    elapsed = time.perf_counter() - began
    assert outcome.state == "completed"
    assert (out / "variant" / "results.json").exists()
    return elapsed, outcome.images["image"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    missing = what_is_missing()
    if missing:
        sys.exit(f"no engine can be started here, for want of {missing}")
    with tempfile.TemporaryDirectory() as scratch, running_engine() as engine:
        folder = Path(scratch)
        folder.chmod(0o755)
        root = harness(folder / "root", PROGRAM)
        with ContainerRuntime({"DOCKER_HOST": engine.address}) as runtime:
            _, image = by_runtime(runtime, root, folder / "first")  # builds
            ours, theirs = [], []
            for number in range(rounds):
                theirs.append(by_hand(engine, image, folder / f"hand-{number}"))
                ours.append(by_runtime(runtime, root, folder / f"ours-{number}")[0])
    by_whom = {"docker run": theirs, "container runtime": ours}
    for name, times in by_whom.items():
        print(f"{name:18} median {statistics.median(times):.3f} s, least {min(times):.3f} s")
    more = statistics.median(ours) - statistics.median(theirs)
    print(f"overhead {more:+.3f} s of the {AIM_SECONDS} s allowed; {rounds} rounds of each, in turn")
    sys.exit(more > AIM_SECONDS)


if __name__ == "__main__":
    main()
