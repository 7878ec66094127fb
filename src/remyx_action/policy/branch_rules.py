"""What protects a branch, as GitHub answers: rules, who may bypass them, and errors of CODEOWNERS."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

GITHUB_ACTIONS_APP = 15368
"""The id of GitHub Actions on github.com, whose token a job's check comes from."""
BypassMode = Literal["always", "pull_request", "exempt"]


class Reviewers(Struct, frozen=True, kw_only=True):
    """A team that must approve changes of some files."""

    team: str
    patterns: tuple[str, ...]


class Review(Struct, frozen=True, kw_only=True):
    """One rule about pull requests; None: the answer lacks the field."""

    approvals: int | None
    by_owners: bool | None
    stale_dismissed: bool | None
    last_push: bool | None
    reviewers: tuple[Reviewers, ...] = ()
    """Those whose approval is not optional."""


class RequiredCheck(Struct, frozen=True, kw_only=True):
    """A check that must be green before a merge."""

    name: str
    app: int | Literal["any", "unknown"]
    """Whose check counts."""


class Actor(Struct, frozen=True, kw_only=True):
    """Somebody who may bypass a source of rules."""

    who: str
    mode: BypassMode

    def __str__(self) -> str:
        when = {"always": "always", "pull_request": "on pull requests", "exempt": "always, without a trace"}
        return f"{self.who} may bypass {when[self.mode]}"


class RequiredWorkflow(Struct, frozen=True, kw_only=True):
    """A workflow that must have run before a merge, from a repository that no pull request changes."""

    path: str
    repository_id: int

    def __str__(self) -> str:
        return f"{self.path} of repository {self.repository_id}"


class RuleSource(Struct, frozen=True, kw_only=True):
    """A ruleset that is active for the branch, or its classic protection; None: a field is absent."""

    name: str
    reviews: tuple[Review, ...] = ()
    checks: tuple[RequiredCheck, ...] = ()
    workflows: tuple[RequiredWorkflow, ...] = ()
    up_to_date: bool | None = False
    """Whether branches must be up to date, or go through a merge queue."""
    no_force_pushes: bool | None = False
    no_deletion: bool | None = False
    bypass: tuple[Actor, ...] | None = None
    """Empty: nobody may. None: not known."""


class OwnersError(Struct, frozen=True, kw_only=True):
    """An error that GitHub finds in CODEOWNERS."""

    line: int
    kind: str
    source: str
    """The line's text; "" where GitHub does not repeat it."""
    suggestion: str
    """What GitHub suggests; "" where it suggests nothing."""


class Poster(Struct, frozen=True, kw_only=True):
    """The app whose token posts our check, on one server."""

    app: int | None = GITHUB_ACTIONS_APP
    """None: it is GitHub Actions, and the server did not say which one that is."""
    actions: int | None = GITHUB_ACTIONS_APP
    """GitHub Actions on this server, whose token every workflow has; None: the server did not say."""

    @property
    def is_dedicated(self) -> bool:
        """Return whether no workflow's own token can post the check."""
        return self.app is not None and self.actions is not None and self.app != self.actions

    def __str__(self) -> str:
        return "GitHub Actions" if self.app in {None, self.actions} else f"app {self.app}"


class Protection(Struct, frozen=True, kw_only=True):
    """Everything that GitHub answered one token about a branch."""

    tip: str | None
    """The branch's last commit; None: the answer lacks it."""
    sources: tuple[RuleSource, ...]
    is_whole: bool
    """Whether `sources` is complete, so that a rule that is not in it does not exist."""
    codeowners_errors: tuple[OwnersError, ...] | None
    unread: tuple[str, ...] = ()
    """What could not be read, and why."""
    poster: Poster = Poster()
