"""Finding uv: on the PATH that is asked about, or installed beside this program."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Mapping


def uv_command(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The words that start uv; None where there is none."""
    if found := shutil.which("uv", path=environment.get("PATH")):
        return (found,)
    if importlib.util.find_spec("uv") is not None:
        return (sys.executable, "-m", "uv")
    return None
