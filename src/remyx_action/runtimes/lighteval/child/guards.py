"""What lighteval may see and touch: an empty folder of its own, no surprises at import, no stale caches.

Each guard is here because without it lighteval 0.13.0 gives a wrong score or none;
docs/decisions/guards-of-lighteval.md lists them with the tests that show each one biting.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType

from .specification import RefusedError

MODEL_LINK = "remyx-model"
"""Name of a local model in the working folder: relative, or lighteval writes its cache into the model."""

STUBBED = {"lighteval.tasks.tasks.tiny_benchmarks": "tiny"}
"""Module that downloads a pickle while it is imported → what its tasks' names start with."""
STUBBED_UNLESS_ASKED = {
    "lighteval.tasks.tasks.ifeval.main": "ifeval",
    "lighteval.tasks.tasks.ifbench.main": "ifbench",
}
"""Modules that download corpora while they are imported."""

ENVIRONMENT = {
    "GIT_PYTHON_REFRESH": "quiet",  # GitPython refuses to be imported where git is missing
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",  # its bars count batches and splits, not samples
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "LIGHTEVAL_DISABLE_TQDM": "1",
}

TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH")
"""Variables by which a template's `env` passes a token on."""


@contextmanager
def working_folder() -> Iterator[Path]:
    """An empty current folder, gone afterwards: a folder named like a data set or task would shadow it."""
    folder = Path(tempfile.mkdtemp(prefix="remyx-lighteval-")).resolve()
    before = Path.cwd()
    (folder / "work").mkdir()
    os.chdir(folder / "work")
    try:
        yield folder
    finally:
        os.chdir(before)
        shutil.rmtree(folder, ignore_errors=True)


def end_on_signals() -> None:
    """SIGTERM ends the program as an exception does, so that its folder is removed."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)


def prepare(folder: Path, tasks: Sequence[str]) -> None:
    """Settle everything that is read when lighteval and its libraries are imported."""
    os.environ.update(ENVIRONMENT)
    cache = folder / "cache"
    cache.mkdir()
    os.environ["HF_MODULES_CACHE"] = str(cache / "modules")
    if not any(os.environ.get(name) for name in TOKENS):
        # the person's stored one lies in HOME, and a change can name any private model
        os.environ |= {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_TOKEN_PATH": str(folder / "no-token")}
    for module, prefix in STUBBED.items():
        refused = [task for task in tasks if task.startswith(f"{prefix}:") or task == prefix]
        if refused:
            raise RefusedError(
                f"{refused[0]} is not supported: its code downloads a pickle when it is loaded"
            )
        _stub(module)
    for module, prefix in STUBBED_UNLESS_ASKED.items():
        if not any(task.startswith(prefix) for task in tasks):
            _stub(module)


def _stub(name: str) -> None:
    module = ModuleType(name)
    module.TASKS_TABLE = []  # type: ignore[attr-defined]
    sys.modules[name] = module


def without_git() -> None:
    """lighteval looks for a repository around its own files, and fails where their path holds `src`."""
    import git

    def no_repository(*_: object, **__: object) -> None:
        raise git.InvalidGitRepositoryError

    import lighteval.logging.info_loggers as loggers

    loggers.git.Repo = no_repository
