"""`check`: the same problems for people, scripts, GitHub and code scanning."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from remyx_action.commands.check import check, check_project, fix_project
from remyx_action.commands.schema import write_schemas
from remyx_action.errors import Exit, Problem
from remyx_action.policy.lints.catalogue import LINTS
from remyx_action.project.load import load_bundle

ROOT = Path(__file__).parents[2]


def texts_of(folder: str) -> dict[str, bytes]:
    root = ROOT / folder
    paths = sorted(path for path in root.glob(".remyx/**/*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


WORKED_EXAMPLE = texts_of("examples/vqasynth")
BROKEN = texts_of("tests/examples/files/everything-at-once")


def test_warnings_are_shown_and_never_change_the_exit() -> None:
    checked = check(WORKED_EXAMPLE)
    assert Exit.SHIP == checked.exit
    assert ["reject-without-floor", "notes-say-k-of-n"] == [problem.code for problem in checked.problems]
    assert checked.text().endswith(f"\n2 warnings in {len(WORKED_EXAMPLE)} files\n")


def test_errors_exit_3_and_are_counted() -> None:
    checked = check(BROKEN)
    assert Exit.FILES_WRONG == checked.exit
    assert checked.text().endswith("\n6 errors in 3 files\n")


def test_what_could_not_be_read_is_reported_with_the_rest() -> None:
    unreadable = Problem(
        path=".remyx/policies/x.yaml",
        line=1,
        column=1,
        pointer="",
        code="unreadable",
        message="is a directory",
        help="remove it",
    )
    checked = check(WORKED_EXAMPLE, unreadable=(unreadable,))
    assert Exit.FILES_WRONG == checked.exit
    assert unreadable in checked.problems


def test_schemas_for_editors_are_renewed_where_the_metrics_have_changed(tmp_path: Path) -> None:
    for path, text in WORKED_EXAMPLE.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.replace(b"space10", b"space_ten"))
    write_schemas(tmp_path / ".remyx/schemas", project=load_bundle(WORKED_EXAMPLE))
    stale = [one for one in check_project(tmp_path).problems if one.code == "stale-schemas"]
    assert ["3 of 7 schemas for editors do not know this project as it is now"] == [
        one.message for one in stale
    ]
    assert (".remyx/schemas/: schemas for editors written anew",) == fix_project(tmp_path)
    assert b"space_ten" in (tmp_path / ".remyx/schemas/policy.schema.json").read_bytes()
    assert "stale-schemas" not in [one.code for one in check_project(tmp_path).problems]
    assert () == fix_project(tmp_path)


def test_json_lists_every_problem() -> None:
    problems = json.loads(check(BROKEN).text("json"))["problems"]
    assert [problem.code for problem in check(BROKEN).problems] == [problem["code"] for problem in problems]


def test_github_gets_one_command_per_problem_with_the_path_in_the_repository() -> None:
    lines = check(BROKEN, project_folder="models/vision").text("github").splitlines()
    assert 6 == len(lines)
    assert lines[0] == (
        "::error file=models/vision/.remyx/metrics.yaml,line=6,col=15,"
        "title=out-of-range at $.metrics[0].baseline::"
        "the baseline 1.42 lies outside the range [0, 1]"
        "%0Ahelp: correct the baseline, the range or the unit"
    )


def test_no_text_from_a_file_can_start_a_workflow_command() -> None:
    hostile = Problem(
        path="a,line=9::b\n::error::x.yaml",
        line=1,
        column=2,
        pointer="/x\n::add-mask::y",
        code="c",
        message="100%\r\n::stop-commands::z",
        help="::set-output",
    )
    commands = check({}, unreadable=(hostile,)).text("github").splitlines()
    (command,) = (line for line in commands if "100%25" in line)
    assert all(re.match(r"::(error|warning) file=", line) for line in commands)
    properties, _ = re.fullmatch(r"::error ([^:]*)::(.*)", command).groups()  # type: ignore[union-attr]
    assert ["file", "line", "col", "title"] == [part.partition("=")[0] for part in properties.split(",")]


def sarif(texts: dict[str, bytes]) -> Any:
    (run,) = json.loads(check(texts).text("sarif"))["runs"]
    return run


@pytest.mark.parametrize("texts", [WORKED_EXAMPLE, BROKEN, {}], ids=["warnings", "errors", "nothing"])
def test_sarif_has_one_result_per_problem_and_a_rule_for_each(texts: dict[str, bytes]) -> None:
    run = sarif(texts)
    problems = check(texts).problems
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for problem, result in zip(problems, run["results"], strict=True):
        assert problem.code == result["ruleId"] == rules[result["ruleIndex"]]["id"]
        assert problem.severity.value == result["level"]
        place = result["locations"][0]["physicalLocation"]
        assert {"startLine": problem.line, "startColumn": problem.column} == place["region"]
        assert problem.path == place["artifactLocation"]["uri"]


def test_sarif_explains_warnings() -> None:
    rules = {rule["id"]: rule for rule in sarif(WORKED_EXAMPLE)["tool"]["driver"]["rules"]}
    assert LINTS["notes-say-k-of-n"].title == rules["notes-say-k-of-n"]["shortDescription"]["text"]
