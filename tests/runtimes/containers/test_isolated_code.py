"""Isolation level L2 for real: the code under test in its container, and what it tries there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from support.containers.engine import BASE, RunningEngine
from support.pages import ROOT, table

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine")]
EXAMPLE = ROOT / "examples" / "isolated-code"
OPEN_EXAMPLE = ROOT / "examples" / "compare-commits"
PROGRAM = Path(sys.executable).with_name("remyx-action")
VERDICTS = [(row[0], row[1]) for row in table(EXAMPLE / "README.md", "branch")]
EXIT_CODES = {"ship": 0, "reject": 1, "iterate": 2}


def git(folder: Path, *words: str) -> None:
    person = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *person, *words], cwd=folder, check=True, capture_output=True)


def judged(engine: RunningEngine, folder: Path, branch: str) -> tuple[int, dict[str, Any]]:
    git(folder, "switch", "--quiet", branch)
    done = subprocess.run(
        [PROGRAM, "-C", folder, "run", "--format", "json"],
        capture_output=True,
        text=True,
        env={**os.environ, "DOCKER_HOST": engine.address, "SOME_TOKEN": "ghs_secret"},
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def python_image(engine: RunningEngine) -> Any:
    """The example starts from an image that a registry would hand out."""
    engine.ask("tag", BASE, "python:3.12-slim")
    yield engine
    engine.ask("rmi", "python:3.12-slim")


@pytest.fixture
def triage(tmp_path: Path) -> Path:
    subprocess.run([sys.executable, EXAMPLE / "make_history.py", tmp_path / "triage"], check=True)
    return tmp_path / "triage"


@pytest.mark.parametrize(("branch", "verdict"), VERDICTS)
def test_each_branch_ends_as_its_page_says(
    branch: str, verdict: str, python_image: RunningEngine, triage: Path
) -> None:
    code, report = judged(python_image, triage, branch)
    assert (verdict, EXIT_CODES[verdict]) == (report["verdict"], code)
    assert "L2" == report["judged_under"]["isolation"]
    assert "predict: image" in report["arms"]["variant"]["images"]


def test_the_bar_is_that_of_the_example_without_a_container() -> None:
    for path in (".remyx/metrics.yaml", ".remyx/policies/default.yaml"):
        ours, theirs = (folder / "project" / path for folder in (EXAMPLE, OPEN_EXAMPLE))
        assert theirs.read_text() == ours.read_text()


STEAL = """
    import json, os, pathlib
    def labels():
        found = {}
        for folder in (os.getcwd(), "/remyx", "/proc/1/root", "/proc/1/cwd", "/"):
            for parent, folders, files in os.walk(folder):
                folders[:] = [name for name in folders if name not in {"proc", "sys", "dev"}]
                for name in files:
                    if name.endswith(".jsonl"):
                        try:
                            for line in pathlib.Path(parent, name).read_text().splitlines():
                                row = json.loads(line)
                                found.setdefault(row["id"], {}).update(row)
                        except Exception:
                            continue
            if any("queue" in row for row in found.values()):
                break
        return found.values()
    KNOWN = {row["text"]: row["queue"] for row in labels() if {"text", "queue"} <= row.keys()}
"""
"""Looks for the true queues wherever files are, and joins what it finds by the messages' ids."""

FORGE_SCORES = """
    import json, os, pathlib
    rows = [{"id": f"{n}", "score": 1} for n in range(720)]
    forged = json.dumps({"schema": "remyx-results/1", "metrics": {"accuracy": {"samples": rows}}})
    for name in ("REMYX_OUTPUT_DIR", "REMYX_PREDICTIONS"):
        folder = os.environ.get(name)
        if folder:
            pathlib.Path(folder, "results.json").write_text(forged)
            pathlib.Path(folder).parent.joinpath("results.json")
    KNOWN = {}
"""
CHANGE_THE_WORLD = """
    import os, pathlib
    for path in ("/predict.py", "/remyx/inputs/messages.jsonl", "/remyx/source/triage/classifier.py",
                 "/usr/lib/python3.11/json/__init__.py", "/remyx/output"):
        try:
            pathlib.Path(path).write_text("raise SystemExit")
        except OSError:
            continue
        raise RuntimeError(f"{path} could be changed")
    KNOWN = {}
"""
LEAD_ASTRAY = """
    import os
    for name in ("labels.jsonl", "results.json"):
        os.symlink("/etc/passwd", os.path.join(os.environ["REMYX_PREDICTIONS"], name))
    os.symlink("../../variant", os.path.join(os.environ["REMYX_PREDICTIONS"], "up"))
    KNOWN = {}
"""
CALL_HOME = """
    import os, socket
    secrets = [name for name, value in os.environ.items() if "TOKEN" in name or "ghs_" in value]
    for address in (("172.17.0.1", 80), ("169.254.169.254", 80), ("1.1.1.1", 53)):
        try:
            socket.create_connection(address, timeout=1)
        except OSError as error:
            if error.errno != 101:  # ENETUNREACH: there is no network at all
                raise RuntimeError(f"a network: {error}")
        else:
            raise RuntimeError("reached")
    if secrets:
        raise RuntimeError(f"secrets: {secrets}")
    KNOWN = {}
"""
STAY = """
    import os, time
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    KNOWN = {}
"""
NAME_DEEPLY = """
    import os, pathlib
    folder = os.environ["REMYX_PREDICTIONS"]
    for _ in range(1500):
        folder = folder + "/a"
    here = os.open(os.environ["REMYX_PREDICTIONS"], os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("a", dir_fd=here)
        here, before = os.open("a", os.O_RDONLY, dir_fd=here), here
        os.close(before)
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    KNOWN = {}
"""
ATTACKS = {
    "name deeply": NAME_DEEPLY,
    "steal": STEAL,
    "forge scores": FORGE_SCORES,
    "change the world": CHANGE_THE_WORLD,
    "lead astray": LEAD_ASTRAY,
    "call home": CALL_HOME,
    "stay": STAY,
}
WORSE = """
def queue_of(text):
    return KNOWN.get(text, "refund")
"""
"""Honest, it knows one queue of four."""


def plant(repository: Path, payload: str) -> None:
    git(repository, "switch", "--quiet", "--create", "attack", "main~1")
    program = textwrap.dedent(payload) + WORSE
    (repository / "triage" / "classifier.py").write_text(program)
    git(repository, "commit", "--quiet", "--all", "--message", "Improve a few words")


@pytest.mark.parametrize("name", ATTACKS)
def test_code_in_its_container_cannot_make_itself_look_better(
    name: str, python_image: RunningEngine, triage: Path
) -> None:
    plant(triage, ATTACKS[name])
    code, report = judged(python_image, triage, "attack")
    assert (1, "reject") == (code, report["verdict"]), report["arms"]["variant"]["detail"]


def test_beside_the_labels_the_same_theft_succeeds(tmp_path: Path, engine: RunningEngine) -> None:
    """The positive control, at level L1: what `predict` is there for."""
    folder = tmp_path / "triage"
    subprocess.run([sys.executable, OPEN_EXAMPLE / "make_history.py", folder], check=True)
    plant(folder, STEAL)
    code, report = judged(engine, folder, "attack")
    assert (0, "ship", "L1") == (code, report["verdict"], report["judged_under"]["isolation"])


def test_code_that_leaves_no_prediction_or_crashes_is_no_score(
    python_image: RunningEngine, triage: Path
) -> None:
    plant(triage, "raise SystemExit(7)")
    code, report = judged(python_image, triage, "attack")
    assert (4, None) == (code, report["verdict"])
    assert report["arms"]["variant"]["detail"].startswith("the code under test: exit code 7")
