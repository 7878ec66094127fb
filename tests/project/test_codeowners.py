"""CODEOWNERS is read as GitHub documents it, and a hole in it is found."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from remyx_action.project.codeowners import (
    CAP_BYTES,
    WrongPatternError,
    escaped,
    is_owner,
    pattern_of,
    read_codeowners,
    with_block,
    without_block,
)
from remyx_action.project.models import Template
from remyx_action.project.protected import protected_paths

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


def test_the_last_match_wins_and_may_take_the_owner_away() -> None:
    owners = read_codeowners("* @everyone\n/src/ @team # inline\n/src/generated/\n*.md writer@example.com\n")
    assert owners.owners_of("a") == ("@everyone",)
    assert owners.owners_of("src/a") == ("@team",)
    assert owners.owners_of("src/generated/a") == ()
    assert owners.owners_of("src/generated/a.md") == ("writer@example.com",)


def test_lines_that_github_skips_are_skipped_and_told() -> None:
    owners = read_codeowners("!keep @a\n[ab].py @a\n\\#x @a\n/src/ team\n/src/ @a @org/team\n# a comment\n\n")
    assert [rule.line for rule in owners.rules] == [5]
    assert [(problem.line, problem.message) for problem in owners.problems] == [
        (1, "`!` does not negate in CODEOWNERS"),
        (2, "`[ ]` is no range in CODEOWNERS"),
        (3, "a pattern cannot start with an escaped `#`"),
        (4, "'team' is no owner"),
    ]


def test_a_file_above_three_megabytes_is_not_read() -> None:
    text = "* @a\n" + "#" * CAP_BYTES
    assert read_codeowners(text).owners_of("a") == ()
    assert read_codeowners(text).problems[0].message == "is larger than 3 MB"


@pytest.mark.parametrize(
    ("text", "protected", "owners", "line"),
    [
        ("* @a", "/.remyx/policies/", ("@a",), 1),
        ("/.remyx/ @a", "/.remyx/policies/", ("@a",), 1),
        ("/.remyx/policies/ @a", "/.remyx/policies/", ("@a",), 1),
        ("/.remyx/policies/* @a", "/.remyx/policies/", (), None),  # nothing that lies deeper
        ("/.remyx/policies/default.yaml @a", "/.remyx/policies/", (), None),
        ("/.remyx/ @a\n*.yaml", "/.remyx/policies/", (), 2),
        ("/.remyx/ @a\n/.remyx/policies/new.yaml", "/.remyx/policies/", (), 2),
        ("/.remyx/ @a\n/src/", "/.remyx/policies/", ("@a",), 1),
        ("*.yaml\n/.remyx/ @a", "/.remyx/policies/", ("@a",), 2),
        ("/.remyx/ @a\n*.yaml @b", "/.remyx/policies/", ("@a",), 1),
        ("* @a\n*.md", "/CODEOWNERS", ("@a",), 1),
        ("* @a\nCODEOWNERS", "/CODEOWNERS", (), 2),
        ("/evaluation/*.py @a", "/evaluation/*.py", ("@a",), 1),
        ("/evaluation/ @a", "/evaluation/*.py", ("@a",), 1),
        ("/evaluation/a.py @a", "/evaluation/*.py", (), None),
        ("/* @a", "/evaluate", (), None),  # it may be a folder
        ("/* @a", "/evaluate.py", ("@a",), 1),
        ("", "/.github/", (), None),
    ],
)
def test_a_protected_path_is_owned_whole_or_the_hole_is_named(
    text: str, protected: str, owners: tuple[str, ...], line: int | None
) -> None:
    found = read_codeowners(text).ownership(protected)
    assert (found.owners, found.line) == (owners, line)


def test_our_lines_stand_last_and_are_written_once() -> None:
    before = "# ours\n* @everyone\n"
    once = with_block(before, ["/.remyx/policies/", "/evaluate.py"], ["@org/leads", "@b"])
    assert read_codeowners(once).owners_of(".remyx/policies/default.yaml") == ("@org/leads", "@b")
    assert with_block(once + "* @late\n", ["/evaluate.py"], ["@c"]).splitlines()[1:4] == [
        "* @everyone",
        "",
        "* @late",
    ]
    assert with_block(once, ["/.remyx/policies/", "/evaluate.py"], ["@org/leads", "@b"]) == once
    assert without_block(once).rstrip("\n") == before.rstrip("\n")
    assert with_block("", ["/a"], ["@b"]).startswith("# remyx-action: begin / ")


def test_two_projects_of_a_repository_keep_their_own_lines() -> None:
    both = with_block(with_block("", ["/a/x"], ["@a"], root="a/"), ["/b/x"], ["@b"], root="b/")
    again = with_block(both, ["/a/y"], ["@c"], root="a/")
    owners = read_codeowners(again)
    assert (owners.owners_of("a/x"), owners.owners_of("a/y"), owners.owners_of("b/x")) == (
        (),
        ("@c",),
        ("@b",),
    )


def test_what_we_write_protects_everything_that_it_should() -> None:
    template = Template.model_validate(
        {
            "version": 1,
            "name": "suite",
            "script": "my eval/run",
            "metrics": ["accuracy"],
            "compare": "commits",
        }
    )
    paths = protected_paths(template, root="models/first one/")
    owners = read_codeowners(with_block("*.py\n*.md\n", paths, ["@a"]))
    assert not owners.problems
    assert {path: owners.ownership(path).owners for path in paths} == dict.fromkeys(paths, ("@a",))
    for path in ("models/first one/my eval/run", "models/first one/conftest.py", ".github/workflows/a.yml"):
        assert owners.owners_of(path) == ("@a",)
    assert owners.owners_of("models/first one/src/a.py") == ()


@pytest.mark.parametrize("word", ["@a", "@a-b", "@org/team.x", "a@b.example", "@1", "@bot_name"])
def test_owners_are_users_teams_and_addresses(word: str) -> None:
    assert is_owner(word)


@pytest.mark.parametrize("word", ["a", "@", "@/x", "@a/", "a@b", "@a b", "@-a"])
def test_other_words_are_no_owners(word: str) -> None:
    assert not is_owner(word)


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
    assert pattern_of(pattern).matches(path) is GitIgnoreSpec.from_lines([pattern]).match_file(path)


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_an_escaped_path_means_itself_alone(names: list[str]) -> None:
    path = "/".join(names)
    pattern = pattern_of("/" + escaped(path))
    assert pattern.matches(path)
    assert not pattern.matches(path + "x")
    assert read_codeowners(f"/{escaped(path)} @a\n").owners_of(path) == ("@a",)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    owners = read_codeowners(text)
    assert len(owners.rules) + len(owners.problems) <= len(text.split("\n"))
    assert with_block(with_block(text, ["/a"], ["@b"]), ["/a"], ["@b"]) == with_block(text, ["/a"], ["@b"])


@pytest.mark.parametrize("pattern", ["**/*" * 40 + "b", "*a" * 60 + "b", "/".join(["**", "a"] * 60) + "/b"])
def test_a_hostile_pattern_takes_no_time(pattern: str) -> None:
    began = time.process_time()
    pattern_of(pattern).matches("/".join(["a" * 60] * 60))
    assert time.process_time() - began < 2


def test_a_path_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(WrongPatternError, match=r"with \[ or \]"):
        escaped("eval[1].py")
