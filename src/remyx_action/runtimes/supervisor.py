"""A program of its own that starts one command and ends only when no process of it lives.

`python -I -S supervisor.py`, with a socket as standard input: one line of JSON comes in (command, folder,
environment, grace_seconds, mechanisms), lines of JSON go out: `{"started": true}` or `{"refused": ERRNO}`,
then `{"exited": CODE}` once the command itself has ended, and last `{"outlived": N, "left": N, "by": NAME}`.
Whatever comes in after the first line, or the other end's death, ends the command before its time.

Every orphan below this process becomes its child (prctl(2), PR_SET_CHILD_SUBREAPER), whatever session, group
or environment it gave itself, so that nobody is left exactly when the system says that it has no child. In a
control group all are killed at once, before one of them can fork; without one, faster than they fork.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

CGROUP2, FREEZER, SUBREAPER, GROUP = "cgroup v2", "cgroup v1 freezer", "subreaper", "process group"
MECHANISMS = (CGROUP2, FREEZER, SUBREAPER)
"""From the best; those that the system does not offer are passed over."""
KILL_SECONDS = 10.0
_FREEZE_SECONDS = 1.0
"""A process that waits for a disk freezes later."""
_POLL_SECONDS = 0.01
_ROUNDS = 1_000
"""Of killing, before processes that cannot die at once are waited for."""
_PR_SET_CHILD_SUBREAPER = 36


class ControlGroup:
    """A group that whoever is forked in it belongs to; OSError where the system offers none."""

    def __init__(self, mechanism: str) -> None:
        self._is_v2 = mechanism == CGROUP2
        self._folder = _own_group(mechanism) / f"remyx-{os.getpid()}"
        self._switch = self._folder / ("cgroup.kill" if self._is_v2 else "freezer.state")
        self._folder.mkdir()
        if not os.access(self._switch, os.W_OK) or not self._lets_in():
            self.remove()
            raise OSError(f"{mechanism} cannot be used here")

    def enter(self) -> None:
        """Move the calling process into the group."""
        (self._folder / "cgroup.procs").write_text("0")

    def kill(self) -> None:
        """Kill everybody in the group, with no fork in between."""
        with suppress(
            OSError
        ):  # whoever may leave a group may remove it as well; its parents end it all the same
            if self._is_v2:
                self._switch.write_text("1")
            else:
                self._freeze()
                _signal(map(int, (self._folder / "cgroup.procs").read_text().split()), signal.SIGKILL)
                self._switch.write_text("THAWED")

    def remove(self) -> None:
        """Remove the group; it stays where processes are left in it."""
        with suppress(OSError):
            self._folder.rmdir()

    def _freeze(self) -> None:
        self._switch.write_text("FROZEN")
        deadline = time.monotonic() + _FREEZE_SECONDS
        while self._switch.read_text() != "FROZEN\n" and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _lets_in(self) -> bool:
        """Whether a process may enter, tried with one that does nothing else."""
        pid = os.fork()
        if pid:
            return os.waitpid(pid, 0)[1] == 0
        with suppress(OSError):
            self.enter()
            os._exit(0)
        os._exit(1)


def _own_group(mechanism: str) -> Path:
    """Folder of the control group that this process is in; OSError where no such hierarchy is mounted."""
    own = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        kind, options = fields[fields.index("-") + 1], fields[-1].split(",")
        for number, controllers, path in own:
            is_v2 = kind == "cgroup2" and number == "0"
            is_freezer = kind == "cgroup" and "freezer" in options and "freezer" in controllers.split(",")
            if (is_v2 and mechanism == CGROUP2) or (is_freezer and mechanism == FREEZER):
                return Path(fields[4], os.path.relpath(path, fields[3]))
    raise OSError(f"{mechanism} is not mounted")


class Family:
    """A command and all of its descendants, on a system where orphans become this process's children."""

    def __init__(self, mechanisms: Iterable[str]) -> None:
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")
        self.held_by = SUBREAPER
        self._group: ControlGroup | None = None
        for mechanism in mechanisms:
            if mechanism != SUBREAPER and self._group is None:
                with suppress(OSError):
                    self._group = ControlGroup(mechanism)
                    self.held_by = mechanism

    def enter(self) -> None:
        """Called in the command's process before it becomes the command."""
        if self._group is not None:
            self._group.enter()

    def count(self) -> int:
        """How many live; only 0 is exact, as it is the system's word."""
        return 0 if _has_no_child() else max(len(_descendants(os.getpid())), 1)

    def ask_to_end(self) -> None:
        _signal(_descendants(os.getpid()), signal.SIGTERM)

    def kill(self) -> None:
        """Kill all, as often as somebody is left; a bounded number of times, as some die late."""
        if self._group is not None:
            self._group.kill()
        for _ in range(_ROUNDS):
            _signal(_children(os.getpid()), signal.SIGKILL)
            if _has_no_child():
                return

    def close(self) -> None:
        if self._group is not None:
            self._group.remove()


class ProcessGroup:
    """A command and whoever stays in its process group: all that other systems let a parent find."""

    def __init__(self) -> None:
        self.held_by = GROUP
        self.leader = 0

    def enter(self) -> None:
        """Nothing: the command leads a group of its own."""

    def count(self) -> int:
        """1 where somebody lives, else 0."""
        _has_no_child()
        try:
            os.killpg(self.leader, 0)
        except OSError:
            return 0
        return 1

    def ask_to_end(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Nothing."""

    def _signal(self, number: signal.Signals) -> None:
        with suppress(OSError):
            os.killpg(self.leader, number)


def main() -> None:
    control = socket.socket(fileno=0)
    request = json.loads(_line(control))
    family = Family(request["mechanisms"]) if sys.platform.startswith("linux") else ProcessGroup()
    woken = _wake_on_children()
    try:
        command = subprocess.Popen(  # noqa: S603 - the command of an arm
            request["command"],
            cwd=request["folder"],
            env=request["environment"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=family.enter,  # noqa: PLW1509 - this program has one thread
        )
    except OSError as error:
        family.close()
        _send(control, {"refused": error.errno})
        return
    if isinstance(family, ProcessGroup):
        family.leader = command.pid
    os.close(1)  # its output ends where nobody has it open any more
    os.close(2)
    _send(control, {"started": True})
    _send(control, {"exited": _wait(command, control, woken)})
    outlived = _end(family, request["grace_seconds"])
    left = family.count()
    family.close()
    _send(control, {"outlived": outlived, "left": left, "by": family.held_by})


def _line(control: socket.socket) -> bytes:
    text = b""
    while not text.endswith(b"\n"):
        data = control.recv(1 << 16)
        if not data:
            raise EOFError("there is no request")
        text += data
    return text


def _send(control: socket.socket, message: dict[str, object]) -> None:
    with suppress(OSError):  # nobody is there to read it
        control.sendall(json.dumps(message).encode() + b"\n")


def _wake_on_children() -> int:
    """A descriptor that is readable when a child has ended; no signal but SIGKILL ends this program."""
    woken, waking = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(waking, False)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which the command would inherit
    return woken


def _wait(command: subprocess.Popen[bytes], control: socket.socket, woken: int) -> int | None:
    """The command's exit code, negative for a signal; None where it is to be ended before its time.

    It takes the object, not the id: where nobody holds that, its finaliser reaps the process, unseen.
    """
    while True:
        ready, _, _ = select.select([control.fileno(), woken], [], [])
        with suppress(BlockingIOError):
            os.read(woken, 1 << 10)  # before reaping: a child that ends later wakes again
        code = _reaped(command.pid)
        if code is not None or control.fileno() in ready:
            return code


def _reaped(leader: int) -> int | None:
    """Reap every child that has ended; return the leader's exit code where it was among them."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == leader:
            code = os.waitstatus_to_exitcode(status)


def _end(family: Family | ProcessGroup, grace_seconds: float) -> int:
    """Ask all to end, wait, then kill; return how many there were."""
    outlived = family.count()
    if outlived:
        family.ask_to_end()
    deadline = time.monotonic() + grace_seconds
    while family.count() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    deadline = time.monotonic() + KILL_SECONDS
    while family.count() and time.monotonic() < deadline:
        family.kill()
        time.sleep(_POLL_SECONDS)
    return outlived


def _has_no_child() -> bool:
    """Reap every child that has ended; whether none is left, hence no descendant."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == 0:
            return False


def _descendants(pid: int) -> set[int]:
    found = set(_children(pid))
    waiting = list(found)
    while waiting:
        new = set(_children(waiting.pop())) - found
        found |= new
        waiting += new
    return found


def _children(pid: int) -> list[int]:
    """Ids of a process's children (proc_pid_task_children(5)); none of one that has ended."""
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - killing must be quick
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:  # noqa: PTH123
                found += map(int, file.read().split())
    return found


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, number)


if __name__ == "__main__":
    main()
