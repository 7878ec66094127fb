"""The folder on disk, read without following anything and written whole."""

import hashlib
import os
import socket
from pathlib import Path

import pytest

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.models.template import Script, ScriptKind
from remyx_action.sources.disk import (
    ResultsFolder,
    describe_script,
    find_root,
    open_results,
    prepare_output,
    read_project,
    write_whole,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".remyx" / "policies").mkdir(parents=True)
    (tmp_path / ".remyx" / "metrics.yaml").write_bytes(b"version: 1\n")
    (tmp_path / ".remyx" / "policies" / "default.yaml").write_bytes(b"name: default\n")
    return tmp_path


def test_every_file_is_read_by_its_path_below_the_root(root: Path) -> None:
    (root / ".remyx" / "repo_intel.yaml").write_text("another tool's")
    files, problems = read_project(root)
    assert {
        ".remyx/metrics.yaml": b"version: 1\n",
        ".remyx/policies/default.yaml": b"name: default\n",
    } == files
    assert () == problems


def test_whatever_is_no_regular_file_is_a_problem_of_its_own(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = root / ".remyx"
    (folder / "link.yaml").symlink_to(folder / "metrics.yaml")
    (folder / "nowhere.yaml").symlink_to("gone")
    (folder / "templates").symlink_to(tmp_path)
    (folder / "folder.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / "large.yaml").write_bytes(b"#" * (64 * 1024 + 1))
    (folder / "largest.yaml").write_bytes(b"#" * (64 * 1024))
    (folder / os.fsdecode(b"\xff.yaml")).write_text("")
    server = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(folder)  # a socket's path holds 107 bytes
    server.bind("socket.yaml")
    server.close()
    files, problems = read_project(root)
    assert [
        (".remyx/\\xff.yaml", "not-utf-8", "has a name that is not UTF-8"),
        (".remyx/folder.yaml", "not-a-file", "is a folder"),
        (".remyx/large.yaml", "too-large", "is larger than 64 KiB"),
        (".remyx/link.yaml", "symbolic-link", "is a symbolic link"),
        (".remyx/nowhere.yaml", "symbolic-link", "is a symbolic link to nothing"),
        (".remyx/pipe.yaml", "not-a-file", "is a named pipe"),
        (".remyx/socket.yaml", "not-a-file", "is a socket"),
        (".remyx/templates", "symbolic-link", "is a symbolic link"),
    ] == [(problem.path, problem.code, problem.message) for problem in problems]
    assert all(problem.help for problem in problems)
    assert {".remyx/metrics.yaml", ".remyx/policies/default.yaml", ".remyx/largest.yaml"} == set(files)


def test_schemas_for_editors_may_be_larger(root: Path) -> None:
    (root / ".remyx/schemas").mkdir()
    (root / ".remyx/schemas/verdict.schema.json").write_bytes(b" " * (1024 * 1024))
    (root / ".remyx/schemas/larger.json").write_bytes(b" " * (1024 * 1024 + 1))
    files, problems = read_project(root)
    assert ".remyx/schemas/verdict.schema.json" in files
    assert ["is larger than 1,024 KiB"] == [problem.message for problem in problems]


def test_a_recorded_baseline_may_be_larger(root: Path) -> None:
    (root / ".remyx" / "baselines").mkdir()
    (root / ".remyx" / "baselines" / "suite.json").write_bytes(b" " * 100_000)
    files, problems = read_project(root)
    assert (100_000, ()) == (len(files[".remyx/baselines/suite.json"]), problems)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_a_problem(root: Path) -> None:
    (root / ".remyx" / "metrics.yaml").chmod(0)
    _, problems = read_project(root)
    assert ["cannot be read: permission denied"] == [problem.message for problem in problems]


@pytest.mark.parametrize("kind", ["file", "link", "nothing"])
def test_a_folder_that_is_none_is_one_problem(tmp_path: Path, kind: str) -> None:
    if kind == "file":
        (tmp_path / ".remyx").write_text("")
    if kind == "link":
        (tmp_path / ".remyx").symlink_to(tmp_path)
    files, problems = read_project(tmp_path)
    expected = {"file": "is a file where a folder is meant", "link": "is a symbolic link"}
    assert {} == files
    assert [expected.get(kind, f"there is no .remyx/ folder in {tmp_path}")] == [
        problem.message for problem in problems
    ]


def test_the_root_is_the_nearest_folder_above(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = root / "src" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert root == find_root()
    assert deep == find_root(deep)


def test_without_a_root_nothing_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WrongUsage, match=r"no \.remyx/ in "):
        find_root()
    with pytest.raises(WrongUsage, match="no such folder"):
        find_root(tmp_path / "gone")


def test_a_script_is_described_by_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("print()\n")
    (tmp_path / "own.py").write_text("#!/usr/bin/env python3\n# /// script\n# dependencies = []\n# ///\n")
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "go.sh").write_text("#!/bin/sh\n")
    (tmp_path / "go.sh").chmod(0o755)
    for name in ("docker", "both", "entry", "empty"):
        (tmp_path / name).mkdir()
    for path in ("docker/Dockerfile", "docker/run", "both/run", "both/entrypoint.sh", "entry/entrypoint.sh"):
        (tmp_path / path).write_text("#!/bin/sh\n")
        (tmp_path / path).chmod(0o755)
    expected = {
        "plain.py": ScriptKind.PYTHON,
        "own.py": ScriptKind.PYTHON_WITH_METADATA,
        "run.sh": ScriptKind.NOT_EXECUTABLE,
        "go.sh": ScriptKind.EXECUTABLE,
        "docker": ScriptKind.CONTAINER,
        "both": ScriptKind.FOLDER_RUN,
        "entry": ScriptKind.FOLDER_ENTRYPOINT,
        "empty": ScriptKind.FOLDER_WITHOUT_START,
        "gone.py": ScriptKind.MISSING,
    }
    assert expected == {path: describe_script(tmp_path, path).kind for path in expected}
    assert Script(path="docker", kind=ScriptKind.CONTAINER) == describe_script(tmp_path, "docker/")


def test_results_come_in_blocks_and_are_hashed(tmp_path: Path) -> None:
    content = b'{"a": 1}\n{"b": 2}'
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "rows.jsonl").write_bytes(content)
    folder = ResultsFolder(tmp_path)
    assert content == b"".join(folder("deep/rows.jsonl"))
    assert {"deep/rows.jsonl": f"sha256:{hashlib.sha256(content).hexdigest()}"} == folder.digests


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("link.json", "is a symbolic link"),
        ("dangling.json", "is a symbolic link to nothing"),
        ("linked/real.json", "is a symbolic link"),
        ("folder", "is a folder"),
        ("pipe", "is a named pipe"),
        ("../outside.json", "does not lie below its folder"),
        ("/etc/passwd", "does not lie below its folder"),
        ("large.json", "is larger than 1 KiB"),
    ],
)
def test_results_that_are_no_plain_files_are_refused(tmp_path: Path, name: str, message: str) -> None:
    folder = tmp_path / "arm"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "outside.json").write_text("{}")
    (folder / "folder" / "real.json").write_text("{}")
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    (folder / "dangling.json").symlink_to("gone")
    (folder / "linked").symlink_to(folder / "folder")
    (folder / "large.json").write_bytes(b" " * 1025)
    os.mkfifo(folder / "pipe")
    with pytest.raises(NotJudged) as refusal:
        list(ResultsFolder(folder, cap_bytes=1024)(name))
    assert refusal.value.message.endswith(message)


def test_a_file_that_was_not_written_is_distinguished(tmp_path: Path) -> None:
    for name in ("results.json", "deep/results.json"):
        with pytest.raises(FileNotFoundError):
            ResultsFolder(tmp_path)(name)
    with pytest.raises(FileNotFoundError):
        ResultsFolder(tmp_path / "gone")("results.json")


def test_an_output_folder_that_became_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "results.json").write_text("{}")
    (tmp_path / "arm").symlink_to("real")
    with pytest.raises(NotJudged, match="symbolic link"):
        ResultsFolder(tmp_path / "arm")("results.json")


def test_a_person_may_name_a_folder_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("{}")
    (tmp_path / "alias").symlink_to(tmp_path)
    for path, name in ((tmp_path, "results.json"), (tmp_path / "alias" / "results.json", "results.json")):
        folder, found = open_results(path, "results.json")
        assert (name, [b"{}"]) == (found, list(folder(found)))
    with pytest.raises(WrongUsage, match="no such file or folder"):
        open_results(tmp_path / "gone", "results.json")


def test_an_output_folder_ignores_itself_and_starts_empty_each_time(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    for _ in range(2):
        with prepare_output(out) as output:
            assert [] == list(output.arm("variant").iterdir())
            output.log("variant").write_text("old")
            assert "*" in (out / ".gitignore").read_text().splitlines()
            assert out / "arms" / "baseline" == output.arm("baseline")


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "arms").mkdir()
    (tmp_path / "arms" / "thesis.txt").write_text("years of work")
    with pytest.raises(WrongUsage, match="did not write"), prepare_output(tmp_path):
        pass
    assert (tmp_path / "arms" / "thesis.txt").exists()


def test_two_runs_never_share_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with prepare_output(out), pytest.raises(NotJudged, match="another run"), prepare_output(out):
        pass


def test_a_link_that_a_harness_left_is_removed_not_followed(tmp_path: Path) -> None:
    out, precious = tmp_path / "out", tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    with prepare_output(out) as output:
        output.arm("variant").rmdir()
        output.arm("variant").symlink_to(precious)
    with prepare_output(out) as output:
        assert not output.arm("variant").is_symlink()
    assert (precious / "file").exists()


def test_where_nothing_can_be_written_that_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongUsage, match="cannot write to"), prepare_output(tmp_path / "file" / "out"):
        pass


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "verdict.json"
    write_whole(path, "one")
    write_whole(path, b"two")
    assert ("two", ["verdict.json"]) == (path.read_text(), [file.name for file in path.parent.iterdir()])


def test_what_cannot_be_renamed_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "verdict.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "verdict.json", "one")
    assert ["verdict.json"] == [file.name for file in tmp_path.iterdir()]


def test_too_many_files_and_folders_too_deep_are_problems(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remyx_action.sources.disk.project_files.FILES_CAP", 4)
    (root / ".remyx" / "z").mkdir()
    for number in range(5):
        (root / ".remyx" / "z" / f"{number}.yaml").write_text("")
    deep = root / ".remyx" / "deep"
    deep.joinpath(*"abcdefghij").mkdir(parents=True)
    files, problems = read_project(root)
    assert [
        (".remyx/deep/a/b/c/d/e/f/g", "lies more than 8 folders deep"),
        (".remyx/z", "more than 4 files"),
    ] == [(problem.path, problem.message) for problem in problems]
    assert ".remyx/z/0.yaml" in files
