"""Loads lighteval once and forks for each program that is asked for, in place of eight seconds of imports.

A line of JSON in: the arguments (the program first), folder, environment, and files for what is printed.
A line out: the exit code. Tasks are not loaded here: their modules reach for the network.
"""

import json
import os
import runpy
import signal
import sys
import traceback
from typing import Any, NoReturn

LIMIT_SECONDS = 300

os.environ["GIT_PYTHON_REFRESH"] = "quiet"


def become(asked: dict[str, Any]) -> NoReturn:
    """Run the program as if this process had been started for it."""
    code = 1
    try:
        signal.alarm(LIMIT_SECONDS)
        for number, file in enumerate([os.devnull, asked["output"], asked["errors"]]):
            opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(opened, number)
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        sys.argv = asked["arguments"]
        runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as Python itself ends with one
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            become(asked)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
