"""The documentation: its commands run, its files are right, its links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from remyx_action.cli.app import app
from remyx_action.errors import Exit
from support.pages import ROOT, Command, blocks, commands, links, named_files, pages, table

README = ROOT / "README.md"
EXAMPLES = ROOT / "examples"
FIRST_BAR = ROOT / "docs/guide/first-bar.md"
RESULT_FILES = ROOT / "docs/guide/result-files.md"
ON_GITHUB = ROOT / "docs/guide/on-github.md"
SETTING_UP = ROOT / "docs/guide/setting-up.md"
"""A session at a terminal, carried out by test_setting_up_page.py."""
READER_STANDS_IN = {FIRST_BAR: "new", ROOT / "docs/reference/editor.md": "examples/vqasynth"}
"""Page → where its commands are meant, beside a copy of the examples; else in the repository's root."""
NO_BREAK_SPACE = "\u00a0"
LEFT_OUT = "…"
"""Stands in a page for lines of output that it leaves out."""
WIDTH = "100"
"""Columns of the terminal that the pages show."""
PROGRAMS = Path(sys.executable).parent
PAGES_WITH_COMMANDS = [
    page for page in pages() if EXAMPLES not in page.parents and page != SETTING_UP and any(commands(page))
]
"""Those of the examples are run by test_examples."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def run(line: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": WIDTH, **more}
    return subprocess.run(
        shlex.split(line),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def carry_out(command: Command, folder: Path) -> None:
    """Run a command of the program as a page shows it, and compare what the page shows of its output."""
    finished = run(command.line, folder)
    said = (finished.stdout + finished.stderr).replace(NO_BREAK_SPACE, " ")
    assert finished.returncode in {Exit.SHIP, Exit.REJECT, Exit.ITERATE}, f"{command.line}\n{said}"
    shown = [line.strip() for line in command.shown if line != LEFT_OUT]
    assert [line for line in shown if line not in said] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES_WITH_COMMANDS, ids=name_of)
def test_every_command_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns(".remyx-out"))
    folder = tmp_path / READER_STANDS_IN.get(page, ".")
    for path, text in named_files(page).items() if page == FIRST_BAR else ():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for command in commands(page):
        program, *arguments = shlex.split(command.line)
        if program == "remyx-action":
            carry_out(command, folder)
        elif program.startswith("script/"):
            assert os.access(ROOT / program, os.X_OK), command.line
            assert all((ROOT / argument).exists() for argument in arguments), command.line
        elif command.line.startswith("uv run --no-sync pytest"):
            tried = run(f"pytest {shlex.join(arguments[3:])} --collect-only -q tests/test_docs.py", ROOT)
            assert tried.returncode == 0, tried.stdout + tried.stderr
        else:
            assert command.line == "uv tool install ."  # see the next test


@pytest.mark.slow
def test_the_command_installs_as_a_tool_and_starts(tmp_path: Path) -> None:
    folders = {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    installed = run("uv tool install --quiet .", ROOT, **folders)
    assert installed.returncode == 0, installed.stderr
    started = run(f"{tmp_path}/bin/remyx-action -C {EXAMPLES}/vqasynth check", tmp_path)
    assert started.returncode == 0, started.stdout + started.stderr


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    inside = [link.split("#")[0] for link in links(page) if not re.match(r"https?:|#", link)]
    assert [link for link in inside if not (page.parent / link).exists()] == []


RETRIEVAL = """\
version: 1
metrics:
  - {key: recall_at_5, label: Recall@5, unit: accuracy}
  - {key: mrr, label: MRR, unit: accuracy}
"""
"""The metrics of the README's picture."""


def test_the_policy_and_the_template_of_the_readme_hold_together(tmp_path: Path) -> None:
    policy, template = (block for block in blocks(README, "yaml") if block.startswith("version: 1"))
    metrics = yaml.safe_load(template)["metrics"]
    files = {
        ".remyx/metrics.yaml": RETRIEVAL,
        ".remyx/templates/retrieval.yaml": template,
        ".remyx/policies/default.yaml": policy,
        "evaluation/score.py": "",
        "config.yaml": "retriever: {config: configs/hybrid.json}\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    checked = run("remyx-action check", tmp_path)
    first = checked.stdout.partition("\n")[0]
    assert (0, "no problems in 3 files") == (checked.returncode, first), checked.stderr
    shown = {one["key"] for one in yaml.safe_load(RETRIEVAL)["metrics"]}
    assert set(metrics) == shown


@pytest.mark.slow
def test_results_of_lm_eval_are_judged_by_the_lines_of_the_readme(tmp_path: Path) -> None:
    (lines,) = (block for block in blocks(README, "sh") if "lm_eval" in block)
    shutil.copytree(ROOT / "tests/examples/presets/lm-eval", tmp_path / "results")
    made = re.findall(r"--log_samples --output_path (\S+)", lines)
    assert [str(path.relative_to(tmp_path)) for path in sorted((tmp_path / "results").iterdir())] == made
    init, judge = (line for line in lines.splitlines() if line.startswith("remyx-action"))
    assert run(init, tmp_path).returncode == 0
    judged = run(judge, tmp_path)
    assert judged.returncode == Exit.ITERATE, judged.stdout + judged.stderr
    assert "24 samples, paired" in judged.stdout.replace(NO_BREAK_SPACE, " ")


@pytest.mark.slow
def test_the_workflow_of_the_readme_judges_by_the_base_branch(tmp_path: Path) -> None:
    upstream, checkout = tmp_path / "upstream", tmp_path / "checkout"
    shutil.copytree(EXAMPLES / "digits-classifier", upstream, ignore=shutil.ignore_patterns(".remyx-out"))
    git("init", "--quiet", "--initial-branch=main", folder=upstream)
    commit_everything(upstream)
    git("clone", "--quiet", str(upstream), str(checkout), folder=tmp_path)
    git("switch", "--quiet", "--create", "proposal", folder=checkout)
    (checkout / "model.yaml").write_text("model: extra-trees\n", encoding="utf-8")
    (checkout / ".remyx/policies/default.yaml").write_text(LENIENT, encoding="utf-8")
    commit_everything(checkout)

    check, judge = (run(step, checkout, GITHUB_BASE_REF="main") for step in steps_of_the_workflow())

    assert (Exit.SHIP, Exit.REJECT) == (check.returncode, judge.returncode), judge.stdout + judge.stderr
    assert "Log-loss" in (checkout / ".remyx-out/summary.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_files_of_the_guide_to_result_files_judge_a_run_of_lm_eval(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests/examples/presets/lm-eval", tmp_path / "results")
    for path, text in named_files(RESULT_FILES).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    (lines,) = (block for block in blocks(RESULT_FILES, "sh") if "judge" in block)
    judged = run(lines.splitlines()[-1], tmp_path)
    assert judged.returncode == Exit.ITERATE, judged.stdout + judged.stderr
    assert "24 samples, paired: 0 better, 1 worse" in judged.stdout.replace(NO_BREAK_SPACE, " ")


@pytest.mark.slow
def test_results_of_another_job_are_judged_by_the_base_branch_as_the_guide_says(tmp_path: Path) -> None:
    upstream, checkout, recorded = (
        tmp_path / "upstream",
        tmp_path / "checkout",
        ROOT / "tests/examples/presets",
    )
    shutil.copytree(recorded / "lm-eval", upstream / "results")
    assert run("remyx-action init --yes", upstream).returncode == 0
    shutil.rmtree(upstream / "results")
    git("init", "--quiet", "--initial-branch=main", folder=upstream)
    commit_everything(upstream)
    git("clone", "--quiet", str(upstream), str(checkout), folder=tmp_path)
    policy = checkout / ".remyx/policies/default.yaml"
    policy.write_text(ANYTHING_SHIPS, encoding="utf-8")
    (checkout / ".remyx/policies/another.yaml").write_text("no policy\n", encoding="utf-8")
    commit_everything(checkout)
    shutil.copytree(recorded / "lm-eval", checkout / "results")

    (text,) = (block for block in blocks(ON_GITHUB, "yaml") if "needs: evaluate" in block)
    *_, take_the_bar, judge, show = (
        step.get("run", "") for step in yaml.safe_load(text)["jobs"]["judge"]["steps"]
    )
    job = {"GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    ended = [run(f"sh -c {shlex.quote(step)}", checkout, **job) for step in (take_the_bar, judge, show)]

    assert [0, Exit.ITERATE, 0] == [step.returncode for step in ended], [step.stderr for step in ended]
    assert "Iterate" in (tmp_path / "summary.md").read_text(encoding="utf-8")


ANYTHING_SHIPS = """\
version: 1
name: default
template: suite
ship: {all: [exact_match_strict-match.value >= 0.1]}
"""

LENIENT = """\
version: 1
name: default
template: digits
ship: {all: [{metric: accuracy, op: improves_by, threshold: 0}]}
"""


def steps_of_the_workflow() -> list[str]:
    """The steps that call the program, each as a command line for a shell."""
    (text,) = (block for block in blocks(README, "yaml") if "jobs:" in block)
    steps = [step.get("run", "") for step in yaml.safe_load(text)["jobs"]["verdict"]["steps"]]
    return [f"sh -c {shlex.quote(step)}" for step in steps if step.startswith("remyx-action")]


def git(*arguments: str, folder: Path) -> None:
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


def commit_everything(folder: Path) -> None:
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--message", "Change", folder=folder)


def test_the_readme_lists_every_command_and_every_exit_code() -> None:
    rows = [*table(README, "command"), *table(README, "other command")]
    listed = [row[0].removeprefix("remyx-action ") for row in rows]
    assert sorted(listed) == sorted(command_names())
    codes = [int(code) for row in table(README, "exit code") for code in row[0].split(", ")]
    assert codes == [int(code) for code in Exit]


def command_names() -> set[str]:
    group = typer.main.get_command(app)
    return set(getattr(group, "commands", {}))


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    listed = {row[0].split("](")[1].rstrip(")") for row in table(folder / "README.md", "page")}
    assert listed == {page.name for page in folder.glob("*.md")} - {"README.md"}
