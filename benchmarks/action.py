"""Seconds until the action's program is loaded and may judge, beside pip and Docker on the same set.

Run: uv run --no-sync python benchmarks/action.py [CHECKOUT OF 0.1].
The Docker build needs dockerd and the rights to start it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from docker_build import seconds_of_build, what_is_missing

ROOT = Path(__file__).parents[1]
SYNC = ("uv", "sync", "--frozen", "--no-dev", "--no-install-project", "--no-build", "--quiet")
ROUNDS = 3


def seconds(words: tuple[str, ...], environment: dict[str, str], folder: Path = ROOT) -> float:
    """Wall-clock time of one process that has to succeed."""
    began = time.perf_counter()
    subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


def action(scratch: Path, cache: Path | None) -> tuple[float, float]:
    """Making the environment, and loading everything that publishing needs, compiled for the first time."""
    venv = scratch / "venv"
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(venv), "PYTHONPATH": str(ROOT / "src")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a runner does not set it
    if cache is not None:
        environment["UV_CACHE_DIR"] = str(cache)
    made = seconds(SYNC, environment)
    start = (
        str(venv / "bin" / "python"),
        "-P",
        "-c",
        "import github, remyx_action.commands.on_github.publish as p",
    )
    return made, seconds(start, environment)


STARTS = {
    "open": "import remyx_action.commands.on_github.open",
    "publish": "import remyx_action.commands.on_github.publish",
    "0.1, either": "import remyx_action.commands.action",
}
"""What each step loads beside the command line and PyGithub; the last one of a checkout of version 0.1."""


def processor_seconds(source: Path, start: str) -> float:
    """Processor time of one start without bytecode, as on a fresh runner; the best of ROUNDS."""
    times = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as bytecode:
            environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONPYCACHEPREFIX": bytecode}
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            words = (sys.executable, "-P", "-c", f"import github, remyx_action.cli; {start}")
            subprocess.run(words, env=environment, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def processor(older: Path | None) -> None:
    """Print what a start costs here, and in a checkout of version 0.1 where one is given."""
    for name, start in STARTS.items():
        source = older if name.startswith("0.1") else ROOT
        if source is not None:
            print(f"{name:<44} {processor_seconds(source / 'src', start):6.2f} s of processor time")


def pip(scratch: Path) -> float:
    """`pip install` of the same locked set into a new environment."""
    listed = subprocess.run(
        ("uv", "export", "--frozen", "--no-dev", "--no-emit-project", "--quiet"),
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    (scratch / "requirements.txt").write_text(listed.stdout)
    began = time.perf_counter()
    subprocess.run((sys.executable, "-m", "venv", str(scratch / "pip")), check=True)
    install = (str(scratch / "pip/bin/pip"), "install", "-q", "--require-hashes", "-r", "requirements.txt")
    subprocess.run(install, cwd=scratch, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    processor(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    rows: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, cold in (("uv, cache warm", False), ("uv, cache cold", True)):
            with tempfile.TemporaryDirectory() as scratch:
                made, started = action(Path(scratch), Path(scratch) / "cache" if cold else None)
            rows.setdefault(f"{name}: environment", []).append(made)
            rows.setdefault(f"{name}: with program loaded", []).append(made + started)
        with tempfile.TemporaryDirectory() as scratch:
            rows.setdefault("pip install, its cache warm: environment", []).append(pip(Path(scratch)))
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, best of {ROUNDS}")
    for name, times in rows.items():
        print(f"{name:<44} {min(times):6.2f} s")
    print(docker_line())


def docker_line() -> str:
    """The same set built into an image, or why that is not measured."""
    missing = what_is_missing()
    if missing:
        return f"docker build of the same set: not measured, {missing} missing"
    with tempfile.TemporaryDirectory() as scratch:
        pip(Path(scratch))
        installer = Path(scratch) / "pip/bin/pip"
        times = seconds_of_build(Path(scratch) / "requirements.txt", installer, Path(scratch), ROUNDS)
    return f"{'docker build, base and wheels at hand':<44} {min(times):6.2f} s"


if __name__ == "__main__":
    main()
