"""action.yml, settings, the documentation's tables and the help say the same; every workflow is clean."""

import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from remyx_action.github import settings
from remyx_action.github.settings import ActionInputs, parse_settings
from support.pages import ROOT, table

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
GUIDE = ROOT / "docs" / "guide" / "on-github.md"
OWN = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GIVEN = sorted((ROOT / "examples" / "workflows").glob("*.yml"))
WORKFLOWS = [*OWN, *GIVEN]


def test_inputs_are_few_kebab_case_and_the_settings_own() -> None:
    known = {field.name.replace("_", "-") for field in fields(ActionInputs)} | {"token"}
    assert known == set(ACTION["inputs"])
    assert len(known) <= 10


def test_every_input_reaches_the_program_through_the_environment() -> None:
    (step,) = [step for step in ACTION["runs"]["steps"] if "run" in step]
    given = {name: value for name, value in step["env"].items() if name.startswith("REMYX_")}
    named = {
        f"REMYX_{name.upper().replace('-', '_')}": f"${{{{ inputs.{name} }}}}" for name in ACTION["inputs"]
    }
    others = {
        "REMYX_ACTION": "${{ github.action_repository }}@${{ github.action_ref }}",
        "REMYX_TOKEN_OF_JOB": "${{ inputs.token != '' && inputs.token == github.token }}",
        "REMYX_ACTION_FOLDER": "${{ github.action_path }}",
    }
    assert named | others == given
    assert "${{" not in step["run"]


def test_defaults_are_those_of_the_settings() -> None:
    environment = {
        f"REMYX_{name.upper().replace('-', '_')}": str(about.get("default", ""))
        for name, about in ACTION["inputs"].items()
    }
    assert parse_settings({}, None).inputs == parse_settings(environment, None).inputs


@pytest.mark.parametrize(
    ("name", "words"), [("mode", "Mode"), ("comment", "CommentMode"), ("fail-on", "FailOn")]
)
def test_every_word_that_an_input_takes_is_described(name: str, words: str) -> None:
    described = set(re.findall(r"[a-z-]+", ACTION["inputs"][name]["description"]))
    assert set(get_args(getattr(settings, words))) <= described


def test_the_guide_lists_every_input_and_output_as_the_action_does() -> None:
    inputs = {row[0].strip("`"): row[1] for row in table(GUIDE, "input")}
    outputs = {row[0].strip("`"): row[1] for row in table(GUIDE, "output")}
    assert {name: about["description"] for name, about in ACTION["inputs"].items()} == inputs
    assert {name: about["description"] for name, about in ACTION["outputs"].items()} == outputs


def test_outputs_are_those_that_the_program_writes() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src/remyx_action/commands").rglob("*.py"))
    for name in ACTION["outputs"]:
        assert f'"{name}":' in source, name


def uses_of(text: str) -> list[str]:
    return re.findall(r"uses:\s*(\S.*)", text)


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda path: str(path.name))
def test_every_action_is_pinned_to_a_commit_with_its_version(path: Path) -> None:
    for use in uses_of(path.read_text()):
        assert use.startswith("./ ") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use), use


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: str(path.name))
def test_no_job_has_more_than_it_says_and_none_listens_to_pull_request_target(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert {} == workflow["permissions"]
    assert "pull_request_target" not in path.read_text()
    for job in workflow["jobs"].values():
        assert job["permissions"]
        runs_code = any("measure" in str(step.get("with", {}).get("mode")) for step in job["steps"])
        assert not runs_code or {"contents": "read"} == job["permissions"]
        assert not runs_code or "secrets." not in str(job)


@pytest.mark.slow
def test_linters_find_nothing(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for path in WORKFLOWS:
        shutil.copy(path, folder / path.name)
    shutil.copy(ROOT / "action.yml", tmp_path / "action.yml")
    (tmp_path / ".git").mkdir()
    files = [str(path) for path in sorted(folder.glob("*.yml"))]
    schema = "vendor.github-workflows"
    for command in (
        ["zizmor", "--offline", "--no-progress", str(tmp_path)],
        ["jactionlint", *files],
        ["check-jsonschema", "--builtin-schema", schema, *files],
        ["check-jsonschema", "--builtin-schema", "vendor.github-actions", str(tmp_path / "action.yml")],
    ):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, f"{command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize(
    "path", [".remyx/templates/suite.yaml", "pyproject.toml", "uv.toml", ".python-version"]
)
def test_no_file_of_the_checkout_is_read_before_the_program_starts(tmp_path: Path, path: str) -> None:
    checkout, folder = tmp_path / "checkout", tmp_path / "action"
    (checkout / path).parent.mkdir(parents=True)
    (checkout / path).symlink_to("/dev/zero")  # whoever reads it does not come back
    uv = folder / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text('#!/bin/sh\n{ pwd; printf "%s\\n" "$@"; } > "$REMYX_ACTION_FOLDER/asked"\nexit 1\n')
    uv.chmod(0o755)
    environment = {
        "PATH": f"{uv.parent}:/usr/bin:/bin",
        "REMYX_WORKING_DIRECTORY": ".",
        "REMYX_ACTION_FOLDER": str(folder),
    }
    script = ACTION["runs"]["steps"][-1]["run"]
    ended = subprocess.run(["bash", "-c", script], cwd=checkout, env=environment, check=False)
    asked = (folder / "asked").read_text().split()
    assert (1, str(folder), "sync") == (ended.returncode, *asked[:2])
    assert "--frozen" in asked
