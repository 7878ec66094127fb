"""What doctor tells of workflow files: jobs with our check's name, and forks that never get the check."""

from __future__ import annotations

from pathlib import Path

import pytest

from remyx_action.github.workflow_files import notes_of_workflows

CHECK = "remyx / default (main)"
EXAMPLES = Path(__file__).parents[2] / "examples" / "workflows"
FORKS = b"on: {workflow_run: {workflows: [remyx]}}\njobs: {a: {steps: [{uses: x, with: {mode: publish}}]}}\n"
WORKFLOW = ".github/workflows/a.yml"
CALLED = ".github/workflows/called.yml"


def bearing(text: str, **others: str) -> list[str]:
    """The first words of each note about a name."""
    files = {WORKFLOW: text.encode(), ".github/workflows/forks.yml": FORKS}
    files |= {path: other.encode() for path, other in others.items()}
    return [note.partition(" the name")[0] for note in notes_of_workflows(files, [CHECK])]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jobs: {x: {name: remyx / default (main)}}\n", [f"a job of {WORKFLOW} bears"]),
        ("jobs: {x: {name: 'remyx / ${{ matrix.policy }} (main)'}}\n", [f"a job of {WORKFLOW} may bear"]),
        ("jobs: {x: {name: '${{ github.job }}'}}\n", [f"a job of {WORKFLOW} may bear"]),
        ("jobs: {remyx: {uses: org/repo/.github/workflows/x.yml@v1}}\n", [f"a job of {WORKFLOW} may bear"]),
        (
            "jobs: {x: {name: remyx, uses: o/r/x.yml@v1}}\n",
            [f"a job of {WORKFLOW} may bear"],
        ),
        ("jobs: {x: {name: remyx / default (develop)}}\n", []),
        ("jobs: {x: {name: 'remyx / ${{ matrix.policy }} (develop)'}}\n", []),
        ("jobs: {other: {uses: org/repo/.github/workflows/x.yml@v1}}\n", []),
        ("jobs: {remyx: {steps: [{name: remyx / default (main)}]}}\n", []),
        ("name: remyx / default (main)\njobs: {}\n", []),
        ("jobs: [x]\n", []),
        ("jobs: {x: 3, y: {name: 7}}\n", []),
        ("- not a workflow\n", []),
        ("jobs: {", []),
    ],
)
def test_a_job_that_bears_the_name_of_the_check_is_reported(text: str, said: list[str]) -> None:
    assert said == bearing(text)


def test_a_job_of_a_called_workflow_is_listed_below_its_caller() -> None:
    caller = "jobs: {remyx: {uses: ./.github/workflows/called.yml}}\n"
    ours = "jobs: {x: {name: default (main)}}\n"
    assert [f"a job of {WORKFLOW} bears"] == bearing(caller, **{CALLED: ours})
    assert [] == bearing(caller, **{CALLED: "jobs: {x: {name: build}}\n"})
    assert [] == bearing(caller, **{CALLED: caller.replace("called", "a")})  # each calls the other


@pytest.mark.parametrize("form", ["", "calls/"])
@pytest.mark.parametrize(
    ("files", "is_told"),
    [
        (["remyx.yml"], True),
        (["remyx.yml", "remyx-forks.yml"], False),
        (["remyx-shards.yml", "remyx-baseline.yml"], True),
        ([], False),
    ],
)
def test_forks_that_get_no_check_are_reported(files: list[str], form: str, *, is_told: bool) -> None:
    texts = {f".github/workflows/{name}": (EXAMPLES / form / name).read_bytes() for name in files}
    notes = notes_of_workflows(texts, [CHECK])
    assert ["pull requests from forks never get the check" in note for note in notes] == [True] * is_told


@pytest.mark.parametrize("form", ["", "calls/"])
@pytest.mark.parametrize("filter_", ["paths: [src/**]", "paths-ignore: [docs/**]", "branches: [main]"])
def test_a_filter_by_path_that_leaves_the_check_pending_is_reported(form: str, filter_: str) -> None:
    text = (EXAMPLES / form / "remyx.yml").read_text().replace("branches: [main]", filter_, 1)
    notes = notes_of_workflows({WORKFLOW: text.encode(), ".github/workflows/forks.yml": FORKS}, [CHECK])
    assert [f"{WORKFLOW} is skipped where" in note for note in notes] == [True] * ("paths" in filter_)
    others = "on: {pull_request: {paths: [src/**]}}\njobs: {a: {steps: [{run: make}]}}\n"
    assert [] == bearing(others)


@pytest.mark.parametrize("form", ["", "calls/"])
def test_no_job_of_the_example_workflows_bears_the_name_of_a_check(form: str) -> None:
    texts = {f".github/workflows/{path.name}": path.read_bytes() for path in (EXAMPLES / form).glob("*.yml")}
    checks = [CHECK, "remyx / strict (main)", "remyx / models/a / default (main)"]
    assert () == notes_of_workflows(texts, checks)
