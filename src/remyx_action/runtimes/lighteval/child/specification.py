"""What an arm is asked to do: the JSON document that it is started with, checked."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAILED = 1
AGAIN = 75
"""EX_TEMPFAIL of sysexits(3): another attempt makes sense."""
STEP_PERCENT = 5
"""Between two progress lines."""


class RefusedError(Exception):
    """Something that must not become a score; the message is the last line that is printed."""

    code = FAILED


class LostError(RefusedError):
    """What the evaluation depends on went away, such as a server: another attempt makes sense."""

    code = AGAIN


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fail(error: BaseException) -> int:
    """Print how it came about and, last, what happened; returns the exit code."""
    refused = isinstance(error, RefusedError)
    if not refused:
        traceback.print_exception(error, file=sys.stderr)
        sys.stderr.flush()
    name = "" if refused else f"{type(error).__name__}: "
    what = " ".join(str(error).split()) or "no further words"
    say(f"error: {name}{what[:1500]}")
    return error.code if isinstance(error, RefusedError) else FAILED


@dataclass(kw_only=True)
class Counter:
    """Documents done, printed as a progress line now and then."""

    phase: str
    total: int
    done: int = 0
    printed: int = -STEP_PERCENT

    def add(self, count: int) -> None:
        """Count documents that are done."""
        self.done = min(self.done + count, self.total)
        percent = 100 * self.done // self.total if self.total else 100
        if percent >= self.printed + STEP_PERCENT:
            self.printed = percent
            say(f"{self.phase} {percent:3}%| {self.done}/{self.total}")


SCHEMA = "remyx-lighteval/1"
BACKENDS = ("accelerate", "openai", "vllm")
GENERATION = ("max_new_tokens", "temperature", "top_p", "top_k", "repetition_penalty", "stop", "seed")


@dataclass(frozen=True, kw_only=True)
class ModelSpecification:
    """How the model is run."""

    backend: str
    name: str
    """A hub's name, a path below `root`, or what an OpenAI-compatible server calls it."""
    root: str | None = None
    """Folder below which a model may lie; a name that exists there is a path."""
    revision: str | None = None
    dtype: str = "auto"
    batch_size: int | None = None
    chat_template: bool | None = None
    """None: where the tokenizer has one."""
    generation: Mapping[str, Any]
    base_url: str | None = None
    api_key: str | None = None
    """Name of the environment variable that holds the key."""
    concurrency: int = 8
    timeout: float = 120.0
    """Seconds for one request."""


@dataclass(frozen=True, kw_only=True)
class Specification:
    """One arm."""

    tasks: tuple[str, ...]
    """Concrete names of lighteval's registry, or of the custom tasks."""
    custom_tasks: str | None
    few_shot: int
    samples: int | None
    """At most so many documents of each task, the same ones in each run."""
    seed: int
    shard: int
    shards: int
    model: ModelSpecification
    metrics: Mapping[str, Mapping[str, str]]
    """Our key → task → the metric's canonical name."""
    output_folder: Path
    data_folder: str | None
    """Where prepared data sets are kept; None: where the hub's lie, and nowhere for local ones."""

    @property
    def sampling_seed(self) -> int:
        """Of a model that samples: the template's own, else the arm's."""
        own = self.model.generation.get("seed")
        return self.seed if own is None else int(own)


def read_specification(text: str) -> Specification:
    """The specification in a JSON text, or in the file that the text names. Raises RefusedError."""
    try:
        document = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text("utf-8"))
        if document.pop("schema") != SCHEMA:
            raise RefusedError(f"the specification is not a {SCHEMA} document")
        model = dict(document.pop("model"))
        model["generation"] = dict(model.get("generation") or {})
        read = Specification(
            tasks=tuple(document.pop("tasks")),
            output_folder=Path(document.pop("output_folder")),
            model=ModelSpecification(**{name: value for name, value in model.items() if value is not None}),
            **document,
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RefusedError(f"the specification cannot be read: {error}") from error
    _check(read)
    return read


def _check(read: Specification) -> None:
    model = read.model
    wrong = [
        message
        for holds, message in (
            (bool(read.tasks) and len(set(read.tasks)) == len(read.tasks), "tasks are missing or repeated"),
            (bool(read.metrics), "no metric is asked for"),
            (0 <= read.shard < read.shards, f"there is no shard {read.shard} of {read.shards}"),
            (model.backend in BACKENDS, f"the backend is one of {', '.join(BACKENDS)}"),
            (bool(model.name), "the model has no name"),
            (model.backend != "openai" or bool(model.base_url), "backend openai needs a base_url"),
            (set(model.generation) <= set(GENERATION), f"generation takes {', '.join(GENERATION)}"),
            (
                all(set(named) <= set(read.tasks) and named for named in read.metrics.values()),
                "a metric names another task",
            ),
        )
        if not holds
    ]
    if wrong:
        raise RefusedError(f"the specification is wrong: {'; '.join(wrong)}")
