"""A person at a terminal: a real pseudo-terminal, questions awaited, answers typed."""

from __future__ import annotations

import codecs
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

LONGEST_WAIT_SECONDS = 300
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def at_a_terminal(
    command: Sequence[str], answers: Sequence[str], *, folder: Path, width: int = 80
) -> tuple[int, str]:
    """Run `command` on a terminal and type each answer once a question stands there; exit code and screen."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(width), "LINES": "40", "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    ) as running:
        os.close(slave)
        screen, waiting, since = "", list(answers), 0
        decoder = codecs.getincrementaldecoder("utf-8")()  # a read may end within a letter
        ends = time.monotonic() + LONGEST_WAIT_SECONDS
        while time.monotonic() < ends:
            ready, _, _ = select.select([master], [], [], 0.1)
            if ready:
                try:
                    screen += decoder.decode(os.read(master, 65_536))
                except OSError:  # the other end is closed: the program has ended
                    break
            elif running.poll() is not None:
                break
            if waiting and re.search(r": $", screen[since:]):
                os.write(master, f"{waiting.pop(0)}\n".encode())
                since = len(screen)
        else:
            running.kill()
        code = running.wait()
    os.close(master)
    return code, _CONTROL.sub("", screen).replace("\r\n", "\n")
