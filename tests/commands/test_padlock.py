"""A padlock is a proof: what doctor makes of every situation that GitHub's API can give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import fields

from remyx_action.commands.doctor import Branch, doctor
from remyx_action.errors import Exit, NotJudged
from remyx_action.github.client import Client, Connection
from remyx_action.policy.lock_state import (
    NEEDED,
    MissingProtection,
    Padlock,
    UnknownProtection,
    Verified,
    state_of,
)
from remyx_action.project.codeowners import with_block
from remyx_action.project.models import Template
from remyx_action.project.protected import protected_paths
from support.github_stand_in.history import History
from support.github_stand_in.server import StandIn, serve
from support.github_stand_in.world import Fault, World
from support.protections import (
    CHECK,
    COVERING,
    DELETION,
    FORCE_PUSHES,
    MERGE_QUEUE,
    OF_A_JOB,
    PLAN,
    WORKFLOW,
    Ruleset,
    Situation,
    actor,
    allowed,
    checks,
    classic,
    pull_request,
    reviewers,
    reviews,
    without,
)
from support.repositories import git
from support.small_project import FILES, TEMPLATE

PATHS = protected_paths(Template.model_validate(yaml.safe_load(TEMPLATE)))
OWNED = with_block("", PATHS, ["@org/leads"])
RULES = (
    "owner-review approvals stale-reviews last-push required-check up-to-date force-pushes deletion bypass"
)
ITEMS = {*RULES.split(), "lock-file", "check-app", "codeowners", "ownership"}
LINEAR = Ruleset(rules=[{"type": "required_linear_history"}], bypass=[actor("RepositoryRole", 4)])


def of(*rules: object, **given: object) -> Ruleset:
    return Ruleset(rules=list(rules), **given)  # type: ignore[arg-type]


def bypassed(name: str, *actors: object, says: str) -> Situation:
    return Situation(
        name=f"bypass: {name}",
        rulesets=[Ruleset(bypass=list(actors))],
        missing="bypass",
        exit=3,
        padlock=False,
        says=says,
    )


def allowing(kind: str, world: World) -> object:
    return classic(**allowed(world, kind, "mallory"))


def refused(matching: str, status: int = 404, message: str = "Not Found") -> Fault:
    return Fault(kind="refused", matching=matching, status=status, message=message, times=99)


def changed(matching: str, change: Callable[[Any], Any]) -> Fault:
    return Fault(kind="another answer", matching=matching, change=change, times=99)


def failing(matching: str) -> Fault:
    return Fault(kind="502 before", matching=matching, times=99)


def owned_and(text: str) -> Callable[[str], str]:
    return lambda owners: owners + text


OF_RULESETS = [
    Situation(name="the printed ruleset", exit=0, padlock=True, says="🔒 evaluation locked"),
    Situation(
        name="the same, asked with a job's token", token=OF_A_JOB, unknown="bypass", exit=4, padlock=False
    ),
    Situation(
        name="its bypass list is left out, and the asker is on it",
        rulesets=[Ruleset(bypass=None, more={"current_user_can_bypass": "always"})],
        missing="bypass",
        exit=3,
        padlock=False,
        says="whoever this token belongs to may bypass always",
    ),
    Situation(name="of an organization", rulesets=[Ruleset(source="Organization")], exit=0, padlock=True),
    Situation(
        name="of an organization, not readable",
        rulesets=[Ruleset(source="Organization", readable=False)],
        unknown="bypass",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="reviews by the organization, checks by the repository",
        rulesets=[of(pull_request(), DELETION, source="Organization"), of(checks(), FORCE_PUSHES)],
        exit=0,
        padlock=True,
    ),
    Situation(
        name="several, each a part of the review",
        rulesets=[
            of(pull_request(required_approving_review_count=0, require_last_push_approval=False)),
            of(pull_request(require_code_owner_review=False, dismiss_stale_reviews_on_push=False)),
            of(checks(), DELETION, FORCE_PUSHES),
        ],
        exit=0,
        padlock=True,
    ),
    Situation(
        name="evaluate mode",
        rulesets=[Ruleset(enforcement="evaluate")],
        missing=RULES,
        absent="check-app",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="disabled",
        rulesets=[Ruleset(enforcement="disabled")],
        missing=RULES,
        absent="check-app",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="listed as active, itself in evaluate mode",
        rulesets=[Ruleset(more={"enforcement": "evaluate"})],
        missing=RULES,
        absent="check-app",
        exit=3,
        padlock=False,
    ),
    Situation(name="none at all", rulesets=[], missing=RULES, absent="check-app", exit=3, padlock=False),
    Situation(
        name="without owner review",
        rulesets=[of(pull_request(require_code_owner_review=False), checks(), DELETION, FORCE_PUSHES)],
        missing="owner-review",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="without an approval",
        rulesets=[of(pull_request(required_approving_review_count=0), checks(), DELETION, FORCE_PUSHES)],
        missing="approvals",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="stale approvals stay",
        rulesets=[of(pull_request(dismiss_stale_reviews_on_push=False), checks(), DELETION, FORCE_PUSHES)],
        missing="stale-reviews",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="the last push needs no approval",
        rulesets=[of(pull_request(require_last_push_approval=False), checks(), DELETION, FORCE_PUSHES)],
        missing="last-push",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="branches may be behind",
        rulesets=[of(pull_request(), checks(strict=False), DELETION, FORCE_PUSHES)],
        missing="up-to-date",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="a merge queue",
        rulesets=[of(pull_request(), checks(strict=False), DELETION, FORCE_PUSHES, MERGE_QUEUE)],
        exit=0,
        padlock=True,
    ),
    Situation(
        name="may be deleted",
        rulesets=[of(pull_request(), checks(), FORCE_PUSHES)],
        missing="deletion",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="may be force-pushed",
        rulesets=[of(pull_request(), checks(), DELETION)],
        missing="force-pushes",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="parameters left out",
        rulesets=[of({"type": "pull_request"}, checks(), DELETION, FORCE_PUSHES)],
        unknown="owner-review approvals stale-reviews last-push",
        exit=4,
        padlock=False,
    ),
]
OF_CHECKS = [
    Situation(
        name="check: another app's",
        rulesets=[of(pull_request(), checks(99999), DELETION, FORCE_PUSHES)],
        missing="check-app",
        exit=3,
        padlock=True,
        says="must come from app 99999",
    ),
    Situation(
        name="check: any app's",
        rulesets=[of(pull_request(), checks(None), DELETION, FORCE_PUSHES)],
        missing="check-app",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="check: any app's, where not all rules are seen",
        rulesets=[of(pull_request(), checks(None), DELETION, FORCE_PUSHES)],
        classic=classic(),
        faults=[refused("/protection$", 403, "Resource not accessible by integration")],
        unknown="check-app",
        exit=0,
        padlock=True,
    ),
    Situation(
        name="check: pinned, then any app's", rulesets=[Ruleset(), of(checks(None))], exit=0, padlock=True
    ),
    Situation(
        name="check: any app's, then pinned", rulesets=[of(checks(None)), Ruleset()], exit=0, padlock=True
    ),
    Situation(
        name="check: ours and another app's", rulesets=[of(checks(99999)), Ruleset()], exit=0, padlock=True
    ),
    Situation(
        name="check: pinned by rules that writers bypass, any app's by others",
        rulesets=[
            of(checks(), bypass=[actor("RepositoryRole", 4)]),
            of(pull_request(), checks(None), DELETION, FORCE_PUSHES),
        ],
        missing="bypass",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="check: another policy's only",
        rulesets=[of(pull_request(), checks(name="remyx / strict (main)"), DELETION, FORCE_PUSHES)],
        missing="required-check",
        absent="check-app",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="check: another branch's only",
        rulesets=[of(pull_request(), checks(name="remyx / default (develop)"), DELETION, FORCE_PUSHES)],
        missing="required-check",
        absent="check-app",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="check: none",
        rulesets=[of(pull_request(), DELETION, FORCE_PUSHES)],
        missing="required-check up-to-date",
        absent="check-app",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="check: of a dedicated App",
        rulesets=[of(pull_request(), checks(4242), DELETION, FORCE_PUSHES)],
        app_id=4242,
        exit=0,
        padlock=True,
        says="the check belongs to app 4242",
    ),
    Situation(
        name="check: of GitHub Actions, posted by an App",
        app_id=4242,
        missing="check-app",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="check: GitHub Actions of another server",
        rulesets=[of(pull_request(), checks(7), DELETION, FORCE_PUSHES)],
        apps={"github-actions": 7},
        exit=0,
        padlock=True,
    ),
    Situation(
        name="check: another app's, on a server that does not tell its apps",
        rulesets=[of(pull_request(), checks(7), DELETION, FORCE_PUSHES)],
        apps={},
        missing="check-app",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="check: github.com's GitHub Actions, on another server",
        apps={"github-actions": 7},
        missing="check-app",
        exit=3,
        padlock=True,
        says="must come from app 15368, and ours comes from GitHub Actions: it never will",
    ),
    Situation(
        name="check: github.com's and this server's",
        rulesets=[of(checks(7)), Ruleset()],
        apps={"github-actions": 7},
        exit=0,
        padlock=True,
    ),
    Situation(
        name="check: classic, github.com's GitHub Actions on another server",
        rulesets=[],
        classic=classic(),
        apps={"github-actions": 7},
        missing="check-app",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="check: an app's, on a server that does not answer which its own is",
        faults=[failing("/apps/")],
        unknown="check-app",
        exit=0,
        padlock=True,
        says="which one GitHub Actions is here was not readable",
    ),
    Situation(
        name="check: of GitHub Actions of another server, named with --app-id",
        rulesets=[of(pull_request(), checks(7), DELETION, FORCE_PUSHES)],
        apps={"github-actions": 7},
        app_id=7,
        exit=0,
        padlock=True,
        says='"level_3": []',
    ),
    Situation(
        name="check: any app's in a ruleset, pinned by classic protection",
        rulesets=[of(checks(None), DELETION)],
        classic=classic(),
        exit=0,
        padlock=True,
    ),
    Situation(
        name="check: pinned in a ruleset, any app's by classic protection",
        classic=classic(
            required_status_checks={
                "strict": True,
                "contexts": [CHECK],
                "checks": [{"context": CHECK, "app_id": None}],
            }
        ),
        exit=0,
        padlock=True,
    ),
    Situation(
        name="a required workflow",
        rulesets=[Ruleset(), of(WORKFLOW, source="Organization")],
        exit=0,
        padlock=True,
        says=".github/workflows/remyx.yml of repository 42 is required",
    ),
    *(
        Situation(
            name=f"a required workflow, {name}",
            rulesets=[Ruleset(), of(WORKFLOW, source="Organization", **given)],  # type: ignore[arg-type]
            exit=0,
            padlock=True,
            says='"level_3": []',
        )
        for name, given in {
            "which writers may bypass": {"bypass": [actor("RepositoryRole", 4)]},
            "whose bypass is hidden": {"bypass": None},
            "whose ruleset is not readable": {"readable": False},
        }.items()
    ),
    Situation(
        name="a job bears the check's name, and forks get none",
        files={".github/workflows/ci.yml": f"jobs: {{x: {{name: {CHECK}}}}}\n"},
        exit=0,
        padlock=True,
        says="bears the name of our check",
    ),
    Situation(
        name="a required workflow and no required check",
        rulesets=[of(pull_request(), DELETION, FORCE_PUSHES, MERGE_QUEUE, WORKFLOW)],
        missing="required-check",
        absent="check-app",
        exit=3,
        padlock=True,
    ),
]
OF_BYPASS = [
    bypassed("writers, always", actor("RepositoryRole", 4), says="the role write may bypass always"),
    bypassed("maintainers, always", actor("RepositoryRole", 2), says="the role maintain may bypass always"),
    bypassed(
        "administrators", actor("RepositoryRole", 5, "pull_request"), says="the role admin may bypass on pull"
    ),
    bypassed(
        "a role of the organization's own", actor("RepositoryRole", 1234), says="the role 1234 may bypass"
    ),
    bypassed("a team, always", actor("Team", 7), says="team 7 may bypass always"),
    bypassed(
        "a team, on pull requests",
        actor("Team", 7, "pull_request"),
        says="team 7 may bypass on pull requests",
    ),
    bypassed("an app", actor("Integration", 9), says="app 9 may bypass always"),
    bypassed("a user", actor("User", 3), says="user 3 may bypass always"),
    bypassed("a user, exempt", actor("User", 3, "exempt"), says="user 3 may bypass always, without a trace"),
    bypassed(
        "the organization's administrators", actor("OrganizationAdmin", 1), says="every administrator of the"
    ),
    bypassed("deploy keys", actor("DeployKey", None), says="every deploy key may bypass always"),
    bypassed(
        "a mode that is left out", {"actor_type": "Team", "actor_id": 7}, says="team 7 may bypass always"
    ),
    bypassed("two", actor("Team", 7), actor("Integration", 9), says="app 9 may bypass always"),
    Situation(
        name="bypass: of rules that are none of ours", rulesets=[Ruleset(), LINEAR], exit=0, padlock=True
    ),
    Situation(
        name="bypass: of rules that others repeat",
        rulesets=[Ruleset(bypass=[actor("Team", 7)]), Ruleset()],
        exit=0,
        padlock=True,
    ),
    Situation(
        name="bypass: of the check alone",
        rulesets=[of(pull_request(), DELETION, FORCE_PUSHES), of(checks(), bypass=[actor("Integration", 9)])],
        missing="bypass",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="bypass: hidden, of rules that are none of ours",
        rulesets=[Ruleset(), of({"type": "required_signatures"}, bypass=None)],
        exit=0,
        padlock=True,
    ),
    Situation(
        name="bypass: hidden, of rules that others repeat",
        rulesets=[Ruleset(), Ruleset(bypass=None)],
        exit=0,
        padlock=True,
    ),
    Situation(
        name="bypass: a part hidden, a part open",
        rulesets=[
            of(pull_request(), DELETION, FORCE_PUSHES, bypass=None),
            of(checks(), bypass=[actor("Team", 7)]),
        ],
        missing="bypass",
        exit=3,
        padlock=False,
    ),
]
OF_CLASSIC = [
    Situation(name="classic: complete", rulesets=[], classic=classic(), exit=0, padlock=True),
    *(
        Situation(
            name=f"classic: {kind} need no pull request",
            rulesets=[],
            classic=partial(allowing, kind),
            missing="bypass",
            exit=3,
            padlock=False,
            says="mallory may bypass always (classic protection)",
        )
        for kind in ("users", "teams", "apps")
    ),
    Situation(
        name="classic: administrators are exempt",
        rulesets=[],
        classic=classic(enforce_admins={"url": "https://github.invalid/", "enabled": False}),
        missing="bypass",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="classic: who needs no pull request is left out",
        rulesets=[],
        classic=classic(**reviews(bypass_pull_request_allowances=None)),
        unknown="bypass",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="classic: whether administrators are exempt is left out",
        rulesets=[],
        classic=classic(),
        faults=[changed("/protection$", without("enforce_admins"))],
        unknown="bypass",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="classic: of an older server, without the last push",
        rulesets=[],
        classic=classic(**reviews(require_last_push_approval=None)),
        unknown="last-push",
        exit=0,
        padlock=True,
    ),
    Situation(
        name="classic: of an older server, checks without apps",
        rulesets=[],
        classic=classic(),
        faults=[changed("/protection$", without("required_status_checks", "checks"))],
        unknown="check-app",
        exit=0,
        padlock=True,
    ),
    Situation(
        name="classic: without owner review",
        rulesets=[],
        classic=classic(**reviews(require_code_owner_reviews=False)),
        missing="owner-review",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="classic: without reviews",
        rulesets=[],
        classic=without("required_pull_request_reviews")(classic()),
        missing="owner-review approvals stale-reviews last-push",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="classic: may be force-pushed",
        rulesets=[],
        classic=classic(allow_force_pushes={"enabled": True}),
        missing="force-pushes",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="classic: may be deleted",
        rulesets=[],
        classic=classic(allow_deletions={"enabled": True}),
        missing="deletion",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="classic: any app's check",
        rulesets=[],
        classic=classic(
            required_status_checks={
                "strict": True,
                "contexts": [CHECK],
                "checks": [{"context": CHECK, "app_id": None}],
            }
        ),
        missing="check-app",
        exit=3,
        padlock=True,
    ),
    Situation(
        name="classic: not readable, no ruleset",
        rulesets=[],
        classic=classic(),
        token=OF_A_JOB,
        unknown=RULES,
        absent="check-app",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="classic: not readable, beside the printed ruleset",
        classic=classic(),
        faults=[refused("/protection$", 403, "Resource not accessible by integration")],
        exit=0,
        padlock=True,
    ),
    Situation(
        name="classic: 404, beside a ruleset that lets branches be behind",
        rulesets=[of(pull_request(), checks(strict=False), DELETION, FORCE_PUSHES)],
        classic=classic(),
        faults=[refused("/protection$", 404, "Branch not protected")],
        unknown="up-to-date",
        exit=0,
        padlock=True,
    ),
    Situation(
        name="classic: reviews there, the check in a ruleset",
        rulesets=[of(checks())],
        classic=without("required_status_checks")(classic()),
        exit=0,
        padlock=True,
    ),
    Situation(
        name="classic: bypassed, beside the printed ruleset",
        classic=lambda world: classic(**allowed(world, "users", "mallory")),
        exit=0,
        padlock=True,
    ),
    Situation(
        name="classic: complete, beside a bypassed ruleset",
        rulesets=[Ruleset(bypass=[actor("RepositoryRole", 4)])],
        classic=classic(),
        exit=0,
        padlock=True,
    ),
]
OF_REVIEWERS = [
    Situation(
        name="reviewers: a team for every protected path",
        rulesets=[
            of(
                pull_request(
                    require_code_owner_review=False,
                    required_approving_review_count=0,
                    required_reviewers=[reviewers(*COVERING)],
                ),
                checks(),
                DELETION,
                FORCE_PUSHES,
            )
        ],
        exit=0,
        padlock=True,
    ),
    Situation(
        name="reviewers: two teams, a part each",
        rulesets=[
            of(pull_request(require_code_owner_review=False, required_reviewers=[reviewers(*COVERING[:3])])),
            of(
                pull_request(
                    require_code_owner_review=False, required_reviewers=[reviewers(*COVERING[3:], team=8)]
                ),
                checks(),
                DELETION,
                FORCE_PUSHES,
            ),
        ],
        exit=0,
        padlock=True,
    ),
    Situation(
        name="reviewers: two teams, a part each, one bypassed",
        rulesets=[
            of(
                pull_request(require_code_owner_review=False, required_reviewers=[reviewers(*COVERING[:3])]),
                bypass=[actor("RepositoryRole", 4)],
            ),
            of(
                pull_request(
                    require_code_owner_review=False, required_reviewers=[reviewers(*COVERING[3:], team=8)]
                ),
                checks(),
                DELETION,
                FORCE_PUSHES,
            ),
        ],
        missing="bypass",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="reviewers: of the bar alone",
        rulesets=[
            of(
                pull_request(require_code_owner_review=False, required_reviewers=[reviewers(".remyx/**")]),
                checks(),
                DELETION,
                FORCE_PUSHES,
            )
        ],
        missing="owner-review",
        exit=3,
        padlock=False,
        says="reviewers are named, but not for /.github/",
    ),
    Situation(
        name="reviewers: whose approval is optional",
        rulesets=[
            of(
                pull_request(
                    require_code_owner_review=False, required_reviewers=[reviewers(*COVERING, minimum=0)]
                ),
                checks(),
                DELETION,
                FORCE_PUSHES,
            )
        ],
        missing="owner-review",
        exit=3,
        padlock=False,
    ),
    *(
        Situation(
            name=f"reviewers: {' '.join(patterns)}",
            rulesets=[
                of(
                    pull_request(require_code_owner_review=False, required_reviewers=[reviewers(*patterns)]),
                    checks(),
                    DELETION,
                    FORCE_PUSHES,
                )
            ],
            unknown="owner-review",
            exit=4,
            padlock=False,
            says="GitHub does not document",
        )
        for patterns in (("**", "!.remyx/**"), ("**", "!docs/**"), ("*",))
    ),
    Situation(
        name="reviewers: everything",
        rulesets=[
            of(
                pull_request(require_code_owner_review=False, required_reviewers=[reviewers("**")]),
                checks(),
                DELETION,
                FORCE_PUSHES,
            )
        ],
        exit=0,
        padlock=True,
    ),
]
WRONG_OWNER = {
    "line": 2,
    "column": 26,
    "source": "/.remyx/metrics.yaml @org/leads",
    "kind": "Unknown owner",
    "suggestion": "make sure the team @org/leads exists, is publicly visible, and has write access",
    "message": "Unknown owner on line 2",
    "path": ".github/CODEOWNERS",
}
OF_OWNERS = [
    Situation(
        name="owners: a team without access",
        errors=[WRONG_OWNER],
        missing="codeowners",
        exit=3,
        padlock=False,
        says="make sure the team @org/leads exists",
    ),
    Situation(
        name="owners: an error without a suggestion",
        errors=[WRONG_OWNER | {"kind": "Invalid pattern", "suggestion": None}],
        missing="codeowners",
        exit=3,
        padlock=False,
        says="correct the line",
    ),
    Situation(
        name="owners: GitHub's errors not readable",
        faults=[refused("codeowners/errors")],
        unknown="codeowners",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="owners: no CODEOWNERS",
        owners=lambda _: None,
        missing="codeowners ownership",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="owners: handed over by a later glob",
        owners=owned_and("*.yaml    @mallory\n"),
        missing="ownership",
        exit=3,
        padlock=False,
        says="is owned by @mallory",
    ),
    Situation(
        name="owners: handed over by a later folder",
        owners=owned_and("/.github/ @mallory\n"),
        missing="ownership",
        exit=3,
        padlock=False,
        says="not by @org/leads as the lock of small records",
    ),
    Situation(
        name="owners: in other letters",
        owners=lambda text: text.replace("@org/leads", "@Org/Leads"),
        exit=0,
        padlock=True,
    ),
    Situation(
        name="owners: another one added",
        owners=owned_and("/.remyx/ @org/leads @mallory\n"),
        missing="ownership",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="owners: handed over in the block",
        owners=lambda text: text.replace("@org/leads", "@mallory"),
        missing="ownership",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="owners: a later line takes a folder away",
        owners=owned_and("/.remyx/policies/\n"),
        missing="ownership",
        exit=3,
        padlock=False,
        says="takes it away",
    ),
    Situation(
        name="owners: a later line takes new files away",
        owners=owned_and("/evaluation/*.py\n"),
        missing="ownership",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="owners: a later line about another folder",
        owners=owned_and("/docs/drafts/\n*.md @org/docs\n"),
        missing="ownership",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="owners: a later line about another folder only",
        owners=owned_and("/docs/drafts/\n"),
        exit=0,
        padlock=True,
    ),
    Situation(
        name="owners: later globs of another folder",
        owners=owned_and("/src/**/*.yaml @org/src\n/docs/*.md\n"),
        exit=0,
        padlock=True,
    ),
    Situation(name="owners: one line owns all", owners=lambda _: "* @org/leads\n", exit=0, padlock=True),
    Situation(name="owners: `**/*` owns all", owners=lambda _: "**/* @org/leads\n", exit=0, padlock=True),
    Situation(
        name="owners: `/*` owns the root's files alone",
        owners=lambda _: "/* @org/leads\n",
        missing="ownership",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="owners: a line that GitHub skips",
        owners=owned_and("!/docs/ @org/docs\n"),
        missing="codeowners",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="owners: too intricate to tell",
        owners=owned_and("*a" + "?" * 16 + "b\n*b" + "?" * 15 + "c\n"),
        unknown="ownership",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="lock: a metric changed since",
        files={".remyx/metrics.yaml": str(FILES[".remyx/metrics.yaml"]).replace("0.5", "0.6")},
        missing="lock-file",
        exit=3,
        padlock=False,
        says="⚠️ evaluation not locked: metrics.yaml drifted",
    ),
    Situation(
        name="lock: the harness changed since",
        files={"evaluation/evaluate.py": "print(1)\n"},
        missing="lock-file",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="lock: none", files={".remyx/locks/small.json": None}, missing="lock-file", exit=3, padlock=False
    ),
]
OF_ANSWERS = [
    Situation(
        name="the clone is behind",
        stale=True,
        unknown="lock-file codeowners ownership",
        exit=4,
        padlock=False,
        says="git fetch",
    ),
    Situation(
        name="the clone is behind, and GitHub's CODEOWNERS has an error",
        stale=True,
        errors=[WRONG_OWNER],
        missing="codeowners",
        unknown="lock-file ownership",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="the clone is behind, and rules are missing",
        rulesets=[of(checks(), DELETION, FORCE_PUSHES)],
        stale=True,
        missing="owner-review approvals stale-reviews last-push",
        unknown="lock-file codeowners ownership",
        exit=3,
        padlock=False,
    ),
    Situation(
        name="the branch is another than the clone's, of the same name",
        faults=[changed("spatial/branches/main$", lambda body: body | {"commit": {"sha": "0" * 40}})],
        unknown="lock-file codeowners ownership",
        exit=4,
        padlock=False,
        says="does not hold the branch's tip 000000000000",
    ),
    Situation(
        name="the branch's tip is left out",
        faults=[changed("spatial/branches/main$", without("commit"))],
        unknown="lock-file codeowners ownership",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="rules on two pages",
        rulesets=[of(*[{"type": "creation"}] * 120, pull_request(), checks(), DELETION, FORCE_PUSHES)],
        exit=0,
        padlock=True,
    ),
    Situation(
        name="more rules than anybody writes",
        rulesets=[of(*[{"type": "creation"}] * 2000, pull_request(), checks())],
        unknown=RULES,
        absent="check-app",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="the rules' answer never comes",
        faults=[failing("rules/branches")],
        unknown=RULES,
        absent="check-app",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="the rules' answer has another shape",
        faults=[changed("rules/branches", lambda _: {"rules": []})],
        unknown=RULES,
        absent="check-app",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="a rule has another shape",
        faults=[changed("rules/branches", lambda _: ["pull_request"])],
        unknown=RULES,
        absent="check-app",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="rules without the ruleset that they are of",
        faults=[
            changed(
                "rules/branches",
                lambda rules: [
                    {key: rule[key] for key in rule if not key.startswith("ruleset")} for rule in rules
                ],
            )
        ],
        unknown="bypass",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="a server older than rulesets",
        rulesets=[],
        classic=classic(),
        faults=[refused("rules/branches")],
        exit=0,
        padlock=True,
    ),
    Situation(
        name="a server older than rulesets, classic incomplete",
        rulesets=[],
        classic=classic(**reviews(require_code_owner_reviews=False)),
        faults=[refused("rules/branches")],
        unknown="owner-review",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="bypass actors of another shape",
        faults=[changed("/rulesets/1$", lambda body: {**body, "bypass_actors": {"team": 7}})],
        unknown="bypass",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="a bypass actor of another shape",
        faults=[changed("/rulesets/1$", lambda body: {**body, "bypass_actors": [7]})],
        unknown="bypass",
        exit=4,
        padlock=False,
    ),
    Situation(
        name="a rate limit that does not end",
        faults=[Fault(kind="secondary limit", matching="/rulesets/1$", times=99, retry_after_seconds=9000)],
        unknown="bypass",
        exit=4,
        padlock=False,
    ),
]
SITUATIONS = [*OF_RULESETS, *OF_CHECKS, *OF_BYPASS, *OF_CLASSIC, *OF_REVIEWERS, *OF_OWNERS, *OF_ANSWERS]
TOKEN = "token-of-an-asker"


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StandIn, World]]:
    """A repository whose main holds a locked project; the module's situations replace what protects it."""
    history = History(tmp_path_factory.mktemp("github") / "spatial.git")
    history.write("main", {**FILES, ".github/CODEOWNERS": OWNED})
    world = World(history=history)
    with serve(world) as stand_in:
        yield stand_in, world
    assert world.violations == []


@pytest.fixture(scope="module")
def clone(github: tuple[StandIn, World], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cloned(github[1], tmp_path_factory.mktemp("clones") / "clone")


def cloned(world: World, folder: Path) -> Path:
    git(folder.parent, "clone", "-q", f"file://{world.history.folder}", str(folder))
    return folder


def ask(situation: Situation, github: tuple[StandIn, World], clone: Path, scratch: Path) -> tuple[str, int]:
    stand_in, world = github
    before = world.history.commit("main")
    assert before
    changes = dict(situation.files or {})
    if situation.owners is not None:
        changes[".github/CODEOWNERS"] = situation.owners(OWNED)
    world.allow(TOKEN, **situation.token)  # type: ignore[arg-type]
    situation.install(world)
    client = Client(
        Connection(api_url=stand_in.address, repository=world.repository, token=TOKEN, timeout_seconds=60),
        sleep=lambda _: None,
    )
    try:
        if changes:
            world.history.write("main", changes)
            clone = cloned(world, scratch / "clone")
        base = world.history.commit("main")
        assert base
        if situation.stale:
            world.history.write("main", {"README.md": "Moved on.\n"})
        branch = Branch(root=clone, repository=world.repository, name="main", base=base)
        answer = doctor(client, branch, app_id=situation.app_id, format="json")
        return answer.output, answer.exit
    finally:
        world.history.git("update-ref", "refs/heads/main", before)
        world.faults.clear()


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_doctor_answers_what_the_situation_proves(
    situation: Situation,
    github: tuple[StandIn, World],
    clone: Path,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    output, exit_code = ask(situation, github, clone, tmp_path)
    answer = json.loads(output)
    found = {item["id"]: item["state"] for item in answer["items"]}
    expected = dict.fromkeys(ITEMS - set(situation.absent.split()), "verified")
    expected |= dict.fromkeys(situation.missing.split(), "missing")
    expected |= dict.fromkeys(situation.unknown.split(), "unknown")
    assert found == expected
    assert (exit_code, answer["enforced"]) == (situation.exit, situation.padlock)
    assert situation.says in output
    assert answer["enforced"] is all(found.get(id_) == "verified" for id_ in NEEDED)
    shown = "padlock" if answer["enforced"] else "none"
    short = [f"{id_} {state}" for id_, state in found.items() if state != "verified"]
    record_property("github", f"doctor: {situation.name:<66} exit {exit_code}  {shown:<8} {', '.join(short)}")


def test_there_are_sixty_situations_and_none_has_a_wrong_padlock(
    record_property: Callable[[str, object], None],
) -> None:
    assert len(SITUATIONS) >= 60
    assert len({situation.name for situation in SITUATIONS}) == len(SITUATIONS)
    needed = set(NEEDED)
    for situation in SITUATIONS:
        short = {*situation.missing.split(), *situation.unknown.split()}
        assert situation.padlock is not bool(short & needed), situation.name
    padlocks = sum(situation.padlock for situation in SITUATIONS)
    record_property("github", f"doctor: {len(SITUATIONS)} situations, {padlocks} padlocks, 0 of them wrong")


@pytest.mark.parametrize(
    ("faults", "token", "message"),
    [
        ([], "a-token-that-github-does-not-know", "does not accept the token"),
        ([refused("")], TOKEN, "knows no repository"),
        ([refused("/branches/main$")], TOKEN, "has no branch main"),
        ([refused("", 401, "Bad credentials")], TOKEN, "does not accept the token"),
        ([refused("", 403, PLAN)], TOKEN, "does not enforce rules on private repositories"),
        (
            [refused("/(rules|protection)", 403, PLAN)],
            TOKEN,
            "does not enforce rules on private repositories",
        ),
    ],
)
def test_where_nothing_can_be_asked_it_is_refused_at_once(
    faults: list[Fault], token: str, message: str, github: tuple[StandIn, World], clone: Path
) -> None:
    stand_in, world = github
    world.allow(TOKEN, metadata="read", contents="read", administration="write")
    Situation(name="", exit=4, padlock=False, faults=faults).install(world)
    client = Client(
        Connection(api_url=stand_in.address, repository=world.repository, token=token), sleep=lambda _: None
    )
    base = world.history.commit("main")
    assert base
    branch = Branch(root=clone, repository=world.repository, name="main", base=base)
    with pytest.raises(NotJudged, match=message) as refusal:
        doctor(client, branch)
    assert refusal.value.exit is Exit.NOT_JUDGED
    assert refusal.value.help
    world.faults.clear()


PROVEN = {field.name: Verified(id=id_, what="") for field, id_ in zip(fields(Padlock), NEEDED, strict=True)}


def test_a_padlock_is_made_of_verified_items_alone() -> None:
    assert Padlock(**PROVEN)
    for name, id_ in zip(PROVEN, NEEDED, strict=True):
        for item in (MissingProtection(id=id_, what="", fix=""), UnknownProtection(id=id_, what="", fix="")):
            with pytest.raises(TypeError, match=f"{name} of a padlock is not verified"):
                Padlock(**{**PROVEN, name: item})  # type: ignore[arg-type]
            others = [one for one in PROVEN.values() if one.id != id_]
            assert state_of([*others, item]).level != "locked"
        assert state_of([one for one in PROVEN.values() if one.id != id_]).level != "locked"
    with pytest.raises(TypeError, match="bypass of a padlock"):
        Padlock(**PROVEN | {"bypass": PROVEN["approvals"]})
    assert state_of(PROVEN.values()).level == "locked"
