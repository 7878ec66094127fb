"""Seconds until the action's program is loaded and may judge, beside pip and Docker on the same set.

Run: uv run --no-sync python benchmarks/action.py [CHECKOUT OF 0.1, WITH ITS .venv].
The Docker build needs dockerd and the rights to start it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from docker_build import seconds_of_build, what_is_missing

from support.jobs import TOKEN, Jobs, jobs_on, outputs_in
from support.small_project import UNLOCKED

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


def step(jobs: Jobs, checkout: Path, mode: str, **inputs: str) -> tuple[float, dict[str, str]]:
    """Return processor seconds and outputs of one step of a job, without bytecode, as on a fresh runner."""
    home = Path(tempfile.mkdtemp(dir=jobs.scratch.parent))
    (home / "event.json").write_text(json.dumps(jobs.payload("opened")))
    (home / "output").touch()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(checkout / "src"),
        "PYTHONPYCACHEPREFIX": str(home / "bytecode"),
        "RUNNER_TEMP": str(home),
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(home / "event.json"),
        "GITHUB_API_URL": jobs.stand_in.address,
        "GITHUB_SERVER_URL": jobs.stand_in.address.removesuffix("/api/v3"),
        "GITHUB_REPOSITORY": jobs.world.repository,
        "GITHUB_RUN_ID": "700",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_OUTPUT": str(home / "output"),
        "REMYX_MODE": mode,
        "REMYX_POLICY": "default",
        "REMYX_TOKEN": "" if mode == "measure" else TOKEN,
        "REMYX_TOKEN_OF_JOB": "true",
        **{f"REMYX_{name.upper()}": value for name, value in inputs.items()},
    }
    python = checkout / ".venv" / "bin" / "python"
    clone = jobs.clone(home / "clone", f"refs/pull/{jobs.pull.number}/merge")
    words = (str(python), "-P", "-m", "remyx_action", "action")
    with subprocess.Popen(words, cwd=clone, env=environment, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, outputs_in((home / "output").read_text())


def processor(older: Path | None) -> None:
    """Print what `open` and `publish` cost until the verdict is posted, here and in a checkout of 0.1."""
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(ROUNDS):
        for name, checkout in {"0.1": older, "now": ROOT}.items():
            if checkout is None:
                continue
            with tempfile.TemporaryDirectory() as scratch:
                for jobs in jobs_on(Path(scratch), UNLOCKED):
                    _, measured = step(jobs, checkout, "measure")
                    seconds_of_open, opened = step(jobs, checkout, "open")
                    given = {"results": measured["report"], "check_id": opened["check-id"]}
                    seconds_of_publish, published = step(jobs, checkout, "publish", **given)
                    assert published["check-url"], "the verdict was not posted"
                    jobs.world.violations.clear()
            times.setdefault((name, "open"), []).append(seconds_of_open)
            times.setdefault((name, "publish"), []).append(seconds_of_publish)
    for (name, mode), several in times.items():
        share = f", {min(several) / min(times['0.1', mode]):.0%} of 0.1's" if older else ""
        print(f"{name}, {mode:<40} {min(several):6.2f} s of processor time{share}")


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
