"""What the stand-in remembers: identities, pull requests, comments, checks, rules, and who asked what."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from .contract import Contract, github_contract
from .history import History

JSON = Any
Level = Literal["read", "write"]

COMMENT_CHARACTERS = 65_536
WHEN = "2026-01-02T03:04:05Z"
ACTIONS_BOT = "github-actions[bot]"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whose token it is and what it may do."""

    login: str
    kind: Literal["User", "Bot"]
    permissions: dict[str, Level]
    app: str | None = None
    """Slug of the app behind an installation's token; None for a person's."""


@dataclass(kw_only=True)
class Comment:
    id: int
    issue: int
    author: str
    kind: str
    body: str


@dataclass(kw_only=True)
class Check:
    id: int
    head: str
    name: str
    app: str
    fields: dict[str, JSON]
    """status, conclusion, details_url, external_id, started_at, completed_at."""
    output: dict[str, JSON] = field(default_factory=dict)
    annotations: list[JSON] = field(default_factory=list)


@dataclass(kw_only=True)
class Pull:
    number: int
    base_branch: str
    head_branch: str
    owner: str
    """Login that owns the head repository; another one's is a fork."""
    state: str = "open"
    title: str = "Try another model"
    draft: bool = False
    locked: bool = False

    def head_ref(self, home: str) -> str:
        """Where the stand-in's git keeps the head."""
        return (
            f"refs/heads/{self.head_branch}"
            if self.owner == home
            else f"refs/forks/{self.owner}/{self.head_branch}"
        )


FaultKind = Literal[
    "502 before", "502 after", "502 and late", "dropped before", "dropped after", "primary limit",
    "secondary limit", "secondary limit without a time", "429", "slow", "not JSON", "redirected", "moves",
    "refused", "another answer",
]  # fmt: skip


@dataclass(kw_only=True)
class Fault:
    """Goes wrong for the next `times` requests that match, once `after` of them were served."""

    kind: FaultKind
    matching: str
    """Regular expression over `VERB /path`."""
    times: int = 1
    after: int = 0
    act: Callable[[], object] = lambda: None
    """For `moves`: what happens just before the request is served."""
    retry_after_seconds: int = 2
    status: int = 404
    """Of `refused`, with `message`."""
    message: str = "Not Found"
    change: Callable[[JSON], JSON] = lambda body: body
    """Of `another answer`: what it makes of the body, such as an older server's shape."""
    reads_before_landing: int = 1
    """Of `502 and late`: the write lands just before this many reads were served."""


@dataclass(kw_only=True)
class Late:
    write: Callable[[], object]
    reads: int
    """That are still to come."""


@dataclass(frozen=True, kw_only=True)
class Call:
    verb: str
    target: str
    status: int | None
    """None: the connection was dropped."""


@dataclass(kw_only=True)
class World:
    """Everything that one repository on GitHub consists of, as far as we ask."""

    history: History
    owner: str = "remyx-team"
    name: str = "spatial"
    contract: Contract = field(default_factory=github_contract)
    identities: dict[str, Identity] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    rules: dict[str, list[JSON]] = field(default_factory=dict)
    """Active rules per branch."""
    rulesets: list[JSON] = field(default_factory=list)
    protections: dict[str, JSON] = field(default_factory=dict)
    codeowners_errors: list[JSON] = field(default_factory=list)
    apps: dict[str, int] = field(default_factory=lambda: {"github-actions": 15368})
    """Id of each app by its slug."""
    tree_entries: int = 100_000
    """Of one tree with those below it that are shown; the rest is left out, and said to be."""
    runs: list[JSON] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    """Writes that were answered with 502 and land with a later read."""
    calls: list[Call] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    remaining: int = 5000
    resets_at: int = 2_000_000_000
    ids: int = 1000
    former_names: set[str] = field(default_factory=set)
    """`owner/name` before each renaming; requests to it are redirected."""

    def rename(self, name: str) -> None:
        """Give the repository another name."""
        self.former_names.add(self.repository)
        self.name = name

    @property
    def repository(self) -> str:
        return f"{self.owner}/{self.name}"

    def next_id(self) -> int:
        self.ids += 1
        return self.ids

    def next_fault(self, verb: str, path: str) -> Fault | None:
        """The fault that this request meets, used up."""
        for fault in self.faults:
            if fault.times and re.search(fault.matching, f"{verb} {path}"):
                if fault.after:
                    fault.after -= 1
                    return None
                fault.times -= 1
                return fault
        return None

    def open_pull(self, head_branch: str, *, base_branch: str = "main", owner: str | None = None) -> Pull:
        """A pull request from a branch that git has; another owner's is a fork's."""
        number = max(self.pulls, default=0) + 1
        pull = Pull(
            number=number, base_branch=base_branch, head_branch=head_branch, owner=owner or self.owner
        )
        self.pulls[number] = pull
        self.refresh(pull)
        return pull

    def refresh(self, pull: Pull) -> None:
        """Write refs/pull/N/head and refs/pull/N/merge as they stand now."""
        head, base = self.head(pull), self.base(pull)
        self.history.point(f"refs/pull/{pull.number}/head", head)
        self.history.merge(f"refs/pull/{pull.number}/merge", base, head)

    def head(self, pull: Pull) -> str:
        commit = self.history.commit(pull.head_ref(self.owner))
        assert commit is not None
        return commit

    def base(self, pull: Pull) -> str:
        commit = self.history.commit(f"refs/heads/{pull.base_branch}")
        assert commit is not None
        return commit

    def add_comment(self, number: int, author: str, body: str, *, kind: str = "User") -> Comment:
        comment = Comment(id=self.next_id(), issue=number, author=author, kind=kind, body=body)
        self.comments.append(comment)
        return comment

    def start_job(self, name: str, head: str, run_id: int) -> Check:
        """GitHub's own check for a job of a workflow, which any app may list among the others."""
        number = self.next_id()
        page = f"https://github.com/{self.repository}/actions/runs/{run_id}/job/{number}"
        fields = {
            "status": "in_progress",
            "external_id": str(uuid.uuid4()),
            "html_url": page,
            "details_url": page,
        }
        job = Check(id=number, head=head, name=name, app="github-actions", fields=fields)
        self.checks.append(job)
        return job

    def end_job(self, job: Check, conclusion: str) -> None:
        job.fields |= {"status": "completed", "conclusion": conclusion, "completed_at": WHEN}

    def allow(self, token: str, **permissions: Level) -> Identity:
        """A workflow's token, as `permissions:` in its file makes it."""
        identity = Identity(login=ACTIONS_BOT, kind="Bot", permissions=permissions, app="github-actions")
        self.identities[token] = identity
        return identity
