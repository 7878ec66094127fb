"""`diff` on real commits: which files are read, and what is said about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from remyx_action.commands.diff import diff, ends_of, files_at
from remyx_action.errors import WrongUsage
from support.diff_examples import EXAMPLES, files_of
from support.repositories import commit, found


def test_two_commits_are_compared_with_their_harness(folder: Path) -> None:
    case = EXAMPLES / "ship-threshold-down"
    before, after = (
        {path: text.decode() for path, text in files_of((case / name).read_text()).items()}
        for name in ("before.yaml", "after.yaml")
    )
    commit(folder, {**before, "eval/run.py": "print(1)\n", "README.md": "one\n"})
    commit(folder, {**after, "eval/run.py": "print(2)\n", "README.md": "two\n"})
    repository = found(folder)
    compared = diff(*(files_at(repository, name) for name in ends_of("HEAD~1..")))
    assert [
        "ship: accuracy.delta must reach 0.01 instead of 0.02",
        "template suite: the harness changed (eval/run.py)",
    ] == [change.sentence for change in compared.changes]


@pytest.mark.parametrize(
    ("span", "expected"),
    [("main..HEAD", ("main", "HEAD")), ("main..", ("main", "HEAD")), ("..topic", ("HEAD", "topic"))],
)
def test_a_span_names_two_commits(span: str, expected: tuple[str, str]) -> None:
    assert expected == ends_of(span)


@pytest.mark.parametrize("span", ["main", "main...HEAD", "..", ""])
def test_what_names_no_two_commits_is_wrong_usage(span: str) -> None:
    with pytest.raises(WrongUsage):
        ends_of(span)
