"""`lock` and `lock --check`, on real repositories: what drifts, what holds, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from remyx_action.commands.lock import Locked, check_locks, lock
from remyx_action.errors import FilesWrong, WrongUsage
from remyx_action.project.codeowners import read_codeowners
from remyx_action.project.path_patterns import pattern_of
from support.git_commands import commit, git, write
from support.github_stand_in.contract import Contract
from support.small_project import POLICY, UNLOCKED

DESCRIPTION = Path(__file__).parents[1] / "support/github_stand_in/openapi.json"
OWNERS = ["@org/leads"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, UNLOCKED)
    return tmp_path


def locked(folder: Path) -> Locked:
    made = lock(folder, template=None, owners=OWNERS)
    commit(folder)
    return made


def log(folder: Path) -> str:
    held = check_locks(folder, template=None)
    assert held.holds is held.log.endswith("holds\n")
    return held.log.removeprefix("small: ").partition(": review")[0].strip()


def test_what_was_just_locked_holds_and_is_written_alike_again(folder: Path) -> None:
    first = locked(folder)
    assert log(folder) == "holds"
    assert (lock(folder, template=None, owners=[]), git(folder, "status", "--short")) == (first, "")


REORDERED = """name: default
template: small
version: 1
reject: {any: [{op: no_regression, metric: accuracy, confidence: 0.8, threshold: 0.01}]}
ship:   # the same, written otherwise
  all:
    - {op: improves_by, metric: accuracy, threshold: 0.020, confidence: 0.80}
    - {field: coverage, op: ">=", threshold: 1}
"""


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({".remyx/policies/default.yaml": "# why\n" + POLICY}, "holds"),
        ({".remyx/policies/default.yaml": REORDERED}, "holds"),
        ({"README.md": "Another text.\n"}, "holds"),
        ({"model.yaml": "model: better\n"}, "holds"),
        ({".remyx/policies/default.yaml": POLICY.replace("0.02", "0.01")}, "drifted: policy default"),
        ({".remyx/policies/other.yaml": POLICY.replace("default", "other")}, "drifted: policy other"),
        ({"evaluation/evaluate.py": "print(1)\n"}, "drifted: the harness"),
        ({"evaluation/data.json": "[]"}, "drifted: the harness"),
        ({".remyx/locks/small.json": None}, "there is no lock: write it with `remyx-action lock small`"),
    ],
)
def test_a_committed_change_holds_or_drifts(
    folder: Path, files: dict[str, str | None], expected: str
) -> None:
    locked(folder)
    commit(folder, files)
    assert log(folder) == expected


def test_a_file_mode_drifts(folder: Path) -> None:
    locked(folder)
    git(folder, "update-index", "--chmod=+x", "evaluation/evaluate.py")
    git(folder, "commit", "-qm", "mode")
    git(folder, "checkout", "-q", "--", ".")
    assert log(folder) == "drifted: the harness"


def test_a_checkout_with_other_line_endings_holds(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    locked(folder)
    elsewhere = tmp_path_factory.mktemp("windows") / "clone"
    git(folder, "clone", "-q", "-c", "core.autocrlf=true", str(folder), str(elsewhere))
    assert b"\r\n" in (elsewhere / "evaluation/evaluate.py").read_bytes()
    assert log(elsewhere) == "holds"


@pytest.mark.parametrize("path", [".remyx/policies/default.yaml", "evaluation/new.py", "conftest.txt"])
def test_what_is_protected_must_be_committed(folder: Path, path: str) -> None:
    write(folder, {path: POLICY + "\n# uncommitted\n"})
    if path == "conftest.txt":
        locked(folder)
        return
    with pytest.raises(FilesWrong) as wrong:
        lock(folder, template=None, owners=OWNERS)
    assert [(problem.path, problem.code) for problem in wrong.value.problems] == [(path, "uncommitted")]


def test_nobody_owns_it_is_told_with_the_flag(folder: Path) -> None:
    with pytest.raises(WrongUsage) as wrong:
        lock(folder, template=None, owners=[])
    assert "--owners @org/team" in wrong.value.help
    with pytest.raises(WrongUsage, match="'leads' is no owner"):
        lock(folder, template=None, owners=["leads"])


def test_owners_that_are_effective_stay(folder: Path) -> None:
    commit(folder, {"docs/CODEOWNERS": "* @everyone\n/.remyx/ @lead\n*.md\n"})
    lock(folder, template=None, owners=[])
    assert not (folder / ".github/CODEOWNERS").exists()
    owners = read_codeowners((folder / "docs/CODEOWNERS").read_text())
    assert owners.all_owners(pattern_of("/evaluation/")) == ("@lead",)
    assert owners.owners_of("src/a.py") == ("@everyone",)


def test_links_and_twins_are_refused(folder: Path) -> None:
    (folder / "evaluation/link.py").symlink_to("evaluate.py")
    (folder / "evaluation/Evaluate.py").write_text("print(1)\n")
    commit(folder)
    with pytest.raises(FilesWrong) as wrong:
        lock(folder, template=None, owners=OWNERS)
    assert {problem.code for problem in wrong.value.problems} == {"not-a-file", "twin-file"}
    assert not (folder / ".remyx/locks").exists()


def test_a_project_in_a_folder_protects_its_own_paths(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, {f"models/a/{path}": text for path, text in UNLOCKED.items()})
    lock(tmp_path / "models/a", template=None, owners=OWNERS)
    owners = read_codeowners((tmp_path / ".github/CODEOWNERS").read_text())
    assert owners.owners_of("models/a/.remyx/policies/default.yaml") == ("@org/leads",)
    assert owners.owners_of("models/b/.remyx/policies/default.yaml") == ()
    lock_file = json.loads((tmp_path / "models/a/.remyx/locks/small.json").read_text())
    assert lock_file["protected"]["/models/a/.remyx/metrics.yaml"] == ["@org/leads"]


def test_the_ruleset_is_one_that_github_takes(folder: Path) -> None:
    ruleset = json.loads(locked(folder).ruleset)
    contract = Contract(json.loads(DESCRIPTION.read_text()))
    known = {"id": 1, "source": "org/repository", "source_type": "Repository"}
    assert contract.value_violations({"$ref": "#/$defs/repository-ruleset"}, ruleset | known) == []
    types = {"$ref": "#/$defs/repository-rule-pull-request"}
    assert contract.value_violations(types, ruleset["rules"][2]) == []
    (checks,) = (rule for rule in ruleset["rules"] if rule["type"] == "required_status_checks")
    contexts = [check["context"] for check in checks["parameters"]["required_status_checks"]]
    assert contexts == ["remyx / default (main)"]


def test_outside_git_and_before_a_commit_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="lies in no git repository"):
        lock(tmp_path, template=None, owners=OWNERS)
    git(tmp_path, "init", "-q")
    with pytest.raises(WrongUsage) as wrong:
        lock(tmp_path, template=None, owners=OWNERS)
    assert "commit first" in wrong.value.help
