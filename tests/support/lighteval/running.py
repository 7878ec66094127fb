"""Runs our program and stock lighteval side by side, and reads what they left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import remyx_action
from support.followed import followed

PROGRAMS = Path(__file__).parent / "programs"
CHILD = Path(remyx_action.__file__).parent / "runtimes" / "lighteval" / "child"
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
QUESTIONS = 24
LIMIT_SECONDS = 300


def write_data(root: Path) -> None:
    """The tasks, and questions whose numbers start anew in each split."""
    shutil.copy(PROGRAMS / "tasks.py", root / "tasks.py")
    (root / "data").mkdir()
    for split in ("train", "test"):
        lines = [
            {"question": f"{split} {number} + {number % 7} = ", "answer": f"{number}", "gold": number % 2}
            for number in range(QUESTIONS)
        ]
        (root / "data" / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@dataclass(frozen=True, kw_only=True)
class Ended:
    """Our program, ended."""

    code: int
    said: str
    output: Path

    @property
    def last_line(self) -> str:
        return self.said.strip().splitlines()[-1]

    @property
    def document(self) -> Any:
        return json.loads((self.output / "results.json").read_text())

    def rows(self, key: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.output / f"{key}.jsonl").read_text().splitlines()]

    def scores(self, key: str) -> dict[str, float]:
        return {row["id"]: row["score"] for row in self.rows(key)}

    def mean(self, key: str) -> float:
        scores = self.scores(key).values()
        return sum(scores) / len(scores)


@dataclass(frozen=True, kw_only=True)
class Stock:
    """What lighteval itself gave."""

    found: Any

    @property
    def results(self) -> Any:
        return self.found["results"]

    @property
    def crash(self) -> str:
        return str(self.found.get("crashed", ""))

    def texts(self, task: str) -> list[list[str]]:
        return [each["text"] for each in self.found["details"][f"{task}|0"]]

    def ids(self, task: str) -> list[str]:
        return [each["id"] for each in self.found["details"][f"{task}|0"]]


@dataclass(frozen=True, kw_only=True)
class Forks:
    """A process that has loaded lighteval, and runs each program in a fork of itself: see forking.py."""

    asked: IO[str]
    answers: IO[str]

    def run(
        self, *arguments: str, folder: Path, environment: Mapping[str, str], errors: str | None = None
    ) -> tuple[int, str]:
        """Exit code and output of a Python program; its errors are among the output, or go to a file."""
        with TemporaryDirectory() as scratch:
            output = Path(scratch, "output")
            asked = {
                "arguments": arguments,
                "folder": str(folder),
                "environment": dict(environment),
                "output": str(output),
                "errors": errors or str(output),
            }
            self.asked.write(json.dumps(asked) + "\n")
            self.asked.flush()
            code = int(self.answers.readline())
            return code, output.read_text("utf-8")


@contextmanager
def forking(python: str, home: Path) -> Iterator[Forks]:
    """The process, until the block ends."""
    with subprocess.Popen(
        [python, "-I", "-B", "-X", "utf8", str(PROGRAMS / "forking.py")],
        env={"PATH": os.environ["PATH"], "HOME": str(home), **OFFLINE},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Forks(asked=process.stdin, answers=process.stdout)
        process.stdin.close()


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A repository to be evaluated, and where its runs go."""

    python: str
    forks: Forks
    root: Path
    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), **OFFLINE, **more}

    def specification(self, **changes: Any) -> dict[str, Any]:
        model = {"backend": "accelerate", "name": "models/a", "root": str(self.root), "batch_size": 8}
        document = {
            "schema": "remyx-lighteval/1",
            "tasks": ["written"],
            "custom_tasks": str(self.root / "tasks.py"),
            "few_shot": 0,
            "samples": None,
            "seed": 0,
            "shard": 0,
            "shards": 1,
            "metrics": {"em": {"written": "em"}},
            "output_folder": str(self.folder / "output"),
            "data_folder": None,
        }
        return document | changes | {"model": model | changes.get("model", {})}

    def child(
        self,
        *,
        cwd: Path | None = None,
        environment: dict[str, str] | None = None,
        anew: bool = False,
        **changes: Any,
    ) -> Ended:
        """Run our program; keywords change the specification. `anew`: in a process of its own."""
        document = self.specification(**changes)
        arguments = [followed(str(CHILD)), json.dumps(document)]
        folder, environ = cwd or self.root, environment or self.environment()
        if anew:
            done = subprocess.run(
                [self.python, "-I", "-B", "-u", "-X", "utf8", *arguments],
                check=False,
                cwd=folder,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=LIMIT_SECONDS,
            )
            code, said = done.returncode, done.stdout
        else:
            code, said = self.forks.run(*arguments, folder=folder, environment=environ)
        return Ended(code=code, said=said, output=Path(document["output_folder"]))

    def stock(self, *runs: dict[str, Any]) -> list[Stock]:
        """Run lighteval without our guards, several times in one process."""
        common = {"tasks": "written", "custom_tasks": str(self.root / "tasks.py"), "model": "models/a"}
        code, said = self.forks.run(
            str(PROGRAMS / "stock.py"),
            json.dumps([common | run for run in runs]),
            folder=self.root,
            environment=self.environment(GIT_PYTHON_REFRESH="quiet"),
            errors=os.devnull,
        )
        assert 0 == code, said
        return [Stock(found=found) for found in json.loads(said.splitlines()[-1])]
