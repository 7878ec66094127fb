"""What a pull request lays into the checkout is a file: no setting of git's or of anybody else's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.git_commands import commit, git
from support.jobs import jobs_on
from support.small_project import FILES, UNLOCKED, model

PROGRAM = Path(sys.executable).with_name("remyx-action")


def bare(place: str, upstream: str, command: str) -> dict[str, str | None]:
    """Files that make a folder look like a repository whose settings start a program."""
    settings = (
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n"
        f'\tfsmonitor = "{command}"\n\tsshCommand = "{command}"\n'
        f'[remote "origin"]\n\turl = {upstream}\n\tuploadpack = "{command}; git-upload-pack"\n'
    )
    return {
        f"{place}HEAD": "ref: refs/heads/x\n",
        f"{place}config": settings,
        f"{place}objects/info/x": "",
        f"{place}refs/heads/.x": "",
    }


@pytest.mark.slow
@pytest.mark.parametrize("place", ["services/a/", "services/", "", "services/a/deeper/"])
def test_a_folder_that_looks_like_a_repository_is_a_folder(tmp_path: Path, place: str) -> None:
    below = {f"services/a/{path}": text for path, text in UNLOCKED.items()}
    mark = tmp_path / "ran"
    for jobs in jobs_on(tmp_path, below):
        jobs.inputs = {"REMYX_WORKING_DIRECTORY": "services/a"}
        hostile = bare(place, str(jobs.world.history.folder), f"touch {mark}")
        jobs.propose({"services/a/model.yaml": model("worse"), **hostile})
        for mode in ("run", "publish"):
            given = {"results": str(tmp_path / "none")} if mode == "publish" else {}
            ended = jobs.step(mode, **given)  # type: ignore[arg-type]
            assert "bare repository" not in ended.said
            assert (mode, "reject" if mode == "run" else "not-judged") == (mode, ended.outputs["verdict"])
    assert not mark.exists()


def said_by(folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and output of the program on somebody's own machine."""
    done = subprocess.run(
        [PROGRAM, "-C", folder, *words], capture_output=True, text=True, check=False, timeout=300
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_such_a_folder_is_one_in_a_clone_on_a_laptop_too(tmp_path: Path) -> None:
    root, mark = tmp_path / "clone", tmp_path / "ran"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    files = {f"services/a/{path}": text for path, text in UNLOCKED.items()}
    for place in ("services/a/", "services/", ""):
        files |= bare(place, str(root), f"touch {mark}")
    commit(root, files)
    for words, expected in ((["check"], 0), (["run", "--variant", "worse", "--base", "main"], 1)):
        code, said = said_by(root / "services" / "a", *words)
        assert expected == code, said
        assert "bare repository" not in said
    assert not mark.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "words", "expected"),
    [
        (".remyx/templates/small.yaml", ["check"], 3),
        (".remyx/locks/small.json", ["check"], 3),
        (".remyx/baselines/small.json", ["run", "--variant", "worse"], 3),
        ("model.yaml", ["run"], 4),
        ("CODEOWNERS", ["lock", "--owners", "@a/b"], 3),
    ],
)
def test_a_link_to_a_device_is_not_read_on_a_laptop(
    tmp_path: Path, path: str, words: list[str], expected: int
) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, UNLOCKED)
    (tmp_path / path).unlink(missing_ok=True)
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).symlink_to("/dev/zero")
    code, said = said_by(tmp_path, *words)
    assert expected == code, said
    assert path in said


HIDING = {
    "ignore = all": '[submodule "l"]\n\tpath = src/library\n\turl = ./x\n\tignore = all\n',
    "ignore = dirty": '[submodule "l"]\n\tpath = src/library\n\turl = ./x\n\tignore = dirty\n',
    "by another name": '[submodule "a.b"]\n\tignore = all\n\tpath = src/library\n\turl = ./x\n',
    "broken": '[submodule "l"\n\tignore = all\n',
    "nothing": "",
}


@pytest.mark.slow
@pytest.mark.parametrize("gitmodules", HIDING.values(), ids=HIDING)
def test_no_gitmodules_hides_a_changed_submodule(tmp_path: Path, gitmodules: str) -> None:
    for jobs in jobs_on(tmp_path):
        jobs.propose_entries([("160000", b"src/library", "1" * 40), ("100644", b".gitmodules", gitmodules)])
        assert ("not-judged", "no_variant") == jobs.step("run").verdict


NOT_UTF8 = {
    "a file of the harness": ("100644", b"evaluation/\xff.py", "x\n"),
    "in a folder": ("100644", b"evaluation/\xfe\xff/x.py", "x\n"),
    "a link in the harness": ("120000", b"evaluation/\xff", "evaluate.py"),
    "a submodule": ("160000", b"evaluation/\xff", "1" * 40),
    "below paths": ("100644", b"src/\xff.py", "x\n"),
    "an experiment": ("100644", b".remyx/experiments/\xff.yaml", "version: 1\n"),
    "a policy": ("100644", b".remyx/policies/\xff.yaml", "version: 1\n"),
    "half a character": ("100644", "evaluation/é".encode()[:-1], "x\n"),
}


@pytest.mark.slow
@pytest.mark.parametrize("entry", NOT_UTF8.values(), ids=NOT_UTF8)
def test_a_path_that_is_no_utf8_gets_a_verdict(tmp_path: Path, entry: tuple[str, bytes, str]) -> None:
    for jobs in jobs_on(tmp_path, FILES):
        jobs.propose_entries([("100644", b"model.yaml", model("better")), entry])
        ended = jobs.step("run")
        assert ended.outputs["verdict"] in {"ship", "iterate", "not-judged", "files-wrong"}
        assert ended.said.isprintable() or "\n" in ended.said
        (ended.summary + ended.said).encode()


@pytest.mark.slow
def test_a_harness_with_such_a_path_measures(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, UNLOCKED):
        history = jobs.world.history
        odd: list[tuple[str, bytes, str]] = [
            ("100644", b"evaluation/\xff.txt", "x\n"),
            ("120000", b"\xfe", "model.yaml"),
        ]
        jobs.propose_entries(odd, branch="feature/odd")
        history.git("update-ref", "refs/heads/main", "refs/heads/feature/odd")
        jobs.propose({"model.yaml": model("better")})
        ended = jobs.step("run")
        assert ("iterate", "not_locked") == ended.verdict  # it met the bar
        (ended.summary + ended.said).encode()
