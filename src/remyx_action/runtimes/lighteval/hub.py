"""A hub's model at one commit, before it is loaded: all loads of a run take the same files."""

from __future__ import annotations

import json
import os.path
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from remyx_action.runtimes.plan.lighteval import is_pinned, name_and_revision

ASKING_SECONDS = 60
"""For the whole of it, however slowly a hub answers."""
_NAME = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH")
_WITHOUT_TOKEN = {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_TOKEN_PATH": "/nonexistent"}
_ASK = """
import json, pathlib, sys
from huggingface_hub import HfApi, try_to_load_from_cache
name, revision = sys.argv[1:]
try:
    found = HfApi().model_info(name, revision=revision, timeout=10).sha
except Exception as error:
    held = try_to_load_from_cache(name, "config.json", revision=revision)
    if not isinstance(held, str):
        sys.exit(type(error).__name__)
    found = pathlib.Path(held).parent.name
print(json.dumps(found))
"""
"""Of the hub; where it cannot be asked, of its cache, from which the model would then be loaded."""


def is_on_hub(asset: str, *, root: Path, backend: str) -> bool:
    """Whether an asset is loaded from the hub, and may be another one at the next load.

    Not a folder below the harness root, nor a name beside such folders, which the program of an arm refuses.
    """
    name, revision = name_and_revision(asset, backend=backend)
    if backend == "openai" or is_pinned(asset) or not _NAME.fullmatch(name) or os.path.lexists(root / name):
        return False
    return revision is not None or "/" not in name or not os.path.lexists((root / name).parent)


def commit_of(python: str, asset: str, *, backend: str, environment: Mapping[str, str]) -> str | None:
    """The hub's commit of an asset; None where neither the hub nor its cache says so.

    `python`: of lighteval's environment; `environment`: an arm's, whose tokens alone are sent.
    """
    name, revision = name_and_revision(asset, backend=backend)
    without = {} if any(environment.get(one) for one in _TOKENS) else _WITHOUT_TOKEN
    try:
        done = subprocess.run(  # noqa: S603 - the Python that runs the arms
            [python, "-I", "-c", _ASK, name, revision or "main"],
            env={**environment, **without},
            capture_output=True,
            text=True,
            timeout=ASKING_SECONDS,
            check=True,
        )
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return found if isinstance(found, str) and _COMMIT.fullmatch(found) else None
