"""Names of secrets in a template's `env`: warned about, and moved without touching anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from remyx_action.commands.check import check_project, fix_project
from remyx_action.project.models.template import looks_secret
from remyx_action.project.secret_names import with_secrets_moved
from support.small_project import TEMPLATE, UNLOCKED


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("HF_TOKEN", True), ("OPENAI_API_KEY", True), ("secret", True), ("DB_PASSWORD_2", True),
        ("MAX_TOKENS", False), ("KEYBOARD", False), ("MONKEY", False), ("QUALITY", False),
    ],
)  # fmt: skip
def test_one_word_of_the_name_says_it(name: str, expected: bool) -> None:
    assert expected == looks_secret(name)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1\nenv: [HF_TOKEN, B]\nc: 2\n", "a: 1\nenv: [B]\nsecrets: [HF_TOKEN]\nc: 2\n"),
        ("a: 1\nenv: [HF_TOKEN]\nc: 2\n", "a: 1\nsecrets: [HF_TOKEN]\nc: 2\n"),
        ("env:\n  - HF_TOKEN\n  - B\n\n# c\nc: 2\n", "env: [B]\nsecrets: [HF_TOKEN]\n\n# c\nc: 2\n"),
        ("env: [A_KEY]\nsecrets: [B]\n", "secrets: [B, A_KEY]\n"),
        ("secrets:\n- B\nc: 2\nenv: [A_KEY, D]", "secrets: [B, A_KEY]\nc: 2\nenv: [D]"),
        ("env: [A_KEY]\nsecrets: [A_KEY]\n", "secrets: [A_KEY]\n"),
        ("env: [A]  # plain\n", "env: [A]  # plain\n"),
        ("a: 1\n", "a: 1\n"),
        ("env: [A_KEY]  # for the hub\nc: 2\n", "secrets: [A_KEY]  # for the hub\nc: 2\n"),
        ("env:\n  - A_KEY  # for the hub\n  - B\n", None),
    ],
)
def test_names_are_moved_and_the_rest_stays(before: str, after: str | None) -> None:
    assert after == with_secrets_moved(before)


def project(folder: Path, lines: str) -> Path:
    for path, text in {**UNLOCKED, ".remyx/templates/small.yaml": f"{TEMPLATE}{lines}"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text or "")
    return folder


def test_check_warns_at_the_name_and_fix_moves_it(tmp_path: Path) -> None:
    root = project(tmp_path, "env: [QUALITY, HF_TOKEN]\n")
    (found,) = [one for one in check_project(root).problems if one.code == "secret-in-env"]
    assert (".remyx/templates/small.yaml", 11, 16) == (found.path, found.line, found.column)
    assert "HF_TOKEN looks like a secret, and is treated as one" == found.message
    assert (".remyx/templates/small.yaml: secrets moved from `env` to `secrets`",) == fix_project(root)
    assert (root / found.path).read_text().endswith("env: [QUALITY]\nsecrets: [HF_TOKEN]\n")
    assert [] == [one for one in check_project(root).problems if one.code == "secret-in-env"]
    assert () == fix_project(root)


def test_a_list_with_comments_is_left_to_people(tmp_path: Path) -> None:
    root = project(tmp_path, "env:\n  - HF_TOKEN  # to read the hub\n  - B\n")
    before = (root / ".remyx/templates/small.yaml").read_text()
    assert (".remyx/templates/small.yaml: its list has comments: move the names by hand",) == fix_project(
        root
    )
    assert before == (root / ".remyx/templates/small.yaml").read_text()
