"""Whether any process of a program lives, as a fact of the system: each inherits a lock on one file."""

from __future__ import annotations

import fcntl
import textwrap
from pathlib import Path

_LOCKED = """
import fcntl, os
_lock = open({path!r}, "w")
fcntl.flock(_lock, fcntl.LOCK_SH)
os.set_inheritable(_lock.fileno(), True)
"""


def holding(lock: Path, program: str) -> str:
    """A Python program that holds the lock, and with it whoever it forks, or starts without closing files."""
    return _LOCKED.format(path=str(lock)) + textwrap.dedent(program)


def is_free(lock: Path) -> bool:
    """Whether nobody lives who held the lock; AssertionError where nobody ever did."""
    assert lock.exists()
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def wait_until_free(lock: Path) -> None:
    """Return once nobody lives who held the lock."""
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
