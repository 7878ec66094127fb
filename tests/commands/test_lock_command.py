"""`lock` and `lock --check`, on real repositories: what drifts, what holds, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from remyx_action.commands.check import check_project
from remyx_action.commands.lock import Locked, check_locks, lock
from remyx_action.errors import Exit, FilesWrong, WrongUsage
from remyx_action.project.codeowners import read_codeowners
from remyx_action.project.path_patterns import pattern_of
from remyx_action.report.render.ruleset import ruleset_of_record
from support.git_commands import commit, git, write
from support.small_project import POLICY, UNLOCKED

OWNERS = ["@org/leads"]
LARGE: dict[str, str | None] = {
    ".remyx/templates/large.yaml": str(UNLOCKED[".remyx/templates/small.yaml"])
    .replace("name: small", "name: large")
    .replace("evaluation/", "scoring/"),
    "scoring/evaluate.py": "print(1)\n",
}


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


ELSEWHERE = str(UNLOCKED[".remyx/templates/small.yaml"]).replace("evaluation/**", "README.md")
OF_TASKS = """version: 1
name: small
runtime: lighteval
task: mine
custom_tasks: {path}
model: {{backend: accelerate}}
baseline_asset: half
metrics: [accuracy]
harness: [README.md]
"""
MEASURES: dict[str, tuple[str, str]] = {
    "the script": (ELSEWHERE, "evaluation/evaluate.py"),
    "a file of the script's folder": (
        ELSEWHERE.replace("evaluation/evaluate.py", "evaluation"),
        "evaluation/labels.json",
    ),
    "the Dockerfile": (
        f"{ELSEWHERE}container: {{dockerfile: docker/Dockerfile}}\n".replace(
            "evaluation/evaluate.py", "evaluation"
        ),
        "docker/Dockerfile",
    ),
    "a module of tasks": (OF_TASKS.format(path="tasks/mine.py"), "tasks/mine.py"),
    "a file of the folder of tasks": (OF_TASKS.format(path="tasks"), "tasks/data.json"),
}


@pytest.mark.parametrize("what", MEASURES)
def test_what_measures_belongs_to_the_harness_whatever_it_names(folder: Path, what: str) -> None:
    template, path = MEASURES[what]
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / "tasks").mkdir(exist_ok=True)
    (folder / "tasks" / "mine.py").write_text("TASKS_TABLE = []\n")
    commit(folder, {".remyx/templates/small.yaml": template, path: "FROM scratch\n"})
    locked(folder)
    assert log(folder) == "holds"
    commit(folder, {path: "FROM other\n"})
    assert log(folder) == "drifted: the harness"


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


def test_nobody_owns_it_is_reported_with_the_flag(folder: Path) -> None:
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
    checked = check_project(folder)
    assert {problem.code for problem in checked.problems} >= {"not-a-file", "twin-file"}
    assert checked.exit is Exit.SHIP
    assert not (folder / ".remyx/locks").exists()


def test_a_path_that_codeowners_cannot_hold_is_reported_by_check_and_refused_by_lock(folder: Path) -> None:
    text = str(UNLOCKED[".remyx/templates/small.yaml"])
    commit(folder, {".remyx/templates/small.yaml": text.replace("[evaluation/**]", "['evaluation/[ab].py']")})
    assert "not-lockable" in {problem.code for problem in check_project(folder).problems}
    with pytest.raises(WrongUsage, match=r"a path with \[ or \]|no range in CODEOWNERS"):
        lock(folder, template=None, owners=OWNERS)


def test_a_project_in_a_folder_protects_its_own_paths(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, {f"models/a/{path}": text for path, text in UNLOCKED.items()})
    lock(tmp_path / "models/a", template=None, owners=OWNERS)
    owners = read_codeowners((tmp_path / ".github/CODEOWNERS").read_text())
    assert owners.owners_of("models/a/.remyx/policies/default.yaml") == ("@org/leads",)
    assert owners.owners_of("models/b/.remyx/policies/default.yaml") == ()
    lock_file = json.loads((tmp_path / "models/a/.remyx/locks/small.json").read_text())
    assert lock_file["protected"]["/models/a/.remyx/metrics.yaml"] == ["@org/leads"]


RULESETS = json.loads((Path(__file__).parents[1] / "support/github_stand_in/rulesets.json").read_text())


@pytest.mark.parametrize("server", RULESETS)
@pytest.mark.parametrize("given", [{}, {"allow_own": True}, {"app_id": 4242}, {"branch": "main"}])
def test_the_ruleset_is_one_that_every_server_takes(folder: Path, server: str, given: dict[str, Any]) -> None:
    ruleset = json.loads(lock(folder, template=None, owners=OWNERS, **given).ruleset)
    validator = Draft202012Validator(RULESETS[server])
    assert [error.message for error in validator.iter_errors(ruleset)] == []
    assert list(validator.iter_errors({**ruleset, "bypass": []}))  # unknown fields are errors


def test_the_rules_of_the_record_forbid_what_rewrites_it_and_nothing_else() -> None:
    ruleset = json.loads(ruleset_of_record("remyx-verdicts"))
    for schema in RULESETS.values():
        assert [] == list(Draft202012Validator(schema).iter_errors(ruleset))
    assert ["deletion", "non_fast_forward"] == [rule["type"] for rule in ruleset["rules"]]


def ruleset_of(made: Locked) -> tuple[str, list[str], list[str]]:
    """The ruleset's name, the branches that it is for, and the checks that it requires."""
    ruleset = json.loads(made.ruleset)
    checks = [
        check["context"]
        for rule in ruleset["rules"]
        if rule["type"] == "required_status_checks"
        for check in rule["parameters"]["required_status_checks"]
    ]
    return ruleset["name"], ruleset["conditions"]["ref_name"]["include"], checks


@pytest.mark.parametrize("trunk", ["trunk", "main", "master", "release/1.x"])
def test_the_ruleset_is_for_the_branch_that_there_is(tmp_path: Path, trunk: str) -> None:
    git(tmp_path, "init", "-q", "-b", trunk)
    commit(tmp_path, UNLOCKED)
    made = lock(tmp_path, template=None, owners=OWNERS)
    assert ruleset_of(made) == ("remyx-action", [f"refs/heads/{trunk}"], [f"remyx / default ({trunk})"])


def test_a_branch_that_is_not_known_is_asked_for(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "trunk")
    commit(tmp_path, UNLOCKED)
    with pytest.raises(WrongUsage, match="there is no branch develop here"):
        lock(tmp_path, template=None, owners=OWNERS, branch="develop")
    git(tmp_path, "checkout", "-q", "--detach")
    git(tmp_path, "branch", "-q", "-D", "trunk")
    with pytest.raises(WrongUsage, match="HEAD is on no branch") as wrong:
        lock(tmp_path, template=None, owners=OWNERS)
    assert wrong.value.help == "name it: --branch NAME"
    assert not (tmp_path / ".github").exists()


def test_the_ruleset_of_a_clone_is_for_the_default_branch_of_its_origin(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    git(tmp_path, "init", "-q", "-b", "stable")
    commit(tmp_path, UNLOCKED)
    clone = tmp_path_factory.mktemp("clone") / "clone"
    git(tmp_path, "clone", "-q", str(tmp_path), str(clone))
    git(clone, "checkout", "-q", "-b", "feature/x")
    assert ruleset_of(lock(clone, template=None, owners=OWNERS))[1] == ["refs/heads/stable"]


def test_the_ruleset_of_one_template_bears_its_name_and_requires_its_checks_alone(folder: Path) -> None:
    other = UNLOCKED[".remyx/templates/small.yaml"]
    policy = POLICY.replace("name: default", "name: strict").replace("template: small", "template: large")
    commit(
        folder,
        {
            ".remyx/templates/large.yaml": str(other).replace("name: small", "name: large"),
            ".remyx/templates/bare.yaml": str(other).replace("name: small", "name: bare"),
            ".remyx/policies/strict.yaml": policy,
        },
    )
    made = lock(folder, template="large", owners=OWNERS)
    assert ruleset_of(made) == ("remyx-action large", ["refs/heads/main"], ["remyx / strict (main)"])
    assert sorted(path.name for path in (folder / ".remyx/locks").iterdir()) == ["large.json"]
    bare = lock(folder, template="bare", owners=OWNERS)
    assert ruleset_of(bare)[2] == []
    assert "no policy judges by this template" in bare.log


def test_one_template_s_owners_are_not_handed_over_by_locking_another(folder: Path) -> None:
    commit(folder, LARGE)
    locked(folder)
    made = lock(folder, template="large", owners=["@org/others"])
    assert "wrote .remyx/locks/small.json: the owners of paths that it shares" in made.log
    for _ in range(2):
        assert check_locks(folder, template=None).log == "large: holds\nsmall: holds\n"
        commit(folder)
    owners = read_codeowners((folder / ".github/CODEOWNERS").read_text())
    assert owners.owners_of("evaluation/evaluate.py") == ("@org/leads",)
    assert owners.owners_of("scoring/evaluate.py") == ("@org/others",)
    assert owners.owners_of(".remyx/policies/default.yaml") == ("@org/others",)
    recorded = json.loads((folder / ".remyx/locks/small.json").read_text())["protected"]
    assert (recorded["/evaluation/"], recorded["/.github/"]) == (["@org/leads"], ["@org/others"])


def test_a_path_of_another_template_that_nobody_owned_gets_the_owners(folder: Path) -> None:
    locked(folder)
    commit(folder, LARGE)
    lock(folder, template="small", owners=["@org/others"])
    text = (folder / ".github/CODEOWNERS").read_text()
    assert read_codeowners(text).owners_of("scoring/evaluate.py") == ("@org/others",)
    assert check_locks(folder, template=None).findings["small"] == []
    assert [line[:16] for line in check_locks(folder, template=None).findings["large"]] == [
        "there is no lock"
    ]


def test_owners_that_a_lock_never_recorded_are_handed_over_to_it_alone(folder: Path) -> None:
    commit(folder, LARGE)
    locked(folder)
    path = folder / ".github/CODEOWNERS"
    path.write_text(path.read_text() + "/scoring/ @mallory\n")
    commit(folder)
    held = check_locks(folder, template=None)
    assert [len(found) for found in held.findings.values()] == [1, 0]
    assert "as the lock of large records" in held.findings["large"][0]


@pytest.mark.parametrize("written", ["@Org/Leads", "@ORG/leads", "@org/LEADS @Org/Leads"])
def test_owners_are_the_same_in_any_letters(folder: Path, written: str) -> None:
    lock(folder, template=None, owners=[written])
    text = (folder / ".github/CODEOWNERS").read_text()
    assert text.lower().count("@org/leads") == text.count("\n") - 2
    commit(folder, {".github/CODEOWNERS": re.sub(r"@\S+", lambda found: found[0].lower(), text)})
    assert check_locks(folder, template=None).holds


def test_the_check_is_readable_by_programs(folder: Path) -> None:
    locked(folder)
    output = check_locks(folder, template=None).as_output()
    assert json.loads(output.text("json")) == {
        "schema": "remyx-lock-check/1",
        "holds": True,
        "locks": [{"template": "small", "holds": True, "findings": []}],
    }
    assert (output.text("text"), output.exit) == ("small: holds\n", Exit.SHIP)
    commit(folder, {".remyx/locks/small.json": None})
    missing = check_locks(folder, template=None).as_output()
    (lock_,) = json.loads(missing.text("json"))["locks"]
    assert (lock_["holds"], missing.exit) == (False, Exit.FILES_WRONG)
    assert lock_["findings"] == ["there is no lock: write it with `remyx-action lock small`"]


def test_the_checks_of_a_project_in_a_folder_bear_its_name(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, {f"models/a/{path}": text for path, text in UNLOCKED.items()})
    made = lock(tmp_path / "models/a", template=None, owners=OWNERS)
    assert ruleset_of(made)[2] == ["remyx / models/a / default (main)"]


@pytest.mark.parametrize(
    ("owners", "is_told"),
    [
        (["@alice"], True),
        (["@alice @alice"], True),
        (["a@b.example"], True),
        (["@alice,@bob"], False),
        (OWNERS, False),
    ],
)
def test_a_single_owner_is_warned_of_being_locked_out(folder: Path, owners: list[str], is_told: bool) -> None:
    made = lock(folder, template=None, owners=owners)
    assert ("alone owns the bar" in made.log and "--allow-own" in made.log) is is_told
    assert json.loads(made.ruleset)["bypass_actors"] == []
    text = (folder / ".github/CODEOWNERS").read_text()
    assert "@alice @alice" not in text


def test_the_bypass_of_a_single_owner_says_what_it_costs(folder: Path) -> None:
    made = lock(folder, template=None, owners=["@alice"], allow_own=True)
    (actor,) = json.loads(made.ruleset)["bypass_actors"]
    assert actor == {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"}
    assert "without a review, and no lock is proven" in made.log


def test_the_app_that_the_check_must_come_from_is_reported(folder: Path) -> None:
    assert "takes its checks from GitHub Actions (app 15368" in lock(folder, template=None, owners=OWNERS).log
    made = lock(folder, template=None, owners=OWNERS, app_id=4242)
    assert "takes its checks from app 4242" in made.log
    assert '"integration_id": 4242' in made.ruleset


LOST: dict[str, Callable[[str], str]] = {
    "the end line": lambda text: text.replace("# remyx-action: end /\n", ""),
    "the begin line": lambda text: "\n".join(line for line in text.split("\n") if ": begin" not in line),
    "the order of both": lambda text: "# remyx-action: end /\n" + text.replace("# remyx-action: end /\n", ""),
    "one of two blocks' end": lambda text: text + text.replace("# remyx-action: end /\n", ""),
}


@pytest.mark.parametrize("lost", LOST)
def test_a_block_that_lost_a_mark_is_left_alone(folder: Path, lost: str) -> None:
    locked(folder)
    path = folder / ".github/CODEOWNERS"
    changed = LOST[lost](path.read_text()) + "/payments/ @org/payments\n/infra/ @org/infra\n"
    path.write_text(changed)
    commit(folder)
    with pytest.raises(FilesWrong) as wrong:
        lock(folder, template=None, owners=OWNERS)
    (problem,) = wrong.value.problems
    assert (problem.path, problem.code) == (".github/CODEOWNERS", "broken-block")
    assert path.read_text() == changed


@pytest.mark.parametrize("content", [b"* @a\n# caf\xe9\n", "* @a\n".encode("utf-16"), b"\xff\n"])
def test_a_file_that_is_not_utf_8_is_left_alone(folder: Path, content: bytes) -> None:
    (folder / "CODEOWNERS").write_bytes(content)
    commit(folder)
    with pytest.raises(FilesWrong) as wrong:
        lock(folder, template=None, owners=OWNERS)
    assert wrong.value.problems[0].code == "not-utf-8"
    assert (folder / "CODEOWNERS").read_bytes() == content


@pytest.mark.parametrize("kind", ["larger than GitHub reads", "link", "folder"])
def test_owners_that_cannot_be_read_are_left_alone(folder: Path, kind: str) -> None:
    place = folder / "CODEOWNERS"
    if kind == "link":
        (folder / "owners").write_text("* @org/payments\n")
        place.symlink_to("owners")
    elif kind == "folder":
        place.mkdir()
        (place / "kept").touch()
    else:
        place.write_text("/payments/ @org/payments\n" + "# more\n" * 450_000)
    commit(folder)
    before = git(folder, "status", "--short"), git(folder, "rev-parse", "HEAD:CODEOWNERS")
    with pytest.raises(FilesWrong) as wrong:
        lock(folder, template=None, owners=OWNERS)
    assert wrong.value.problems[0].code == "unreadable"
    assert before == (git(folder, "status", "--short"), git(folder, "rev-parse", "HEAD:CODEOWNERS"))


@pytest.mark.parametrize(
    ("codeowners", "finding"),
    [
        (None, "has no owner here"),
        (
            "* @org/leads\n/.remyx/policies/\n",
            "/.remyx/policies/ has no owner here: line 2 of CODEOWNERS takes it",
        ),
        ("* @mallory\n", "is owned by @mallory here (line 1 of CODEOWNERS), not by @org/leads"),
        ("* @org/leads\n/evaluation/*.py\n", "/evaluation/ has no owner here: line 2"),
        ("/* @org/leads\n", "/.remyx/metrics.yaml has no owner here"),
    ],
)
def test_owners_that_changed_since_are_reported_by_the_check(
    folder: Path, codeowners: str | None, finding: str
) -> None:
    locked(folder)
    commit(folder, {".github/CODEOWNERS": codeowners})
    held = check_locks(folder, template=None)
    assert not held.holds
    assert finding in held.log


def test_lines_that_protect_nothing_any_more_are_named(folder: Path) -> None:
    locked(folder)
    text = str(UNLOCKED[".remyx/templates/small.yaml"])
    moved = text.replace("evaluation/evaluate.py", "scoring/run.py").replace("evaluation/**", "scoring/**")
    commit(folder, {".remyx/templates/small.yaml": moved, "scoring/run.py": "print(1)\n"})
    assert "no longer protected: /evaluation/" in lock(folder, template=None, owners=[]).log


@pytest.mark.parametrize("name", ["evaluation/v1.2", "evaluation/run.py", "evaluation/.scorers", "v1.2"])
def test_a_folder_with_a_dot_in_its_name_is_protected_whole(tmp_path: Path, name: str) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    text = str(UNLOCKED[".remyx/templates/small.yaml"]).replace("harness: [evaluation/**]\n", "")
    template = {".remyx/templates/small.yaml": text.replace("evaluation/evaluate.py", name)}
    commit(tmp_path, UNLOCKED | template | {f"{name}/run": "print(1)\n"})
    lock(tmp_path, template=None, owners=OWNERS)
    path = tmp_path / ".github/CODEOWNERS"
    path.write_text(path.read_text() + f"/{name}/*.py\n")
    commit(tmp_path)
    held = check_locks(tmp_path, template=None)
    assert f"/{name} has no owner here: line" in held.log


def test_outside_git_and_before_a_commit_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="lies in no git repository"):
        lock(tmp_path, template=None, owners=OWNERS)
    git(tmp_path, "init", "-q")
    with pytest.raises(WrongUsage) as wrong:
        lock(tmp_path, template=None, owners=OWNERS)
    assert "commit first" in wrong.value.help
