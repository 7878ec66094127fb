"""Engines that die, and runs that do: what is said, and what is left once both are back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from remyx_action.runtimes import ContainerRuntime, OutputLine, Retrying, RunEvent, run_arms
from support.containers.arms import harness, planned
from support.containers.engine import BASE, HELP, RunningEngine, base_as_tar, running_engine, what_is_missing

from .conftest import assert_clean

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine")]
PROGRAM = Path(sys.executable).with_name("remyx-action")
WAITING = "import time; print('here', flush=True); time.sleep(300)"


@pytest.fixture
def mortal() -> Iterator[RunningEngine]:
    """An engine of its own for a test that kills it."""
    missing = what_is_missing()
    if missing:
        pytest.skip(f"no container engine can be started here, for want of {missing}; {HELP}")
    with running_engine() as engine:
        yield engine


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_an_engine_that_dies_fails_the_arm_as_the_machines_fault(
    mortal: RunningEngine, tmp_path: Path
) -> None:
    """It is started again while the run cleans up: then nothing is left.

    The client leaves a socket that met no engine to the garbage collector.
    """
    revived = threading.Timer(1, mortal.start)

    def kill(event: RunEvent) -> None:
        if isinstance(event, OutputLine) and event.text == "here":
            mortal.kill()
            revived.start()

    plan = planned(harness(tmp_path, WAITING), tmp_path / "out")
    with ContainerRuntime({"DOCKER_HOST": mortal.address}) as runtime:
        outcome = run_arms(plan, runtime, kill)["variant"]
    revived.join()
    assert "failed" == outcome.state
    assert outcome.what.startswith("the container engine went away: ")
    assert outcome.infrastructure
    assert "here" in outcome.last_lines
    assert_clean(mortal)


def test_a_second_attempt_is_made_where_the_template_allows_one(
    engine: RunningEngine, tmp_path: Path
) -> None:
    killed: list[bool] = []

    def kill(event: RunEvent) -> None:
        if isinstance(event, OutputLine) and event.text == "here" and not killed:
            killed.append(True)
            engine.ask("kill", engine.ask("ps", "--quiet"))

    root = harness(tmp_path, "import time; print('here', flush=True); time.sleep(2)")
    with ContainerRuntime({"DOCKER_HOST": engine.address}) as runtime:
        outcome = run_arms(planned(root, tmp_path / "out"), Retrying(runtime, retries=1), kill)["variant"]
    assert "completed" == outcome.state
    assert outcome.notes[0] == "attempt 1 of 2 was lost: exit code 137 (SIGKILL)"


METRICS = "version: 1\nmetrics: [{key: score, unit: accuracy, direction: higher}]\n"
TEMPLATE = """version: 1
name: suite
script: eval
baseline_asset: old
metrics: [score]
"""
POLICY = """version: 1
name: default
template: suite
ship: {all: [{metric: score, op: improves_by, threshold: 0.1}]}
"""


def project(folder: Path, program: str) -> Path:
    """A whole project whose harness is a folder with a Dockerfile."""
    for path, text in {
        ".remyx/metrics.yaml": METRICS,
        ".remyx/templates/suite.yaml": TEMPLATE,
        ".remyx/policies/default.yaml": POLICY,
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return harness(folder, program)


def started(engine: RunningEngine, folder: Path) -> subprocess.Popen[str]:
    """`run` on a project that will not end by itself, once both of its containers are there."""
    program = subprocess.Popen(
        [PROGRAM, "-C", project(folder, WAITING), "run", "--variant", "new"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "DOCKER_HOST": engine.address},
    )
    while len(engine.ask("ps", "--quiet").split()) < 2:
        assert program.poll() is None, program.communicate()
        time.sleep(0.1)
    return program


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_asked_to_end_leaves_nothing(
    number: signal.Signals, code: int, engine: RunningEngine, tmp_path: Path
) -> None:
    program = started(engine, tmp_path)
    program.send_signal(number)
    output, _ = program.communicate(timeout=300)
    assert code == program.returncode, output
    assert "Traceback" not in output


def test_what_a_killed_run_left_the_next_one_removes(engine: RunningEngine, tmp_path: Path) -> None:
    program = started(engine, tmp_path / "killed")
    program.kill()
    program.communicate()
    assert 2 == len(engine.ask("ps", "--quiet").split())
    plan = planned(harness(tmp_path / "next", "print(1)"), tmp_path / "out")
    with ContainerRuntime({"DOCKER_HOST": engine.address}) as runtime:
        outcome = run_arms(plan, runtime, lambda _event: None)["variant"]
    assert "completed" == outcome.state


SCORES = """
    import json, os
    right = 0.9 if os.environ["REMYX_ASSET"] == "new" else 0.5
    rows = [{"id": str(n), "score": int(n < right * 400)} for n in range(400)]
    results = {"schema": "remyx-results/1", "metrics": {"score": {"samples": rows}}}
    json.dump(results, open(os.environ["REMYX_OUTPUT_DIR"] + "/results.json", "w"))
"""


def judged(engine: RunningEngine, root: Path, out: Path) -> str:
    """The verdict's text, of a run that ships."""
    done = subprocess.run(
        [PROGRAM, "-C", root, "run", "--variant", "new", "--out", out],
        capture_output=True,
        text=True,
        env={**os.environ, "DOCKER_HOST": engine.address},
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr if done.returncode else "")
    return (out / "verdict.json").read_text()


def test_a_run_in_containers_is_judged(engine: RunningEngine, tmp_path: Path) -> None:
    """Through the command line: two arms at once, results taken out, a verdict that names the image."""
    verdict = judged(engine, project(tmp_path, SCORES), tmp_path / "out")
    assert '"images"' in verdict
    assert '"FROM small-python"' in verdict
    again = judged(engine, tmp_path, tmp_path / "out")
    assert "neither reused nor kept: its image may copy from the whole project" in again


def test_a_disk_without_room_for_the_context_is_reported_as_that(
    engine: RunningEngine, tmp_path: Path
) -> None:
    root, small = project(tmp_path, SCORES), tmp_path / "small"
    (root / "large").write_bytes(bytes(3_000_000))
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small], check=True)
    try:
        done = subprocess.run(
            [PROGRAM, "-C", root, "run", "--variant", "new", "--out", tmp_path / "out"],
            capture_output=True,
            text=True,
            env={**os.environ, "DOCKER_HOST": engine.address, "TMPDIR": str(small)},
            check=False,
        )
    finally:
        subprocess.run(["umount", small], check=True)
    assert 4 == done.returncode
    assert f"cannot write below {tmp_path / 'out'}: no space left on device" in done.stderr
    assert "TMPDIR" in done.stderr


SCORED = 'FROM small-python\nCOPY eval/main.py /main.py\nCMD ["python3", "/main.py"]\n'
PREDICT = """script: score.py
predict:
  container: {dockerfile: eval/Dockerfile, context: eval}
  command: [python3, /main.py]
  inputs: inputs.json
"""
MOVING = {
    "a copy from another image": SCORED.replace(
        "COPY eval", "COPY --from=moving:1 /bin/sh /other\nCOPY eval"
    ),
    "the image that predicts": "ARG BASE=moving:1\nFROM \\\n  ${BASE}\nCOPY main.py /main.py\n",
}


@pytest.mark.parametrize("dockerfile", MOVING.values(), ids=MOVING)
def test_a_cached_baseline_is_measured_anew_where_its_base_image_moved(
    engine: RunningEngine, tmp_path: Path, dockerfile: str
) -> None:
    root = project(tmp_path, SCORES)
    (root / "eval" / "Dockerfile").write_text(dockerfile)
    template = root / ".remyx" / "templates" / "suite.yaml"
    text = template.read_text() + 'harness: ["eval/**"]\n'
    where = "FROM moving:1"
    if dockerfile == MOVING["the image that predicts"]:
        text, where = text.replace("script: eval\n", PREDICT), "predict: FROM moving:1"
        (root / "inputs.json").write_text("{}")
        program = (root / "eval" / "main.py").read_text()
        (root / "eval" / "main.py").write_text(program.replace("REMYX_OUTPUT_DIR", "REMYX_PREDICTIONS"))
        (root / "score.py").write_text(
            "import os, shutil\n"
            'shutil.copy(os.environ["REMYX_PREDICTIONS"] + "/results.json", os.environ["REMYX_OUTPUT_DIR"])\n'
        )
    template.write_text(text)
    try:
        engine.ask("tag", BASE, "moving:1")
        judged(engine, root, tmp_path / "out")
        engine.ask("import", "--change", "ENV PATH=/usr/bin:/bin", str(base_as_tar()), "moving:1")
        verdict = judged(engine, root, tmp_path / "out")
    finally:
        engine.ask("rmi", "moving:1")
    assert '"kind": "kept"' not in verdict
    assert f"the kept baseline was measured anew: {where} was sha256:" in verdict
