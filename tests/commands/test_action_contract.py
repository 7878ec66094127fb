"""action.yml, settings, the documentation's tables and the help say the same; every workflow is clean."""

import re
import shutil
import subprocess
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from packaging.requirements import Requirement

from remyx_action.github import settings
from remyx_action.github.settings import ActionInputs, parse_settings
from support.pages import ROOT, blocks, table

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
GUIDE = ROOT / "docs" / "guide" / "on-github.md"
OWN = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LONG = sorted((ROOT / "examples" / "workflows").glob("*.yml"))
CALLS = sorted((ROOT / "examples" / "workflows" / "calls").glob("*.yml"))
WORKFLOWS = [*OWN, *LONG, *CALLS]


def test_inputs_are_few_kebab_case_and_the_settings_own() -> None:
    known = {field.name.replace("_", "-") for field in fields(ActionInputs)} | {"token"}
    assert known == set(ACTION["inputs"])
    assert len(known) <= 10


def test_every_input_reaches_the_program_through_the_environment() -> None:
    step = ACTION["runs"]["steps"][-1]
    given = {name: value for name, value in step["env"].items() if name.startswith("REMYX_")}
    named = {
        f"REMYX_{name.upper().replace('-', '_')}": f"${{{{ inputs.{name} }}}}" for name in ACTION["inputs"]
    }
    others = {
        "REMYX_ACTION": "${{ github.action_repository }}@${{ github.action_ref }}",
        "REMYX_TOKEN_OF_JOB": "${{ inputs.token != '' && inputs.token == github.token }}",
        "REMYX_ACTION_FOLDER": "${{ github.action_path }}",
        "REMYX_PROGRAM": "${{ steps.found.outputs.program }}",
    }
    assert named | others == given
    assert all("${{" not in step.get("run", "") for step in ACTION["runs"]["steps"])


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


def test_the_guide_lists_what_else_the_workflows_that_judge_take() -> None:
    listed = {row[0].strip("`") for row in table(GUIDE, "further input")}
    for name in ("evaluate", "shards"):
        taken = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())[True]
        assert listed == set(taken["workflow_call"]["inputs"]) - set(ACTION["inputs"])


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
        if "uses" in job:
            continue
        runs_code = any("measure" in str(step.get("with", {}).get("mode")) for step in job["steps"])
        assert not runs_code or {"contents": "read"} == job["permissions"]
        # the one that our own take is looked at in tests/github/test_which_jobs_run.py
        assert not runs_code or "secrets." not in str(job).replace("secrets.REMYX_SECRETS", "")


NAMES = {
    "remyx.yml": "evaluate",
    "remyx-shards.yml": "shards",
    "remyx-forks.yml": "forks",
    "remyx-baseline.yml": "baseline",
    "remyx-recorded.yml": "evaluate",
}
"""Example workflow, long or short → the reusable one."""


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("path", CALLS, ids=lambda path: str(path.name))
def test_a_caller_grants_exactly_what_the_jobs_inside_take(path: Path) -> None:
    for name, job in loaded(path)["jobs"].items():
        called = "record" if name == "record" else NAMES[path.name]
        assert job["uses"].partition("@")[0].endswith(f"/.github/workflows/{called}.yml")
        inside = loaded(ROOT / ".github" / "workflows" / f"{called}.yml")
        assert {} == inside["permissions"]
        taken: dict[str, str] = {}
        for inner in inside["jobs"].values():
            for permission, level in inner["permissions"].items():
                taken[permission] = max(taken.get(permission, "none"), level)  # none < read < write
        assert taken == job["permissions"]
        assert set(job.get("with", {})) <= set(inside[True]["workflow_call"]["inputs"])


def given_what_is_asked(job: Any) -> Any:
    """A job without names, descriptions, what inputs decide and what only a caller reads, for comparison."""
    steps = [
        {
            "uses": step["uses"],
            "if": step.get("if"),
            "id": step.get("id"),
            "with": {
                name: value
                for name, value in step.get("with", {}).items()
                if "inputs." not in str(value)
                and not (name == "policy" and value == "default")
                and not re.search(r"^(remyx-(results|verdict|cache)|14$)", str(value))
            },
        }
        for step in job["steps"]
    ]
    kept = {key: job.get(key) for key in ("if", "needs", "strategy", "env", "continue-on-error")}
    outputs = {name: value for name, value in job.get("outputs", {}).items() if name != "verdicts"}
    return kept | {"steps": steps, "outputs": outputs}


@pytest.mark.parametrize("path", LONG, ids=lambda path: str(path.name))
def test_the_long_form_is_the_reusable_workflow_without_inputs(path: Path) -> None:
    inside = loaded(ROOT / ".github" / "workflows" / f"{NAMES[path.name]}.yml")["jobs"]
    long = loaded(path)["jobs"]
    assert {name: given_what_is_asked(job) for name, job in inside.items()} == {
        name: given_what_is_asked(job) for name, job in long.items()
    }


JUDGING = [ROOT / ".github" / "workflows" / f"{name}.yml" for name in ("evaluate", "shards", "forks")]


@pytest.mark.parametrize("path", [*JUDGING, *LONG], ids=lambda path: str(path.relative_to(ROOT)))
def test_only_a_run_again_replaces_what_it_left_before(path: Path) -> None:
    """Two projects' calls of one name do not take each other's results unseen."""
    steps = [step for job in loaded(path)["jobs"].values() for step in job["steps"]]
    uploads = [step for step in steps if "/upload-artifact@" in step.get("uses", "")]
    for step in uploads:
        assert step["with"]["overwrite"] == "${{ github.run_attempt > 1 }}"
        assert path not in JUDGING or "`artifact`" in step["name"]
    assert uploads or "baseline" in path.name


PAGES = [
    ROOT / "README.md",
    *(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "decisions"),
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.name))
def test_no_page_has_a_placeholder_that_somebody_could_copy(path: Path) -> None:
    assert not re.search(r"uses:.*OWNER|OWNER/remyx-action|@COMMIT\b(?!`)", path.read_text())


def test_the_guide_begins_with_the_lines_that_init_writes() -> None:
    shown = next(block for block in blocks(GUIDE, "yaml") if "jobs:" in block)
    (path,) = (path for path in CALLS if path.name == "remyx.yml")
    release = "some-team/remyx-action/.github/workflows/evaluate.yml@0123456789abcdef0123456789abcdef01234567"
    written = yaml.safe_load(re.sub(r"OWNER/\S+", release, path.read_text()))
    assert {key: written[key] for key in (True, "permissions", "jobs")} == yaml.safe_load(shown)


@pytest.mark.slow
def test_linters_find_nothing(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for path in WORKFLOWS:
        shutil.copy(path, folder / f"{path.parent.name}-{path.name}")
    shutil.copy(ROOT / ".github" / "dependabot.yml", folder.parent)
    shutil.copy(ROOT / "action.yml", tmp_path / "action.yml")
    (tmp_path / ".git").mkdir()
    files = [str(path) for path in sorted(folder.glob("*.yml"))]
    schema = "vendor.github-workflows"
    for command in (
        ["zizmor", "--offline", "--no-progress", str(tmp_path)],
        ["jactionlint", *files],
        ["check-jsonschema", "--builtin-schema", schema, *files],
        [
            "check-jsonschema",
            "--builtin-schema",
            "vendor.dependabot",
            str(tmp_path / ".github/dependabot.yml"),
        ],
        ["check-jsonschema", "--builtin-schema", "vendor.github-actions", str(tmp_path / "action.yml")],
    ):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, f"{command}\n{done.stdout}{done.stderr}"


MACHINES = {
    "Linux, x64": ("linux", "x86_64", r"manylinux.*_x86_64"),
    "Linux, ARM": ("linux", "aarch64", r"manylinux.*_aarch64"),
    "macOS, ARM": ("darwin", "arm64", r"macosx_.*_(arm64|universal2)"),
    "macOS, Intel": ("darwin", "x86_64", r"macosx_.*_(x86_64|universal2)"),
}
"""What the guide says the action runs on: platform, machine, and the tags of wheels for it."""


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python", ["3.11", "3.14"])
def test_nothing_has_to_be_built_on_any_machine(machine: str, python: str) -> None:
    """`uv sync --no-build` would fail there: a package of the lock without a wheel for it."""
    platform, architecture, tags = MACHINES[machine]
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    wheels = {each["name"]: [one["url"] for one in each.get("wheels", ())] for each in lock["package"]}
    exported = ["uv", "export", "--frozen", "--offline", "--no-dev", "--no-emit-project", "--no-hashes", "-q"]
    environment = {
        "sys_platform": platform,
        "platform_machine": architecture,
        "platform_system": platform.title(),
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    text = subprocess.run(exported, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    wanted = [Requirement(line) for line in text.splitlines() if line and line[0] not in " #"]
    names = [each.name for each in wanted if each.marker is None or each.marker.evaluate(environment)]
    assert len(names) > 20
    fitting = re.compile(rf"-({tags}|any)\.whl$|[.]({tags})\.whl$")
    assert [] == [name for name in names if not any(map(fitting.search, wheels[name]))]


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
    (folder / "pyproject.toml").write_text('version = "1"\n')
    first, *_, last = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    given = environment | {"GITHUB_OUTPUT": str(tmp_path / "output")}
    subprocess.run(["bash", "-c", first], cwd=checkout, env=given, check=True)
    assert [str(folder), "--version"] == (folder / "asked").read_text().split()
    ended = subprocess.run(["bash", "-c", last], cwd=checkout, env=environment, check=False)
    asked = (folder / "asked").read_text().split()
    assert (1, str(folder), "sync") == (ended.returncode, *asked[:2])
    assert "--frozen" in asked


@pytest.mark.parametrize(
    ("program", "uv", "found"),
    [
        ("0.1.0", "0.13.9", "program yes"),
        ("9.9.9", "0.13.9", "yes"),
        ("9.9.9", "0.1.2", ""),
        ("0.1.0", "0.1.2", "program"),
    ],
)
def test_a_program_or_uv_of_the_wanted_version_is_used_where_it_is_installed(
    tmp_path: Path, program: str, uv: str, found: str
) -> None:
    for name, version in (("remyx-action", program), ("uv", uv)):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f'#!/bin/sh\nif [ "$1" = --version ]; then echo {name} {version}; else echo "$0 $@"; fi\n'
        )
        path.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "REMYX_ACTION_FOLDER": str(ROOT),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    look, install, start = ACTION["runs"]["steps"]
    subprocess.run(["bash", "-c", look["run"]], env=environment, check=True)
    outputs = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
    installed = str(tmp_path / "bin" / "remyx-action")
    assert {
        "program": installed if "program" in found else "",
        "uv": "yes" if "yes" in found else "",
    } == outputs
    assert install["if"] == "steps.found.outputs.program == '' && steps.found.outputs.uv == ''"
    assert f'"{install["with"]["version"]}"' in look["run"]
    if outputs["program"]:
        environment["REMYX_PROGRAM"] = outputs["program"]
        said = subprocess.run(
            ["bash", "-c", start["run"]], env=environment, check=True, capture_output=True, text=True
        )
        assert f"{installed} action\n" == said.stdout
