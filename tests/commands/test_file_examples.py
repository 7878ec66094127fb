"""Every folder of tests/examples/files: what `check` says about it, problem by problem.

`REWRITE_GOLDEN=1 uv run pytest tests/commands/test_file_examples.py` writes what it says now.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from remyx_action.commands.check import check

EXAMPLES = Path(__file__).parents[1] / "examples" / "files"
CASES = sorted(path.name for path in EXAMPLES.iterdir())
TOLD = ("path", "line", "column", "pointer", "code", "severity", "message", "help")


def texts_of(case: str) -> dict[str, bytes]:
    root = EXAMPLES / case
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.glob(".remyx/**/*"))
        if path.is_file()
    }


def said_about(case: str) -> dict[str, Any]:
    checked = check(texts_of(case))
    return {
        "exit": int(checked.exit),
        "problems": [
            {key: str(value) if key == "severity" else value for key, value in problem.items()}
            for problem in ({key: getattr(problem, key) for key in TOLD} for problem in checked.problems)
        ],
    }


@pytest.mark.parametrize("case", CASES)
def test_each_example_is_reported_as_expected(case: str) -> None:
    golden = EXAMPLES / case / "expected.yaml"
    said = said_about(case)
    if os.environ.get("REWRITE_GOLDEN"):
        golden.write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=1000))
    assert yaml.safe_load(golden.read_text()) == said


@pytest.mark.parametrize("case", CASES)
def test_the_name_of_an_example_says_whether_it_holds(case: str) -> None:
    assert (0 if case.startswith("holds-") else 3) == int(check(texts_of(case)).exit)


@pytest.mark.parametrize("case", [case for case in CASES if not case.startswith("holds-")])
def test_every_problem_is_drawn_with_its_place_and_a_next_step(case: str) -> None:
    checked = check(texts_of(case))
    for problem in checked.problems:
        assert f"{problem.path}:{problem.line}:{problem.column} $" in checked.text()
    assert len(checked.problems) == checked.text().count("\n  help: ")
    assert all(character.isprintable() or character == "\n" for character in checked.text())


def test_there_are_enough_examples() -> None:
    assert len([case for case in CASES if not case.startswith("holds-")]) >= 60
