"""Plans of arms whose script is written by a test."""

import os
import sys
import textwrap
from pathlib import Path

from remyx_action.project.models.template import ArmName
from remyx_action.runtimes.plan.run_plan import ArmPlan


def arm_plan(
    folder: Path,
    program: str,
    *,
    arm: ArmName = "variant",
    timeout_seconds: float = 600,
    expected_samples: tuple[int, ...] = (),
) -> ArmPlan:
    output = folder / arm
    output.mkdir()
    return ArmPlan(
        arm=arm,
        asset="model",
        command=(sys.executable, "-c", textwrap.dedent(program)),
        environment={"PATH": os.environ["PATH"], "HERE": str(folder), "PYTHONUNBUFFERED": "1"},
        working_folder=str(folder),
        output_folder=str(output),
        timeout_seconds=timeout_seconds,
        expected_samples=expected_samples,
    )


STUBBORN_FAMILY = """
    import os, signal, time
    def stay(name):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.write(1, f"{name}\\n".encode())  # at once, or others write between
        time.sleep(300)
    if not os.fork():
        stay("child")
    if not os.fork():
        os.setsid()
        stay("child in its own session")
    if not os.fork():
        os.setsid()
        if not os.fork():  # an orphan, with another environment
            os.execve("/bin/sh", ["sh", "-c", "trap '' TERM; echo orphan; sleep 300; :"], {})
        os._exit(0)
    stay("leader")
"""
"""Four that ignore SIGTERM, and the shell's `sleep`; each prints one line."""
FAMILY = ["child", "child in its own session", "leader", "orphan"]
