"""Telling that memory ran out: from the kernel's own count, or from what a harness said last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_SAYINGS = re.compile(
    r"\bMemoryError\b|\bout of memory\b|\bOutOfMemoryError\b|\bstd::bad_alloc\b|\bCannot allocate memory\b",
    re.IGNORECASE,
)


def count_kills() -> int:
    """How often the kernel killed for memory in this process's control group (cgroup v2); 0 if unknown."""
    with suppress(OSError, ValueError, StopIteration):
        groups = Path("/proc/self/cgroup").read_text().splitlines()
        group = next(line[3:] for line in groups if line.startswith("0::"))
        events = (Path("/sys/fs/cgroup") / group.lstrip("/") / "memory.events").read_text().splitlines()
        return int(next(line for line in events if line.startswith("oom_kill ")).split()[1])
    return 0


def says_so(last_lines: Sequence[str]) -> bool:
    """Whether one of the last lines is what Python, C++, CUDA or the kernel say when memory runs out."""
    return any(_SAYINGS.search(line) for line in last_lines)
