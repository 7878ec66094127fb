"""CODEOWNERS is read as GitHub documents it, a hole in it is found, and `lock` writes only its own block."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remyx_action.project.codeowners import (
    CAP_BYTES,
    BlockError,
    is_owner,
    read_codeowners,
    split_at_block,
    with_block,
)
from remyx_action.project.models import Template
from remyx_action.project.path_patterns import TooIntricateError, pattern_of
from remyx_action.project.protected import protected_paths
from support.owners_port import owners_by_expression, owners_of, repository


def test_the_last_match_wins_and_may_take_the_owner_away() -> None:
    owners = read_codeowners("* @everyone\n/src/ @team # inline\n/src/generated/\n*.md writer@example.com\n")
    assert owners.owners_of("a") == ("@everyone",)
    assert owners.owners_of("src/a") == ("@team",)
    assert owners.owners_of("src/generated/a") == ()
    assert owners.owners_of("src/generated/a.md") == ("writer@example.com",)


def test_lines_that_github_skips_are_skipped_and_reported() -> None:
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


OWNED = [
    # text, protected path, its owners by the line that decides
    ("* @a", "/.remyx/policies/", {1: ("@a",)}),
    ("/.remyx/ @a", "/.remyx/policies/", {1: ("@a",)}),
    ("/.remyx/policies/* @a", "/.remyx/policies/", {1: ("@a",), None: ()}),
    ("/.remyx/ @a\n*.yaml", "/.remyx/policies/", {2: (), 1: ("@a",)}),
    ("/.remyx/ @a\n*.yaml @b", "/.remyx/policies/", {2: ("@b",), 1: ("@a",)}),
    ("*.yaml\n/.remyx/ @a", "/.remyx/policies/", {2: ("@a",)}),
    ("* @a\nCODEOWNERS", "/CODEOWNERS", {2: ()}),
    ("", "/.github/", {None: ()}),
]


@pytest.mark.parametrize(("text", "protected", "expected"), OWNED)
def test_who_owns_a_protected_path_is_reported_line_by_line(
    text: str, protected: str, expected: dict[int | None, tuple[str, ...]]
) -> None:
    shares = read_codeowners(text).shares_of(pattern_of(protected))
    assert {share.line: share.owners for share in shares} == expected


def test_our_lines_come_last_and_are_written_once() -> None:
    before = "# ours\n* @everyone\n"
    once = with_block(before, ["/.remyx/policies/", "/evaluate.py"], ["@org/leads", "@b"])
    assert read_codeowners(once).owners_of(".remyx/policies/default.yaml") == ("@org/leads", "@b")
    assert with_block(once + "* @late\n", ["/evaluate.py"], ["@c"]).splitlines()[1:4] == [
        "* @everyone",
        "",
        "* @late",
    ]
    assert with_block(once, ["/.remyx/policies/", "/evaluate.py"], ["@org/leads", "@b"]) == once
    assert split_at_block(once)[0].rstrip("\n") == before.rstrip("\n")
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
    shares = {path: [share.owners for share in owners.shares_of(pattern_of(path))] for path in paths}
    assert shares == {path: [("@a",)] for path in paths}
    for path in ("models/first one/my eval/run", "models/first one/conftest.py", ".github/workflows/a.yml"):
        assert owners.owners_of(path) == ("@a",)
    assert owners.owners_of("models/first one/src/a.py") == ()


@pytest.mark.parametrize("word", ["@a", "@a-b", "@org/team.x", "a@b.example", "@1", "@bot_name"])
def test_owners_are_users_teams_and_addresses(word: str) -> None:
    assert is_owner(word)


@pytest.mark.parametrize("word", ["a", "@", "@/x", "@a/", "a@b", "@a b", "@-a"])
def test_other_words_are_no_owners(word: str) -> None:
    assert not is_owner(word)


ENDS = st.sampled_from(["\n", "\r\n", "\n\n", " # why\n", ""])
LINES = st.sampled_from(
    [
        "* @everyone", "/payments/ @org/payments", "/infra/", "*.yaml @b", "# a comment", "", "no owner line",
        "# remyx-action: begin /other/", "/other/x @c", "# remyx-action: end /other/", "docs/** @d",
        "/evaluation/ @e",
    ]
)  # fmt: skip
TEXTS = st.lists(st.tuples(LINES, ENDS), max_size=8).map(lambda pairs: "".join(map("".join, pairs)))
PROTECTED = ["/.remyx/policies/", "/evaluation/", "/conftest.py"]
WORDS = st.sampled_from(
    [
        "payments", "infra", "docs", "other", "src", "evaluation", ".remyx", "policies", "old", "conftest.py",
        "a.yaml", "x", "README.md", "ünï", "with space", "a*b", "CODEOWNERS",
    ]
) | st.text(st.characters(exclude_characters="/\0\n", codec="utf-8"), min_size=1, max_size=6)  # fmt: skip
FILES = st.lists(st.lists(WORDS, min_size=1, max_size=4).map("/".join), min_size=1, max_size=20)
OF_THE_BLOCK = [pattern_of(path) for path in ("/old/", *PROTECTED)]


@given(TEXTS, TEXTS, st.booleans(), FILES)
def test_no_rewrite_changes_the_owners_of_a_path_outside_the_block(
    before: str, after: str, again: bool, files: list[str]
) -> None:
    elsewhere = [path for path in files if not any(pattern.matches(path) for pattern in OF_THE_BLOCK)]
    text = with_block(before, ["/old/", *PROTECTED], ["@org/leads"]) + after if again else before + after
    written = with_block(text, PROTECTED, ["@org/new", "@x"])
    old, new = read_codeowners(text), read_codeowners(written)
    assert [old.owners_of(path) for path in elsewhere] == [new.owners_of(path) for path in elsewhere]
    for path in PROTECTED:
        owners = {share.owners for share in new.shares_of(pattern_of(path))}
        assert all(owners)
        assert "begin /other/" in written or owners == {("@org/new", "@x")}
    outside = "".join(split_at_block(text)[::2])
    kept = "".join(split_at_block(written)[::2])
    assert kept.startswith(outside)
    assert not kept[len(outside) :].strip("\r\n")
    assert with_block(written, PROTECTED, ["@org/new", "@x"]) == written


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("{begin}\n/a @b\n/payments/ @org/payments\n", 1, "begins here and has no end"),
        ("* @a\n{begin}\n{other}\n/x @y\n{end}\n", 2, "begins here and has no end"),
        ("* @a\n/a @b\n{end}\n", 3, "ends here, and no line begins it"),
        ("{end}\n{begin}\n", 1, "ends here, and no line begins it"),
        ("{begin}\n{end}\n{begin}\n{end}\n", 3, "begins twice: line 1 and here"),
        ("{begin}\r\n/a @b\r\n{end}\r\n/c @d\r\n{end}\r\n", 5, "ends twice: line 3 and here"),
    ],
)
def test_a_block_with_broken_marks_is_left_alone(text: str, line: int, message: str) -> None:
    marks = {"begin": "# remyx-action: begin /", "end": "# remyx-action: end /"}
    with pytest.raises(BlockError, match=message) as broken:
        with_block(text.format(**marks, other="# remyx-action: begin /other/"), ["/a"], ["@b"])
    assert broken.value.line == line


def test_a_block_is_known_by_its_folder_and_keeps_the_line_ends_of_the_file() -> None:
    block = "# remyx-action: begin / (as another release says)\r\n/a @b\r\n# remyx-action: end /\r\n"
    text = f"* @a\r\n{block}"
    written = with_block(text, ["/b"], ["@c"])
    assert written.count("begin") == 1
    assert written.count("\n") == written.count("\r\n") == 4


def test_blocks_of_two_projects_stay_where_they_are() -> None:
    first = with_block("* @x\n", ["/.github/"], ["@a"], root="a/")
    both = with_block(first, ["/.github/"], ["@b"], root="b/")
    assert with_block(both, ["/.github/"], ["@a"], root="a/") == both
    assert read_codeowners(both).owners_of(".github/x") == ("@b",)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    owners = read_codeowners(text)
    assert len(owners.rules) + len(owners.problems) <= len(text.split("\n"))
    assert with_block(with_block(text, ["/a"], ["@b"]), ["/a"], ["@b"]) == with_block(text, ["/a"], ["@b"])


REPOSITORIES = 20


def test_generated_repositories_are_read_as_an_independent_port_reads_them(
    record_property: Callable[[str, object], None],
) -> None:
    asked = shared = 0
    for seed in range(REPOSITORIES):
        text, paths = repository(seed)
        owners, rules = read_codeowners(text), owners_by_expression(text)
        assert not owners.problems
        assert len(paths) == 1000
        ours = {path: owners.owners_of(path) for path in paths}
        assert ours == {path: owners_of(rules, path) for path in paths}, seed
        asked += len(paths)
        for protected in ("/.remyx/policies/", "/evaluation/v1.2", "/*.yaml", "/docs/CODEOWNERS"):
            pattern = pattern_of(protected)
            try:
                shares = owners.shares_of(pattern)
            except TooIntricateError:
                continue
            shared += 1
            assert {ours[path] for path in paths if pattern.matches(path)} <= {
                share.owners for share in shares
            }
            for share in shares:
                assert owners_of(rules, share.example) == share.owners, (seed, protected, share)
    assert shared > REPOSITORIES
    record_property(
        "github",
        f"CODEOWNERS: {asked} paths of {REPOSITORIES} generated repositories, 0 differ from the port; "
        f"{shared} protected paths shared out alike",
    )
