"""`doctor` on recorded shapes of rules, asked over HTTP of the stand-in for GitHub: a table of items each."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml

from remyx_action.commands.doctor import Branch, branch_of_clone, doctor, knowing_enforcement
from remyx_action.commands.run.request import World as RunWorld
from remyx_action.errors import Exit, WrongUsage
from remyx_action.github.client import Client, Connection
from remyx_action.github.settings import Runner
from remyx_action.policy.isolation import Isolation
from remyx_action.policy.isolation import enforced as enforced_level
from remyx_action.policy.lock_state import NEEDED
from remyx_action.project.codeowners import with_block
from remyx_action.project.models import Template
from remyx_action.project.protected import protected_paths
from remyx_action.report.render.words import lock_words
from support.github_stand_in.world import Fault
from support.jobs import MAY_POST, TOKEN, Jobs, jobs_on
from support.small_project import FILES, POLICY, TEMPLATE, UNLOCKED, locked, model

SHAPES = sorted((Path(__file__).parents[1] / "examples/doctor").glob("*.yaml"))
ASKING = "token-of-an-asker"
PATHS = protected_paths(Template.model_validate(yaml.safe_load(TEMPLATE)))
OWNED = with_block("", PATHS, ["@org/leads"])


def told(shape: dict[str, Any], scratch: Path) -> Iterator[Jobs]:
    """A repository that GitHub tells this of."""
    text = OWNED if shape.get("codeowners") == "locked" else shape.get("codeowners")
    owners: dict[str, str | None] = {".github/CODEOWNERS": text} if text else {}
    for jobs in jobs_on(scratch, {**FILES, **owners}):
        jobs.world.allow(ASKING, **shape["token"])
        jobs.world.rules["main"] = shape.get("rules", [])
        jobs.world.rulesets = shape.get("rulesets", [])
        jobs.world.codeowners_errors = shape.get("errors", [])
        if "protection" in shape:
            jobs.world.protections["main"] = shape["protection"]
        if "fault" in shape:
            jobs.world.faults.append(Fault(kind="502 before", matching=f"GET .*{shape['fault']}.*", times=99))
        yield jobs


def client_of(jobs: Jobs) -> Client:
    connection = Connection(
        api_url=jobs.stand_in.address, repository=jobs.world.repository, token=ASKING, timeout_seconds=60
    )
    return Client(connection, sleep=lambda _: None)


def branch_of(jobs: Jobs, scratch: Path) -> Branch:
    folder = jobs.clone(scratch / "asked", "refs/heads/main")
    base = jobs.world.base(jobs.pull)
    return Branch(root=folder, repository=jobs.world.repository, name="main", base=base)


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_a_recorded_shape_has_its_table(path: Path, tmp_path: Path) -> None:
    """`REWRITE_GOLDEN=1 uv run pytest tests/commands/test_doctor.py` writes the tables anew."""
    shape = yaml.safe_load(path.read_text())
    for jobs in told(shape, tmp_path):
        branch = branch_of(jobs, tmp_path)
        said = doctor(client_of(jobs), branch, width=100)
        answer = json.loads(doctor(client_of(jobs), branch, format="json").output)
    expected = path.with_suffix(".txt")
    if os.environ.get("REWRITE_GOLDEN"):
        expected.write_text(said.output)
    assert said.output == expected.read_text()
    states = {item["id"]: item["state"] for item in answer["items"]}
    needs = any(states.get(id_) == "unknown" for id_ in NEEDED)
    missing = "missing" in states.values()
    assert said.exit is (Exit.FILES_WRONG if missing else Exit.NOT_JUDGED if needs else Exit.SHIP)


@pytest.fixture
def enforced(tmp_path: Path) -> Iterator[Jobs]:
    """A branch whose policy asks for a lock that is enforced, and whose rules enforce it."""
    shape = yaml.safe_load(SHAPES[0].with_name("ruleset-seen-by-a-workflow.yaml").read_text())
    files = locked(UNLOCKED | {".remyx/policies/default.yaml": f"{POLICY}require_lock: locked\n"})
    for jobs in jobs_on(tmp_path, {**files, ".github/CODEOWNERS": OWNED}):
        jobs.world.rules["main"] = shape["rules"]
        jobs.world.rulesets = shape["rulesets"]
        jobs.world.allow(TOKEN, **MAY_POST, administration="write")
        yield jobs


def test_a_policy_that_asks_for_an_enforced_lock_ships_where_it_is(enforced: Jobs) -> None:
    ended = enforced.step("run")
    assert ("ship", "bar_met") == ended.verdict
    assert "locked" == ended.report["judged_under"]["lock"]


def test_without_an_owner_s_review_it_does_not_ship(enforced: Jobs) -> None:
    enforced.world.rules["main"][0]["parameters"]["require_code_owner_review"] = False
    assert ("iterate", "not_locked") == enforced.step("run").verdict


def test_a_token_that_cannot_see_who_may_bypass_proves_nothing(enforced: Jobs) -> None:
    enforced.world.allow(TOKEN, **MAY_POST)
    ended = enforced.step("run")
    assert ("iterate", "not_locked") == ended.verdict
    assert ended.report["judged_under"]["lock"].startswith("captured: who may bypass ruleset 12")


def test_owners_that_only_the_pull_request_names_do_not_count(enforced: Jobs) -> None:
    enforced.world.history.write("main", {".github/CODEOWNERS": "* @org/leads\n/.remyx/policies/\n"})
    enforced.propose({"model.yaml": model("better"), "CODEOWNERS": OWNED})
    assert ("iterate", "not_locked") == enforced.step("run").verdict


def test_the_mode_tells_what_the_pull_request_would_do_to_its_owners(enforced: Jobs) -> None:
    enforced.propose({".github/CODEOWNERS": "*.md @writer\n"})
    ended = enforced.step("doctor")
    assert Exit.FILES_WRONG == ended.exit
    assert "has no owner after the merge" in ended.said


def test_the_mode_tells_that_a_pull_request_deletes_the_owners(enforced: Jobs) -> None:
    enforced.propose({".github/CODEOWNERS": None})
    ended = enforced.step("doctor")
    assert Exit.FILES_WRONG == ended.exit
    assert "has no owner after the merge" in ended.said


REQUIRED = {"path": ".github/workflows/remyx.yml", "repository_id": 42}
RUNNING: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "the required one": ({}, {}, True),
    "of an administrator's list": ({}, {"bypass_actors": None}, False),
    "that writers may bypass": (
        {},
        {"bypass_actors": [{"actor_id": 4, "actor_type": "RepositoryRole", "bypass_mode": "always"}]},
        False,
    ),
    "another file": ({"workflow": "remyx-team/spatial/.github/workflows/other.yml"}, {}, False),
    "of another repository": ({"repository_id": 43}, {}, False),
    "that the runner does not name": ({"workflow": None}, {}, False),
}


@pytest.mark.parametrize("running", RUNNING)
def test_only_a_verdict_of_the_required_workflow_is_out_of_reach(
    enforced: Jobs, tmp_path: Path, running: str
) -> None:
    given, changed, is_out = RUNNING[running]
    world = enforced.world
    rule = {"type": "workflows", "parameters": {"workflows": [REQUIRED]}}
    of = {"ruleset_id": 77, "ruleset_source_type": "Organization", "ruleset_source": world.owner}
    world.rules["main"].append(rule | of)
    ruleset = {
        "id": 77,
        "name": "required",
        "target": "branch",
        "source": world.owner,
        "source_type": "Organization",
        "enforcement": "active",
        "bypass_actors": [],
    } | changed
    world.rulesets.append({key: value for key, value in ruleset.items() if value is not None})
    world.allow(ASKING, **MAY_POST, metadata="read", administration="write")
    values: dict[str, Any] = {
        "api_url": enforced.stand_in.address,
        "server_url": enforced.stand_in.address,
        "repository": world.repository,
        "run_id": 1,
        "run_attempt": 1,
        "token": ASKING,
        "summary_file": None,
        "output_file": None,
        "workflow": f"{world.repository}/.github/workflows/remyx.yml",
        "repository_id": 42,
    } | given
    runner = Runner(**values)
    branch = branch_of(enforced, tmp_path)
    asking = knowing_enforcement(RunWorld(), client_of(enforced), branch, runner)
    found = asking.out_of_reach(Template.model_validate(yaml.safe_load(TEMPLATE)), branch.base)
    assert bool(found) is is_out


def test_numbers_that_were_made_apart_are_enforced_where_the_verdict_is_out_of_reach() -> None:
    assert [0, 1, 3] == [
        enforced_level(Isolation(level=level, note="made"), ["the workflow is required"]).level
        for level in range(3)
    ]
    assert enforced_level(Isolation(level=2, note="made"), []).level == 2


DRIFTED: dict[str, str | None] = {
    ".remyx/policies/default.yaml": f"{POLICY.replace('0.02', '0.01')}require_lock: locked\n"
}
STATES: dict[str, tuple[dict[str, Any], dict[str, str | None], str]] = {
    "locked": ({"administration": "write"}, {}, "🔒 evaluation locked"),
    "captured": ({}, {}, "📌 evaluation as in its lock file"),
    "unowned": (
        {"administration": "write"},
        {".github/CODEOWNERS": None},
        "📌 evaluation as in its lock file",
    ),
    "drifted": (
        {"administration": "write"},
        DRIFTED,
        "⚠️ evaluation not locked: policy default drifted from the lock",
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_one_state_of_the_lock_is_reported_in_the_same_words_everywhere(enforced: Jobs, state: str) -> None:
    more, files, words = STATES[state]
    enforced.world.allow(TOKEN, **MAY_POST | more)
    if files:
        enforced.world.history.write("main", files)
        enforced.propose({"model.yaml": model("better")})
    ended = enforced.step("run")
    assert " ".join(lock_words(ended.report["judged_under"]["lock"])).startswith(words)
    (comment,) = enforced.ours()
    page = next(ended.out.rglob("report.html")).read_text()
    told = {
        "doctor": " ".join(enforced.step("doctor").said.split()),
        "comment": comment.body.replace("\\", ""),
        "page": unescape(re.sub(r"<[^>]+>", " ", page)),
    }
    symbol, _, said = words.partition(" ")
    for where, text in told.items():
        assert said in " ".join(text.split()), where
        assert symbol in text, where


@pytest.mark.parametrize(
    ("codeowners", "said"),
    [
        (f"{OWNED}*.yaml    @mallory\n/.github/ @mallory\n", "is owned by @mallory after the merge (line"),
        (OWNED.replace("@org/leads", "@mallory"), "not by @org/leads as the lock of small records"),
        (f"{OWNED}/evaluation/ @org/leads @mallory\n", "/evaluation/ is owned by @org/leads @mallory after"),
        ("* @mallory\n", "is owned by @mallory after the merge (line 1 of CODEOWNERS)"),
    ],
)
def test_the_mode_tells_that_a_pull_request_hands_the_bar_over(
    enforced: Jobs, codeowners: str, said: str
) -> None:
    enforced.propose({".github/CODEOWNERS": codeowners})
    ended = enforced.step("doctor")
    assert Exit.FILES_WRONG == ended.exit
    assert said in " ".join(ended.said.split())


def test_a_pull_request_that_names_the_same_owners_otherwise_hands_nothing_over(enforced: Jobs) -> None:
    enforced.propose({".github/CODEOWNERS": "# reviewed by the leads\n* @Org/LEADS\n"})
    ended = enforced.step("doctor")
    assert "owned after the merge by @Org/LEADS" in " ".join(ended.said.split())


def test_nothing_is_asked_where_no_policy_wants_to_know(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, FILES, **MAY_POST):
        jobs.step("run")
        assert [] == [
            call for call in jobs.world.calls if "rules" in call.target or "protection" in call.target
        ]


def test_a_clone_says_which_repository_and_branch_it_is_of(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path):
        folder = jobs.clone(tmp_path / "clone", "refs/heads/main")
        with pytest.raises(WrongUsage, match="lies in no git repository"):
            branch_of_clone(tmp_path, repository=None, branch=None)
        branch = branch_of_clone(folder, repository="remyx-team/spatial", branch=None)
        assert ("main", jobs.world.base(jobs.pull)) == (branch.name, branch.base)
