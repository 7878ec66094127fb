"""Patterns of CODEOWNERS mean what GitHub documents, alone and compared with each other."""

from __future__ import annotations

import sys
from types import FrameType

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from remyx_action.project.codeowners import read_codeowners
from remyx_action.project.path_patterns import (
    TooIntricateError,
    WrongPatternError,
    deciding,
    escaped,
    pattern_of,
)

DOCUMENTED = [
    # pattern, path, whether it is meant
    ("*", "readme", True),
    ("*", "deep/down/file.py", True),
    ("*.js", "app.js", True),
    ("*.js", "src/app.js", True),
    ("*.js", "src/app.json", False),
    ("/build/logs/", "build/logs/a/b.log", True),
    ("/build/logs/", "deep/build/logs/a.log", False),
    ("/build/logs/", "build/logs", False),
    ("docs/*", "docs/getting-started.md", True),
    ("docs/*", "docs/build-app/troubleshooting.md", False),
    ("docs/*", "src/docs/getting-started.md", False),
    ("/*", "file", True),
    ("/*", "folder/file", False),
    ("apps/", "apps/main.go", True),
    ("apps/", "deep/apps/more/main.go", True),
    ("apps/", "apps", False),
    ("/docs/", "docs/a/b.md", True),
    ("/docs/", "src/docs/a.md", False),
    ("/scripts/", "scripts/run", True),
    ("**/logs", "build/logs/a.log", True),
    ("**/logs", "logs/a/b.log", True),
    ("**/logs", "deeply/nested/logs", True),
    ("/apps/github", "apps/github", True),
    ("/apps/github", "apps/github/main.go", True),
    ("/apps/github", "apps/github-enterprise", False),
    ("docs/**", "docs/a/b", True),
    ("docs/**", "docs", False),
    ("**", "any/thing", True),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("a/**/b", "c/a/b", False),
    ("a/**/", "a/b/c", True),
    ("a/**/", "a/b", False),
    ("/Docs/", "docs/a.md", False),
    ("file.?s", "file.ts", True),
    ("file.?s", "file.s", False),
    ("with\\ space/", "with space/a", True),
    ("\\*", "*", True),
    ("\\*", "a", False),
    ("/", "anything", False),
]


@pytest.mark.parametrize(("pattern", "path", "meant"), DOCUMENTED)
def test_a_pattern_means_what_github_documents(pattern: str, path: str, meant: bool) -> None:
    assert pattern_of(pattern).matches(path) is meant


COMPARED = [
    # what is asked about, patterns in order, which of them decide some of it
    ("/.remyx/policies/", ["*"], {0}),
    ("/.remyx/policies/", ["/.remyx/policies/*"], {0, None}),  # nothing that lies deeper
    ("/.remyx/policies/", ["/.remyx/**/*"], {0}),
    ("/.remyx/policies/", ["**/*"], {0}),
    ("/.remyx/policies/", ["*", "*.yaml"], {0, 1}),
    ("/.remyx/policies/", ["*.yaml", "*"], {1}),
    ("/.remyx/policies/", ["*", "/.remyx/policies/new.yaml"], {0, 1}),
    ("/.remyx/policies/", ["*", "/docs/"], {0}),
    ("/*.pth", ["*"], {0}),
    ("/*.pth", ["*", "/docs/drafts/"], {0}),
    ("/*.pth", ["*", "a*.pth"], {0, 1}),
    ("/*.pth", ["*", "*.py"], {0, 1}),  # a folder may be called a.pth
    ("/evaluation/v1.2", ["*", "/evaluation/v1.2/*.py"], {0, 1}),
    ("/evaluation/v1.2", ["*", "/evaluation/v1.3/*.py"], {0}),
    ("/v1.2", ["/*"], {0, None}),
    ("/evaluation/*.py", ["/evaluation/"], {0}),
    ("/evaluation/*.py", ["/evaluation/a.py"], {0, None}),
    ("/a/**/b", ["/a/x/b"], {0, None}),
    ("/a/**/b", ["**/b"], {0}),
    ("/", ["*"], set()),
]


@pytest.mark.parametrize(("asked", "patterns", "decide"), COMPARED)
def test_which_patterns_decide_is_reported_with_a_path_for_each(
    asked: str, patterns: list[str], decide: set[int | None]
) -> None:
    rules = [pattern_of(text) for text in patterns]
    found = deciding(pattern_of(asked), rules)
    assert set(found) == decide
    for number, path in found.items():
        matching = [index for index, rule in enumerate(rules) if rule.matches(path)]
        assert pattern_of(asked).matches(path)
        assert max(matching, default=None) == number


def test_a_file_and_a_folder_of_a_name_are_distinguished() -> None:
    either = pattern_of("/evaluation/v1.2")
    rules = [pattern_of("/evaluation/*")]
    assert set(deciding(either, rules)) == {0, None}
    assert set(deciding(either.as_file(), rules)) == {0}
    assert set(deciding(either.as_folder(), rules)) == {None}


@pytest.mark.parametrize(
    "patterns",
    [["*a" + "?" * 16 + "b", "*b" + "?" * 15 + "c"], [f"*.x{number}y{number}" for number in range(400)]],
)
def test_a_comparison_that_takes_too_long_is_given_up(patterns: list[str]) -> None:
    with pytest.raises(TooIntricateError):
        deciding(pattern_of("/.github/"), [pattern_of(text) for text in ["*", *patterns]])


NAMES = st.text("ab.* ", min_size=1, max_size=4).filter(lambda name: name.strip(".") != "")
PARTS = st.sampled_from(["a", "b", "a*", "*b", "?", "**", "ab", "*.a"])


@given(
    st.lists(PARTS, min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from(["a", "b", "ab", "aab", "x.a"]), min_size=1, max_size=5),
)
@example(["**", "a"], False, False, ["a"])
def test_patterns_are_those_of_gitignore(
    parts: list[str],
    anchored: bool,
    folder: bool,
    names: list[str],
) -> None:
    pattern = "/" * anchored + "/".join(parts) + "/" * folder
    path = "/".join(names)
    assume(not pattern.endswith("**/"))  # pathspec takes files for folders there, git does not
    assert pattern_of(pattern).matches(path) is GitIgnoreSpec.from_lines([pattern]).match_file(path)


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_an_escaped_path_means_itself_alone(names: list[str]) -> None:
    path = "/".join(names)
    pattern = pattern_of("/" + escaped(path))
    assert pattern.matches(path)
    assert not pattern.matches(path + "x")
    assert read_codeowners(f"/{escaped(path)} @a\n").owners_of(path) == ("@a",)


@pytest.mark.parametrize("pattern", ["**/*" * 40 + "b", "*a" * 60 + "b", "/".join(["**", "a"] * 60) + "/b"])
def test_a_hostile_pattern_is_tried_on_each_name_once(pattern: str) -> None:
    read, names = pattern_of(pattern), ["a" * 60] * 60
    tried = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal tried
        tried += event == "call" and frame.f_code.co_name == "_is_match"

    sys.setprofile(count)
    try:
        read.matches("/".join(names))
    finally:
        sys.setprofile(None)
    assert tried <= len(names) * len(read.segments)


def test_a_path_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(WrongPatternError, match=r"with \[ or \]"):
        escaped("eval[1].py")
