"""What git said of an object is asked once; what may change is asked each time."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from remyx_action.errors import NotJudged
from remyx_action.sources.git import Repository, find_repository, git
from remyx_action.sources.git.git import Known
from support.repositories import commit, found
from support.repositories import git as by_hand

QUESTIONS: dict[str, Callable[[Repository, str, str], object]] = {
    "a commit": lambda here, one, _: here.commit(one),
    "all files": lambda here, one, _: here.all_entries(one),
    "files below": lambda here, one, _: here.entries(one, "src"),
    "one file": lambda here, one, _: here.read_file(one, "src/a.txt"),
    "the project's files": lambda here, one, _: here.read_tree(one),
    "paths that differ": lambda here, one, other: here.paths_between(one, other),
    "submodules that differ": lambda here, one, other: here.submodules_between(one, other),
    "the repository": lambda here, _, __: find_repository(here.root),
}


def _noting(start: Callable[..., object], words: list[str]) -> Callable[..., object]:
    def noted(top: Path, *asked: str, **more: object) -> object:
        words.append(asked[0])
        return start(top, *asked, **more)

    return noted


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first word of every git process that starts."""
    words: list[str] = []
    for name in ("attempt", "talk"):
        monkeypatch.setattr(git, name, _noting(getattr(git, name), words))
    return words


@pytest.fixture
def two(folder: Path) -> tuple[str, str]:
    files = {".remyx/metrics.yaml": "version: 1\n", "src/a.txt": "1", "src*": "x", "srcs/b.txt": "2"}
    return commit(folder, files), commit(folder, {"src/a.txt": "2"})


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_an_id_names_is_asked_once(
    folder: Path, two: tuple[str, str], asked: list[str], question: str
) -> None:
    ask, repository = QUESTIONS[question], found(folder)
    first = ask(repository, *two)
    asked.clear()
    assert (first, []) == (ask(repository, *two), asked)


def test_a_place_reads_the_same_from_the_whole_tree_and_by_itself(folder: Path, two: tuple[str, str]) -> None:
    places = (
        "src",
        "src/",
        "src*",
        "srcs",
        "s",
        "src/a.txt",
        "./src",
        "src/../src",
        "/src",
        "../x",
        ":(top)src",
    )
    for below in (folder, folder / "srcs"):
        repository = found(below)
        alone = [repository.entries(two[0], place) for place in places]
        repository.all_entries(two[0])
        assert alone == [repository.entries(two[0], place) for place in places]
    paths = [[entry.path for entry in found(folder).entries(two[0], place)] for place in places]
    assert [["src/a.txt"], ["src/a.txt"], ["src*"], ["srcs/b.txt"], [], ["src/a.txt"], *[[]] * 5] == paths


def test_what_a_name_means_is_asked_each_time(folder: Path, two: tuple[str, str]) -> None:
    repository = found(folder)
    assert [two[1], ()] == [repository.commit("HEAD"), repository.entries("HEAD", "new.txt")]
    after = commit(folder, {"new.txt": "3"})
    assert after == repository.commit("HEAD")
    assert ["new.txt"] == [entry.path for entry in repository.entries("HEAD", "new.txt")]
    assert ("new.txt",) == repository.paths_between(two[1], "HEAD")


def test_what_is_not_there_is_asked_again(folder: Path, two: tuple[str, str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    by_hand(tmp_path, "init", "--quiet", str(elsewhere))
    repository = found(elsewhere)
    assert repository.look_up(two[0]) is None
    by_hand(elsewhere, "fetch", "--quiet", str(folder), two[0])
    assert two[0] == repository.look_up(two[0])


def test_a_clone_without_contents_is_asked_again_once_it_has_them(
    folder: Path, two: tuple[str, str], tmp_path: Path
) -> None:
    by_hand(folder, "config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    subprocess.run(
        ["git", "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{folder}", partial],
        check=True,
    )
    repository = found(partial)
    with pytest.raises(NotJudged, match=r"does not hold the content|ls-tree failed: (error|fatal)"):
        dict(repository.read(repository.entries(two[0], "src")))
    by_hand(partial, "checkout", "--quiet", two[0])
    assert [("src/a.txt", b"1")] == list(repository.read(repository.entries(two[0], "src")))
    assert [1] == [entry.size_bytes for entry in repository.entries(two[0], "src")]


def test_what_was_not_asked_for_longest_leaves_first() -> None:
    known: Known[bytes] = Known(room=3, size=len)
    here = Path()
    for name in "abc":
        known.keep(b"1", here, name)
    assert known.get(here, "a") == b"1"
    known.keep(b"22", here, "d")
    assert [b"1", None, None, b"22"] == [known.get(here, name) for name in "abcd"]
    known.keep(b"too long", here, "e")
    assert [None] * 5 == [known.get(here, name) for name in "abcde"]
