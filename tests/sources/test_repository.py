"""Real repositories, asked with the real git."""

import os
import subprocess
from pathlib import Path

import pytest

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.models import Template
from remyx_action.sources.git import (
    Commits,
    Sources,
    checked_out,
    choose_commits,
    find_repository,
    sources_of,
)
from support.repositories import commit, found, git


def test_a_folder_outside_any_repository_has_none(tmp_path: Path) -> None:
    assert find_repository(tmp_path) is None


def test_a_repository_without_a_commit_has_no_head(folder: Path) -> None:
    repository = found(folder)
    assert repository.head() is None
    with pytest.raises(WrongUsage) as refusal:
        repository.commit("HEAD")
    assert refusal.value.help == "this repository has no commit yet: commit first"
    with pytest.raises(WrongUsage, match="no default branch"):
        repository.default_branch()


def test_an_unknown_name_is_wrong_usage(folder: Path) -> None:
    commit(folder, {"a": "1"})
    for name in ("nowhere", "--all", "", "HEAD:a", "-h"):
        with pytest.raises(WrongUsage, match="no commit is called"):
            found(folder).commit(name)


def test_a_git_that_a_hook_points_elsewhere_is_not_followed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = commit(folder, {"a": "1"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert head == found(folder).head()


def test_without_git_there_is_no_repository(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert find_repository(folder) is None


def test_the_merge_base_of_branches_is_found(folder: Path) -> None:
    base = commit(folder, {"a": "1"})
    git(folder, "switch", "--quiet", "--create", "topic")
    head = commit(folder, {"a": "2"})
    git(folder, "switch", "--quiet", "main")
    commit(folder, {"b": "1"})
    repository = found(folder)
    assert "main" == repository.default_branch()
    assert base == repository.merge_base("main", "topic")
    assert head == repository.commit("topic")


def test_origins_default_branch_comes_first(folder: Path, tmp_path: Path) -> None:
    commit(folder, {"a": "1"})
    git(folder, "branch", "--move", "trunk")
    git(tmp_path, "clone", "--quiet", str(folder), "clone")
    assert "origin/trunk" == found(tmp_path / "clone").default_branch()


def test_histories_without_a_common_ancestor_are_reported(folder: Path) -> None:
    commit(folder, {"a": "1"})
    git(folder, "switch", "--quiet", "--orphan", "other")
    commit(folder, {"b": "1"})
    with pytest.raises(NotJudged, match="no common ancestor") as refusal:
        found(folder).merge_base("main", "other")
    assert "--base REF" in refusal.value.help


def test_a_shallow_clone_without_the_ancestor_says_how_to_deepen(folder: Path, tmp_path: Path) -> None:
    commit(folder, {"a": "1"})
    git(folder, "switch", "--quiet", "--create", "topic")
    commit(folder, {"a": "2"})
    git(folder, "switch", "--quiet", "main")
    commit(folder, {"b": "1"})
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{folder}", "clone")
    with pytest.raises(NotJudged, match="shallow") as refusal:
        found(tmp_path / "clone").merge_base("origin/main", "origin/topic")
    assert "git fetch --unshallow" in refusal.value.help
    with pytest.raises(WrongUsage) as usage:
        found(tmp_path / "clone").commit("HEAD~1")
    assert "git fetch --unshallow" in usage.value.help


def test_files_come_from_the_commit_not_from_the_working_tree(folder: Path) -> None:
    head = commit(
        folder,
        {".remyx/metrics.yaml": "old", ".remyx/policies/a.yaml": "policy", "other": "x"},
    )
    (folder / ".remyx" / "metrics.yaml").write_text("new")
    (folder / ".remyx" / "added.yaml").write_text("new")
    files, problems = found(folder).read_tree(head)
    assert {".remyx/metrics.yaml": b"old", ".remyx/policies/a.yaml": b"policy"} == files
    assert () == problems


def test_a_project_in_a_folder_of_the_repository_sees_its_own_files(folder: Path) -> None:
    head = commit(folder, {".remyx/metrics.yaml": "outer", "deep/er/.remyx/metrics.yaml": "inner"})
    repository = found(folder / "deep" / "er")
    files, _ = repository.read_tree(head)
    assert {".remyx/metrics.yaml": b"inner"} == files
    assert [".remyx/metrics.yaml"] == [entry.path for entry in repository.entries(head)]


def test_links_submodules_and_large_files_of_a_commit_are_problems(folder: Path) -> None:
    first = commit(folder, {".remyx/metrics.yaml": "old", ".remyx/large.yaml": "#" * (64 * 1024 + 1)})
    (folder / ".remyx" / "link.yaml").symlink_to("metrics.yaml")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{first},.remyx/templates")
    git(folder, "add", ".remyx/link.yaml")
    git(folder, "commit", "--quiet", "--message", "links")
    files, problems = found(folder).read_tree("HEAD")
    assert {".remyx/metrics.yaml": b"old"} == files
    assert [
        (".remyx/large.yaml", "is larger than 64 KiB"),
        (".remyx/link.yaml", "is a symbolic link"),
        (".remyx/templates", "is a submodule"),
    ] == [(problem.path, problem.message) for problem in problems]


def test_a_replaced_object_is_not_what_is_read(folder: Path) -> None:
    head = commit(folder, {".remyx/metrics.yaml": "true"})
    true = git(folder, "rev-parse", "HEAD:.remyx/metrics.yaml")
    (folder / "false").write_text("false")
    false = git(folder, "hash-object", "-w", "false")
    git(folder, "replace", true, false)
    assert "false" == git(folder, "cat-file", "blob", true)
    assert {".remyx/metrics.yaml": b"true"} == found(folder).read_tree(head)[0]


def test_changed_tracked_files_are_listed_below_the_root(folder: Path) -> None:
    commit(folder, {"deep/a": "1", "deep/b": "1", "deep/c d": "1", "outside": "1"})
    for name in ("deep/a", "deep/c d", "outside", "deep/untracked"):
        (folder / name).write_text("2")
    (folder / "deep" / "b").unlink()
    assert ("../outside", "a", "b", "c d") == found(folder / "deep").changed_paths()
    assert ("deep/a", "deep/b", "deep/c d", "outside") == found(folder).changed_paths()


def test_names_with_odd_letters_survive(folder: Path) -> None:
    name = 'odd "\n\tname ü'
    head = commit(folder, {name: "content"})
    repository = found(folder)
    assert [(name, b"content")] == list(repository.read(repository.entries(head)))


def test_a_programme_that_the_repository_names_is_not_started(folder: Path, tmp_path: Path) -> None:
    commit(folder, {"a": "1"})
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    git(folder, "config", "core.fsmonitor", str(trap))
    git(folder, "config", "core.hooksPath", str(tmp_path))
    assert () == found(folder).changed_paths()
    assert not (tmp_path / "sprung").exists()


def branch_off(folder: Path) -> tuple[str, str]:
    """A topic branch with one commit of its own, checked out, while main went on."""
    base = commit(folder, {"code.py": "old", "evaluate.py": "1", ".remyx/metrics.yaml": "1"})
    git(folder, "switch", "--quiet", "--create", "topic")
    head = commit(folder, {"code.py": "new"})
    git(folder, "switch", "--quiet", "main")
    commit(folder, {"main.py": "1"})
    git(folder, "switch", "--quiet", "topic")
    return base, head


def test_the_head_is_compared_with_its_merge_base(folder: Path) -> None:
    base, head = branch_off(folder)
    by_default = choose_commits(found(folder), base=None, head=None)
    by_name = choose_commits(found(folder), base="main", head=head)
    expected = Commits(base=git(folder, "rev-parse", "main"), merge_base=base, head=head)
    assert [expected] * 2 == [by_default, by_name]


def test_a_head_without_commits_of_its_own_is_refused(folder: Path) -> None:
    base, _ = branch_off(folder)
    with pytest.raises(NotJudged, match=r"^same_commit: main "):
        choose_commits(found(folder), base=None, head="main")
    with pytest.raises(NotJudged, match=r"^same_commit"):
        choose_commits(found(folder), base=base, head=base)


def test_uncommitted_changes_are_refused_unless_the_head_is_named(folder: Path) -> None:
    _, head = branch_off(folder)
    (folder / "code.py").write_text("uncommitted")
    with pytest.raises(NotJudged, match=r"uncommitted changes would not be judged: code\.py") as refusal:
        choose_commits(found(folder), base=None, head=None)
    assert "--head HEAD" in refusal.value.help
    assert head == choose_commits(found(folder), base=None, head="HEAD").head


def test_what_is_taken_from_the_working_tree_may_be_uncommitted(folder: Path) -> None:
    _, head = branch_off(folder)
    (folder / ".remyx" / "metrics.yaml").write_text("uncommitted")
    (folder / "evaluate.py").write_text("uncommitted")
    chosen = choose_commits(found(folder), base=None, head=None, taken_as_they_are=["evaluate.py"])
    assert head == chosen.head


def test_without_a_repository_no_commits_are_compared(tmp_path: Path) -> None:
    with pytest.raises(NotJudged, match="lies in no git repository"):
        choose_commits(find_repository(tmp_path), base=None, head=None)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder for temporary files, so that a test sees what is left in it."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(path))
    return path


def test_a_checkout_holds_each_commits_files_and_goes_away(folder: Path, temporary: Path) -> None:
    base, head = branch_off(folder)
    with checked_out(found(folder), {"baseline": base, "variant": head}) as (roots, notes):
        assert ("old", "new") == tuple((roots[arm] / "code.py").read_text() for arm in roots)
        assert () == notes
        modes = [path.stat().st_mode & 0o222 for root in roots.values() for path in (root, *root.rglob("*"))]
        assert {0} == set(modes)
        assert not any(path.name == ".git" for root in roots.values() for path in root.iterdir())
    assert [] == list(temporary.iterdir())
    assert "" == git(folder, "status", "--porcelain")
    assert 1 == len(git(folder, "worktree", "list").splitlines())


def test_a_checkout_of_a_project_in_a_folder_is_that_folder(folder: Path, temporary: Path) -> None:
    older = commit(folder, {"shared.py": "s"})
    head = commit(folder, {"deep/code.py": "c"})
    with checked_out(found(folder / "deep"), {"variant": head}) as (roots, _):
        assert "c" == (roots["variant"] / "code.py").read_text()
        assert "s" == (roots["variant"].parent / "shared.py").read_text()
    with (
        pytest.raises(NotJudged, match="holds nothing in deep"),
        checked_out(found(folder / "deep"), {"baseline": older}),
    ):
        pass
    assert [] == list(temporary.iterdir())


def test_a_checkout_is_gone_after_an_interruption(folder: Path, temporary: Path) -> None:
    head = commit(folder, {"deep/a": "1"})
    with pytest.raises(KeyboardInterrupt), checked_out(found(folder), {"variant": head}):
        raise KeyboardInterrupt
    assert [] == list(temporary.iterdir())


def test_links_modes_and_odd_bytes_survive_a_checkout(folder: Path) -> None:
    (folder / "run.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "binary").write_bytes(b"\r\n\xff\0")
    (folder / "inside").symlink_to("deep/../run.sh")
    (folder / "outside").symlink_to("../../etc/passwd")
    (folder / "absolute").symlink_to("/etc/passwd")
    head = commit(folder, {".gitattributes": "* text=auto eol=crlf\nbinary export-ignore\n"})
    with checked_out(found(folder), {"variant": head}) as (roots, notes):
        root = roots["variant"]
        assert b"#!/bin/sh\n" == (root / "run.sh").read_bytes()
        assert b"\r\n\xff\0" == (root / "binary").read_bytes()
        assert os.access(root / "run.sh", os.X_OK)
        assert "deep/../run.sh" == str((root / "inside").readlink())
        assert ("links that point outside the repository are left out: absolute, outside",) == notes


def test_large_files_that_git_does_not_hold_are_reported(folder: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 1\n"
    head = commit(folder, {f"{name}.bin": pointer for name in "abcde"})
    with checked_out(found(folder), {"variant": head}) as (_, notes):
        assert ("Git LFS files are pointers in the checkouts: a.bin, b.bin, c.bin and 2 more",) == notes


def test_submodules_are_empty_folders_and_reported(folder: Path) -> None:
    first = commit(folder, {"a": "1"})
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{first},vendor/library")
    git(folder, "commit", "--quiet", "--message", "submodule")
    with checked_out(found(folder), {"variant": "HEAD"}) as (roots, notes):
        assert ("submodules are empty folders in the checkouts: vendor/library",) == notes
        assert [] == list((roots["variant"] / "vendor" / "library").iterdir())


def template(**keys: object) -> Template:
    wanted = {"version": 1, "name": "suite", "script": "evaluate.py", "metrics": ["score"]}
    return Template.model_validate(wanted | keys)


def test_commits_are_compared_by_the_code_of_both(folder: Path, temporary: Path) -> None:
    base, head = branch_off(folder)
    (folder / "evaluate.py").write_text("uncommitted, and used for both arms")
    with sources_of(folder, template(compare="commits"), base=None, head=None) as sources:
        codes = [(Path(folder) / "code.py").read_text() for folder in sources.folders.values()]
        assert ["old", "new"] == codes
        assert {"base": git(folder, "rev-parse", "main"), "merge_base": base, "head": head} == sources.commits
        assert (base[:12], f"model at {head[:12]}") == (
            sources.name_of("baseline", ""),
            sources.name_of("variant", "model"),
        )
    assert [] == list(temporary.iterdir())


def test_an_uncommitted_file_that_a_harness_glob_names_is_allowed(folder: Path) -> None:
    branch_off(folder)
    commit(folder, {"evaluation/labels.csv": "1", "other/labels.csv": "1"})
    commits = template(compare="commits", harness=["evaluation/**", "*.txt"])
    (folder / "evaluation" / "labels.csv").write_text("2")
    with sources_of(folder, commits, base=None, head=None):
        pass
    (folder / "other" / "labels.csv").write_text("2")
    with (
        pytest.raises(NotJudged, match=r"other/labels\.csv"),
        sources_of(folder, commits, base=None, head=None),
    ):
        pass


def test_assets_need_no_repository(tmp_path: Path) -> None:
    with sources_of(tmp_path, template(), base=None, head=None) as sources:
        assert (Sources(), "model") == (sources, sources.name_of("variant", "model"))
    with (
        pytest.raises(WrongUsage, match="compares assets"),
        sources_of(tmp_path, template(), base=None, head="HEAD"),
    ):
        pass


def crafted(folder: Path, entries: str) -> str:
    """A commit whose tree git's own commands would not make."""
    tree = subprocess.run(
        ("git", "mktree"), cwd=folder, input=entries, capture_output=True, text=True, check=True
    ).stdout.strip()
    return git(folder, "commit-tree", "-m", "crafted", tree)


def test_a_commit_made_to_write_elsewhere_is_refused(folder: Path, temporary: Path) -> None:
    commit(folder, {"deep/a": "1"})
    blob, tree = git(folder, "rev-parse", "HEAD:deep/a"), git(folder, "rev-parse", "HEAD:deep")
    for entries, message in (
        (f"040000 tree {tree}\t..\n", "a path that git never makes: '../a'"),
        (f"040000 tree {tree}\t.GIT\n", "a path that git never makes: '.GIT/a'"),
        (f"100644 blob {blob}\tx\n040000 tree {tree}\tx\n", "cannot check out commit"),
    ):
        hostile = crafted(folder, entries)
        with pytest.raises(NotJudged) as refusal, checked_out(found(folder), {"variant": hostile}):
            pass
        assert message in refusal.value.message
    assert [] == list(temporary.iterdir())
    assert not (temporary.parent / "a").exists()


def test_a_link_of_a_commit_is_never_written_through(folder: Path, temporary: Path) -> None:
    commit(folder, {"deep/a": "1"})
    (folder / "target").write_text(str(temporary.parent))
    link = git(folder, "hash-object", "-w", "target")
    tree = git(folder, "rev-parse", "HEAD:deep")
    hostile = crafted(folder, f"120000 blob {link}\tx\n040000 tree {tree}\tx\n")
    with checked_out(found(folder), {"variant": hostile}) as (roots, notes):
        assert (roots["variant"] / "x" / "a").read_text() == "1"
        assert ("links that point outside the repository are left out: x",) == notes
    assert not (temporary.parent / "a").exists()


def test_an_object_that_is_missing_is_reported(folder: Path) -> None:
    head = commit(folder, {".remyx/metrics.yaml": "1"})
    repository = found(folder)
    entries = repository.entries(head)
    blob = entries[0].object_id
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(NotJudged, match=r"git does not hold the content of \.remyx/metrics\.yaml"):
        repository.read_tree(head)
    with pytest.raises(NotJudged, match="git ls-tree failed: "):
        repository.entries("0" * 40)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_repository_of_another_user_is_reported(folder: Path) -> None:
    commit(folder, {"a": "1"})
    for path in (folder, folder / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(NotJudged, match="belongs to another user") as refusal:
        find_repository(folder)
    assert "safe.directory" in refusal.value.help


def test_a_file_where_the_folder_of_rules_should_be_is_a_problem(folder: Path) -> None:
    head = commit(folder, {".remyx": "a file"})
    files, problems = found(folder).read_tree(head)
    assert ({}, ["is a file"]) == (files, [problem.message for problem in problems])


def test_another_tools_file_is_left_alone(folder: Path) -> None:
    head = commit(folder, {".remyx/repo_intel.yaml": "theirs", ".remyx/metrics.yaml": "ours"})
    assert {".remyx/metrics.yaml": b"ours"} == found(folder).read_tree(head)[0]
