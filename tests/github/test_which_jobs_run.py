"""Whether a job of ours runs, is cancelled or gets a secret, as the expressions of its workflow decide."""

from __future__ import annotations

from fnmatch import fnmatch
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.github_stand_in.expressions import evaluate, filled_in, holds
from support.pages import ROOT

EXAMPLES = ROOT / "examples" / "workflows"
CALLED = ROOT / ".github" / "workflows"
JUDGING = ["remyx", "remyx-shards", "calls/remyx", "calls/remyx-shards"]
REPOSITORY = "remyx-team/spatial"


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def github(event: Any, *, name: str = "pull_request", run: int = 1, file: str = "remyx.yml") -> Any:
    """The context of a run, as GitHub fills it in."""
    number = event.get("number")
    ref = event["merge_group"]["head_ref"] if name == "merge_group" else f"refs/pull/{number}/merge"
    return {
        "event": event,
        "event_name": name,
        "ref": ref,
        "repository": REPOSITORY,
        "run_id": run,
        "workflow_ref": f"{REPOSITORY}/.github/workflows/{file}@{ref}",
    }


def pull_request(
    action: str = "synchronize", *, number: int = 7, draft: bool = False, head: str | None = REPOSITORY
) -> Any:
    changes = {"title": {"from": "x"}} if action == "edited" else {"base": {"ref": {"from": "develop"}}}
    action = action.replace("retargeted", "edited")
    repository = None if head is None else {"full_name": head}
    return {
        "action": action,
        "number": number,
        "changes": changes if action == "edited" else None,
        "pull_request": {"number": number, "draft": draft, "head": {"repo": repository}},
    }


def merge_group(of: str = "a") -> Any:
    return {
        "action": "checks_requested",
        "merge_group": {"head_ref": f"refs/heads/gh-readonly-queue/main/{of}"},
    }


def judging(form: str) -> Any:
    """The workflow whose jobs judge, and the inputs that its caller gives."""
    workflow = loaded(EXAMPLES / f"{form}.yml")
    if "calls" not in form:
        return workflow, {}
    (job,) = workflow["jobs"].values()
    called = loaded(CALLED / job["uses"].partition("@")[0].rpartition("/")[2])
    defaults = {name: about["default"] for name, about in called[True]["workflow_call"]["inputs"].items()}
    return called, defaults | job["with"]


def group(form: str, context: Any, **inputs: str) -> str:
    workflow, given = judging(form)
    assert workflow["concurrency"]["cancel-in-progress"] is True
    named = {name.replace("_", "-"): value for name, value in inputs.items()}
    return filled_in(workflow["concurrency"]["group"], {"github": context, "inputs": given | named})


@pytest.mark.parametrize("form", JUDGING)
def test_only_a_newer_commit_or_base_ends_an_evaluation(form: str) -> None:
    running = group(form, github(pull_request("opened"), run=1))
    for action in ("synchronize", "reopened", "ready_for_review", "retargeted"):
        assert running == group(form, github(pull_request(action), run=2))
    apart = [
        github(pull_request("edited"), run=2),
        github(pull_request("edited"), run=3),
        github(pull_request(number=8), run=2),
        github(merge_group("a"), name="merge_group"),
        github(merge_group("b"), name="merge_group"),
    ]
    groups = [running, *(group(form, context) for context in apart)]
    assert len(groups) == len(set(groups))


PAIRS = [*combinations(JUDGING, 2), *zip(JUDGING, JUDGING, strict=True)]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_workflows_of_a_repository_never_end_each_other(one: str, other: str) -> None:
    """Of any two forms, and of one that is copied for a second policy and keeps its name."""
    event = pull_request()
    first = group(one, github(event, file="remyx.yml"))
    assert first != group(other, github(event, file="remyx-strict.yml"))
    if "calls" in one and "calls" in other:  # two jobs of one workflow
        assert first != group(other, github(event), policy="strict")
        assert first != group(other, github(event), working_directory="models/a")


@pytest.mark.parametrize("form", JUDGING)
@pytest.mark.parametrize(
    ("context", "runs"),
    [
        (github(pull_request("opened")), True),
        (github(pull_request("synchronize")), True),
        (github(pull_request("ready_for_review")), True),
        (github(pull_request("retargeted")), True),
        (github(pull_request("edited")), False),
        (github(pull_request("synchronize", draft=True)), False),
        (github(pull_request("retargeted", draft=True)), False),
        (github(merge_group(), name="merge_group"), True),
    ],
)
def test_titles_and_drafts_start_no_job(form: str, context: Any, *, runs: bool) -> None:
    workflow, _ = judging(form)
    needs = {"plan": {"outputs": {"matrix": "{}" if runs else ""}}}
    found = {
        name: holds(job["if"], {"github": context, "needs": needs}) for name, job in workflow["jobs"].items()
    }
    assert found == dict.fromkeys(workflow["jobs"], runs)


@pytest.mark.parametrize("path", [EXAMPLES / "remyx-forks.yml", CALLED / "forks.yml"], ids=["long", "called"])
@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ({}, True),
        ({"conclusion": "failure"}, True),
        ({"conclusion": "timed_out"}, True),
        ({"conclusion": "skipped"}, False),
        ({"conclusion": "cancelled"}, False),
        ({"conclusion": "action_required"}, False),
        ({"event": "merge_group"}, False),
        ({"event": "push"}, False),
        ({"head_repository": {"full_name": REPOSITORY}}, False),
    ],
)
def test_the_second_workflow_looks_at_how_the_first_ended(path: Path, changes: Any, *, runs: bool) -> None:
    ended = {
        "event": "pull_request",
        "conclusion": "success",
        "head_repository": {"full_name": "stranger/spatial"},
    }
    event = {"workflow_run": ended | changes}
    (job,) = loaded(path)["jobs"].values()
    assert runs == holds(job["if"], {"github": {"event": event, "repository": REPOSITORY}})


@pytest.mark.parametrize(
    ("name", "context", "is_given"),
    [
        *(
            (name, context, is_given)
            for name in ("evaluate", "shards")
            for context, is_given in (
                (github(pull_request()), True),
                (github(merge_group(), name="merge_group"), True),
                (github(pull_request(head="stranger/spatial")), False),
                (github(pull_request(head=None)), False),
                (github({"number": 1}, name="push"), False),
            )
        ),
        ("baseline", github({}, name="push"), True),
        ("baseline", github({}, name="schedule"), True),
        ("baseline", github(pull_request()), False),
    ],
)
def test_a_secret_reaches_the_step_that_measures_and_never_a_fork_s_code(
    name: str, context: Any, *, is_given: bool
) -> None:
    text = (CALLED / f"{name}.yml").read_text()
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"] if "env" in step]
    (step,) = steps
    assert ("cache" if name == "baseline" else "measure") == step["with"]["mode"]
    assert 1 == text.count("secrets.")
    contexts = {"github": context, "secrets": {"REMYX_SECRETS": "HF_TOKEN=x"}}
    assert ("HF_TOKEN=x" if is_given else "") == filled_in(step["env"]["REMYX_SECRETS"], contexts)
    assert "" == filled_in(step["env"]["REMYX_SECRETS"], contexts | {"secrets": {}})


@pytest.mark.parametrize("name", ["evaluate", "shards"])
@pytest.mark.parametrize(
    ("machine", "found"),
    [
        ("ubuntu-latest", "ubuntu-latest"),
        ('["self-hosted", "gpu"]', ["self-hosted", "gpu"]),
    ],
)
def test_a_machine_is_a_label_or_a_list_of_several(name: str, machine: str, found: Any) -> None:
    for job in loaded(CALLED / f"{name}.yml")["jobs"].values():
        expression = job["runs-on"].removeprefix("${{").removesuffix("}}")
        assert found == evaluate(expression, {"inputs": {"runs-on": machine, "judge-on": machine}})


def artifact(form: str, action: str, *, policy: str = "default") -> list[str]:
    """The names under which a form uploads results, or the names and patterns that it downloads."""
    if "forks" not in form:
        workflow, inputs = judging(form)
    else:
        workflow = loaded(CALLED / "forks.yml" if "calls" in form else EXAMPLES / "remyx-forks.yml")
        inputs = {"policy": "default"}
    contexts = {"inputs": inputs | {"policy": policy}, "matrix": {"name": "small-0-of-3"}}
    steps = [
        step for job in workflow["jobs"].values() for step in job["steps"] if action in step.get("uses", "")
    ]
    named = [str(step["with"].get("name") or step["with"].get("pattern")) for step in steps]
    found = [filled_in(name, contexts) for name in named]
    return [name for name in found if "results" in name]


@pytest.mark.parametrize("form", JUDGING)
@pytest.mark.parametrize("other", ["", "remyx-forks", "calls/remyx-forks"])
def test_every_form_of_the_second_workflow_finds_what_any_form_of_the_first_left(
    form: str, other: str
) -> None:
    """The judging job of the first one, too; and nobody finds what was left for another policy."""
    (left,) = artifact(form, "upload-artifact")
    (wanted,) = artifact(other or form, "download-artifact")
    assert fnmatch(left, wanted)
    if "calls" in form:
        (strict,) = artifact(form, "upload-artifact", policy="strict")
        assert not fnmatch(strict, wanted)
        (every,) = artifact(form, "upload-artifact", policy="")
        assert not fnmatch(every, wanted)
