"""No process of a command lives once it is ended, however it forks: held by whatever the system offers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from remyx_action.runtimes import ScriptRuntime
from remyx_action.runtimes.script import Process
from remyx_action.runtimes.supervisor import MECHANISMS, SUBREAPER
from support.arm_plans import arm_plan
from support.living import holding, is_free, wait_until_free

FAMILIES = {
    "five chains, each of processes that fork and end": """
        for _ in range(5):
            if os.fork() == 0:
                while True:
                    if os.fork():
                        os._exit(0)
                    os.setsid()
        time.sleep(0.2)
    """,
    "a chain that also changes its group and ignores signals": """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0:
            while True:
                if os.fork():
                    os._exit(0)
                os.setpgid(0, 0)
        time.sleep(0.2)
    """,
    "a daemon, forked twice, in a session of its own, that waits for 30 s": """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
                time.sleep(30)
            os._exit(0)
    """,
    "another program in another environment": """
        if os.fork() == 0:
            os.setsid()
            os.execve("/bin/sh", ["sh", "-c", "trap '' TERM; sleep 300; :"], {})
    """,
    "an orphanage of its own": """
        import ctypes
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
            for _ in range(3):
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        time.sleep(300)
                    os._exit(0)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(300)
    """,
    "threads that fork": """
        import threading
        def chain():
            while True:
                if os.fork() == 0:
                    os.setsid()
                    time.sleep(300)
                time.sleep(0.001)
        for _ in range(2):
            threading.Thread(target=chain, daemon=True).start()
        time.sleep(0.2)
    """,
}
REPEATS = 2


def program(text: str, lock: Path) -> list[str]:
    return [sys.executable, "-c", holding(lock, "import os, signal, sys, time\n" + textwrap.dedent(text))]


@pytest.fixture(params=MECHANISMS)
def mechanism(request: pytest.FixtureRequest) -> str:
    """One that this system offers."""
    wanted: str = request.param
    with Process(["true"], folder="/", environment={}, mechanisms=[wanted]) as process:
        process.end(lambda _: None)
    if process.held_by != wanted:
        pytest.skip(f"no {wanted} for this user on this system")
    return wanted


@pytest.fixture
def busy() -> Iterator[None]:
    """A machine on which every processor has something else to do."""
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))
    ]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


def run_to_its_end(command: list[str], mechanism: str) -> Process:
    with Process(command, folder="/", environment={}, grace_seconds=0.1, mechanisms=[mechanism]) as process:
        while not process.has_exited:
            process.read(0.1)
        process.end(lambda _: None)
    return process


@pytest.mark.slow
@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_nobody_is_left_under_load(family: str, mechanism: str, tmp_path: Path) -> None:
    for number in range(REPEATS):
        lock = tmp_path / str(number)
        process = run_to_its_end(program(family, lock), mechanism)
        assert (0, mechanism, True) == (process.exit_code, process.held_by, process.outlived > 0)
        assert is_free(lock)


def test_everybody_is_ended_before_the_command_itself_is_through(mechanism: str, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    text = FAMILIES["an orphanage of its own"] + "\n        print('here', flush=True); time.sleep(300)\n"
    command = program(text, lock)
    with Process(command, folder="/", environment={}, grace_seconds=0.1, mechanisms=[mechanism]) as process:
        while b"here" not in process.read(1):
            pass
        process.end(lambda _: None)
    assert (None, mechanism) == (process.exit_code, process.held_by)
    assert is_free(lock)


def test_what_is_printed_until_the_end_arrives(tmp_path: Path) -> None:
    text = """
        def last_words(*_):
            print("going", flush=True)
            sys.exit()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, last_words)
            print("child", flush=True)
            time.sleep(300)
        time.sleep(0.5)
        print("x" * 200_000, flush=True)
    """
    printed = []
    with Process(program(text, tmp_path / "lock"), folder="/", environment={}) as process:
        while not process.has_exited:
            printed.append(process.read(0.1))
        process.end(printed.append)
    assert b"child\n" + b"x" * 200_000 + b"\ngoing\n" == b"".join(printed)


@pytest.mark.slow
def test_an_arm_with_a_process_that_cannot_be_ended_has_failed(tmp_path: Path) -> None:
    """A frozen process dies only once it is thawed."""
    freezer = Path("/sys/fs/cgroup/freezer", f"remyx-test-{os.getpid()}")
    try:
        freezer.mkdir()
    except OSError:
        pytest.skip("no cgroup v1 freezer for this user on this system")
    script = f"""
        import os, pathlib, time
        if os.fork() == 0:
            pathlib.Path({str(freezer / "cgroup.procs")!r}).write_text("0")
            pathlib.Path(os.environ["HERE"], "variant", "there").touch()
            time.sleep(300)
        while not pathlib.Path(os.environ["HERE"], "variant", "there").exists():
            time.sleep(0.01)
        pathlib.Path({str(freezer / "freezer.state")!r}).write_text("FROZEN")
    """
    plan = arm_plan(tmp_path, script)
    try:
        outcome = ScriptRuntime(grace_seconds=0.1).carry_out(
            plan, on_event=lambda _: None, stop=threading.Event()
        )
    finally:
        (freezer / "freezer.state").write_text("THAWED")
        while (freezer / "cgroup.procs").read_text():
            time.sleep(0.01)
        freezer.rmdir()
    assert "failed" == outcome.state
    assert outcome.what.startswith("1 of its processes could not be ended: what it left is not read")


def test_an_arm_that_kills_its_supervisor_has_failed(tmp_path: Path) -> None:
    plan = arm_plan(tmp_path, "import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    outcome = ScriptRuntime().carry_out(plan, on_event=lambda _: None, stop=threading.Event())
    assert "failed" == outcome.state
    assert outcome.what.startswith("its supervisor was ended")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_no_signal_but_the_last_one_keeps_a_supervisor_from_its_work(
    tmp_path: Path, number: signal.Signals
) -> None:
    lock = tmp_path / "lock"
    text = f"if os.fork() == 0: time.sleep(300)\nos.kill(os.getppid(), {int(number)})"
    assert run_to_its_end(program(text, lock), SUBREAPER).held_by
    assert is_free(lock)


def test_a_command_that_ends_at_once_is_seen_to_end(mechanism: str) -> None:
    for _ in range(20):
        with Process(["true"], folder="/", environment={}, mechanisms=[mechanism]) as process:
            for _ in range(600):
                if process.has_exited:
                    break
                process.read(0.1)
            assert 0 == process.exit_code


def test_signals_reach_the_command_as_they_reach_any_program(tmp_path: Path) -> None:
    text = "sys.exit(signal.getsignal(signal.SIGTERM) != signal.SIG_DFL)"
    assert 0 == run_to_its_end(program(text, tmp_path / "lock"), SUBREAPER).exit_code


KILLED = """
import sys
from remyx_action.runtimes.script import Process
process = Process(sys.argv[1:], folder="/", environment={}, grace_seconds=0.1)
while True:
    sys.stdout.buffer.write(process.read(1))
    sys.stdout.flush()
"""


def test_a_program_that_is_killed_leaves_nothing_running(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    command = program("print('here', flush=True)\nif os.fork(): time.sleep(300)\ntime.sleep(300)", lock)
    with subprocess.Popen([sys.executable, "-c", KILLED, *command], stdout=subprocess.PIPE) as ours:
        assert ours.stdout is not None
        assert b"here\n" == ours.stdout.readline()
        ours.kill()
    wait_until_free(lock)


def test_a_control_group_is_removed_with_its_last_process(mechanism: str) -> None:
    printed = []
    command = ["cat", "/proc/self/cgroup"]
    with Process(command, folder="/", environment={}, mechanisms=[mechanism]) as process:
        while not process.has_exited:
            printed.append(process.read(0.1))
        process.end(printed.append)
    names = {line.rpartition("/")[2] for line in b"".join(printed).decode().splitlines() if "/remyx-" in line}
    assert len(names) == (mechanism != SUBREAPER)
    assert [] == [path for name in names for path in Path("/sys/fs/cgroup").rglob(name)]


def test_a_command_that_cannot_be_started_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").touch()
    for command, error in (("/no/such/program", FileNotFoundError), ("./plain.txt", PermissionError)):
        with pytest.raises(error):
            Process([command], folder=str(tmp_path), environment={})
    with pytest.raises(FileNotFoundError):
        Process(["true"], folder=str(tmp_path / "nowhere"), environment={})
