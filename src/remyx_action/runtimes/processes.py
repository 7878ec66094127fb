"""Ending processes for good: whole groups, and on Linux also those that left their group or session."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

MARK = "REMYX_RUN_ID"
"""Variable by which processes of an arm are found again after they changed group and parent."""

_PROC = Path("/proc")
_PR_SET_CHILD_SUBREAPER = 36
_KILL_SECONDS = 5.0
_POLL_SECONDS = 0.02


class Process(Struct, frozen=True, kw_only=True):
    pid: int
    parent: int
    group: int
    session: int
    state: str
    """One letter of proc(5); Z is a zombie."""


def all_processes() -> dict[int, Process]:
    """Every living process by its id; empty where there is no /proc."""
    found = {}
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            state, parent, group, session = _stat(folder)
            if state != "Z":
                pid = int(folder.name)
                found[pid] = Process(pid=pid, parent=parent, group=group, session=session, state=state)
    return found


def _stat(folder: Path) -> tuple[str, int, int, int]:
    fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
    return fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[3])


def family_of(leader: int, run_id: str) -> set[int]:
    """Ids of the leader's session and group, of whoever carries the mark, and of all their children."""
    living = all_processes()
    mark = f"{MARK}={run_id}".encode()
    family = {
        process.pid
        for process in living.values()
        if leader in (process.group, process.session) or _carries(process.pid, mark)
    }
    return _with_children(family, living) - {os.getpid()}


def _carries(pid: int, mark: bytes) -> bool:
    with suppress(OSError):
        return mark in (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    return False


def _with_children(family: set[int], living: dict[int, Process]) -> set[int]:
    while True:
        children = {process.pid for process in living.values() if process.parent in family} - family
        if not children:
            return family
        family |= children


def end_family(
    leader: subprocess.Popen[bytes], run_id: str, *, grace_seconds: float, meanwhile: Callable[[], object]
) -> int:
    """Ask every process of an arm to end, wait, then kill; returns how many there were.

    `meanwhile` is called again and again: whoever listens to them must go on listening, or they block.
    """
    count = len(_signal_family(leader.pid, run_id, signal.SIGTERM))
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and _is_alive(leader, run_id):
        meanwhile()
        time.sleep(_POLL_SECONDS)
    deadline = time.monotonic() + _KILL_SECONDS
    while _is_alive(leader, run_id) and time.monotonic() < deadline:
        _signal_family(leader.pid, run_id, signal.SIGKILL)
        meanwhile()
        time.sleep(_POLL_SECONDS)
    return count


def _is_alive(leader: subprocess.Popen[bytes], run_id: str) -> bool:
    leader.poll()  # reaps it, so that its empty group is gone too
    if _PROC.is_dir():
        return bool(family_of(leader.pid, run_id))
    try:
        os.killpg(leader.pid, 0)
    except OSError:
        return False
    return True


def _signal_family(leader: int, run_id: str, number: signal.Signals) -> set[int]:
    family = family_of(leader, run_id)
    if not _PROC.is_dir():
        with suppress(OSError):
            os.killpg(leader, number)
    for pid in family:
        with suppress(OSError):
            os.kill(pid, number)
    return family


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Kill, at the end, every descendant that appeared meanwhile and slipped out of its arm's family.

    On Linux orphans become this process's children (prctl(2), PR_SET_CHILD_SUBREAPER), so even one that
    changed session, parent and environment is found.
    """
    if not sys.platform.startswith("linux"):
        yield
        return
    before = _own_children()
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        _kill_strays(before)
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _kill_strays(before: set[int]) -> None:
    deadline = time.monotonic() + _KILL_SECONDS
    while time.monotonic() < deadline:
        strays = _own_children() - before
        if not strays:
            return
        for pid in _with_children(strays, all_processes()):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for pid in strays:
            with suppress(OSError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(_POLL_SECONDS)


def _own_children() -> set[int]:
    """Ids of this process's children that lead or joined another session, zombies included."""
    own, session, children = os.getpid(), os.getsid(0), set()
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            _, parent, _, other = _stat(folder)
            if parent == own and other != session:
                children.add(int(folder.name))
    return children
