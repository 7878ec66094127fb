"""Seconds until the action's program is loaded and may judge, beside pip and Docker on the same set.

Run: uv run --no-sync python benchmarks/action.py. The Docker build needs dockerd and the rights to start it.
"""

from __future__ import annotations

import os
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
        "import github, remyx_action.commands.on_github.action as a",
    )
    return made, seconds(start, environment)


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
