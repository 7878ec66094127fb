"""What the record keeps: one file for each verdict, one for each decision of a person, and their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace
from pydantic import Field, ValidationError

from remyx_action.project.files import json_text as strict_json
from remyx_action.project.files.json_writing import dump
from remyx_action.project.models.field_types import Spec
from remyx_action.project.models.policy import policy_key
from remyx_action.report.report import Report, to_json

BRANCH = "remyx-verdicts"
LARGEST_BYTES = 4 * 1024 * 1024
"""Of one file of the record; larger ones are listed and not read."""
LOCAL = "local"
NO_HEAD = "0" * 12
_VERDICT = re.compile(
    r"v/(?P<year>\d{4})/(?P<month>\d{2})/(?P<name>[A-Za-z0-9]+)-(?P<head>[0-9a-f]{12})"
    r"-(?P<run>[A-Za-z0-9]+)-(?P<attempt>[0-9a-f]+)-(?P<policy>[0-9a-f]{12})\.json"
)
_DECISION = re.compile(r"d/(?P<stem>\d{4}/\d{2}/[A-Za-z0-9-]+)-(?P<digest>[0-9a-f]{12})\.json")

Choice = Literal["ship", "iterate", "abandon"]


class Recording(Struct, frozen=True, kw_only=True):
    """The run that a verdict comes from."""

    pull_request: int | None = None
    run: str | None = None
    """The workflow run's id; None on a laptop."""
    attempt: int = 1


class Decision(Spec):
    """What a person decided about a verdict, and why."""

    schema_: Literal["remyx-decision/1"] = Field(alias="schema")
    verdict: str
    """Path of the verdict in the record."""
    decision: Choice
    why: str
    by: str
    clock: str
    """UTC, RFC 3339."""


class RecordedVerdict(Struct, frozen=True, kw_only=True):
    """One verdict of the record."""

    path: str
    pull_request: str | None
    head: str
    """First 12 hex of the head commit; zeros where there was none."""
    key: str
    """Of the project's folder and the policy (policy_key)."""
    report: Report
    look: int = 1
    """Counted within the pull request (else the head commit) and policy, oldest first."""
    first: str | None = None
    """Path of the first verdict on the same head, policy and digests, where this is another one."""
    decisions: Sequence[Decision] = ()
    """Oldest first."""

    @property
    def subject(self) -> str:
        """Return `#12` of a pull request, else the head commit."""
        return f"#{self.pull_request}" if self.pull_request else self.head

    @property
    def policy(self) -> str:
        return self.report.policy.policy.name

    @property
    def clock(self) -> str:
        return self.report.run.clock

    @property
    def unit(self) -> str:
        """Return what looks at the same change share: two projects may have policies of one name."""
        return f"{self.subject} {self.policy} {self.key}"


class UnreadFile(Struct, frozen=True, kw_only=True):
    """A file of the record that is none, and why."""

    path: str
    why: str


class Record(Struct, frozen=True, kw_only=True):
    """Everything that the record holds."""

    verdicts: Sequence[RecordedVerdict]
    """Oldest first."""
    unread: Sequence[UnreadFile] = ()
    warnings: Sequence[str] = ()
    """What does not fit an append-only history."""
    elsewhere: int = 0
    """How many verdicts of other folders of the repository were left out."""


def content_of(report: Report) -> str:
    """Return the verdict as it is kept: without samples, their texts and their names."""
    logs = {
        name: arm.model_copy(update={"detail": None if arm.detail is None else arm.detail[:2000]})
        for name, arm in report.arms.items()
    }
    return to_json(report.model_copy(update={"samples_changed": {}, "arms": logs}))


def path_of(report: Report, recording: Recording, content: str, *, folder: str) -> str:
    """Return the file's path on the branch; `folder`: the project's, below the repository's root."""
    head = report.judged_under.commits.get("head", "")[:12]
    head = head if re.fullmatch(r"[0-9a-f]{12}", head) else NO_HEAD
    key = policy_key(folder, report.policy.policy.name)
    year, month = report.run.clock[:4], report.run.clock[5:7]
    if not re.fullmatch(r"\d{4}-\d{2}", f"{year}-{month}"):
        year, month = "0000", "00"
    if recording.run is None:
        name, run, attempt = LOCAL, LOCAL, sha256(content.encode()).hexdigest()[:12]
    else:
        name, run, attempt = recording.run, recording.run, str(recording.attempt)
    if recording.pull_request is not None:
        name = str(recording.pull_request)
    return f"v/{year}/{month}/{name}-{head}-{run}-{attempt}-{key}.json"


def write_decision(verdict: str, decision: Choice, *, why: str, by: str, clock: str) -> tuple[str, str]:
    """Return path and content of a decision's file."""
    content = dump(
        {
            "schema": "remyx-decision/1",
            "verdict": verdict,
            "decision": decision,
            "why": why,
            "by": by,
            "clock": clock,
        }
    )
    stem = verdict.removeprefix("v/").removesuffix(".json")
    return f"d/{stem}-{sha256(content.encode()).hexdigest()[:12]}.json", content


def is_of_record(path: str) -> bool:
    """Return whether a path is that of a verdict or a decision."""
    return bool(_VERDICT.fullmatch(path) or _DECISION.fullmatch(path))


def read_record(files: Iterable[tuple[str, bytes]], warnings: Sequence[str] = ()) -> Record:
    """Return the record of these files, path → content; what cannot be read is listed."""
    verdicts: list[RecordedVerdict] = []
    decisions: dict[str, list[Decision]] = {}
    unread: list[UnreadFile] = []
    for path, content in files:
        found = _read(path, content)
        if isinstance(found, UnreadFile):
            unread.append(found)
        elif isinstance(found, Decision):
            decisions.setdefault(found.verdict, []).append(found)
        else:
            verdicts.append(found)
    verdicts.sort(key=lambda one: (one.clock, one.path))
    lacking = decisions.keys() - {one.path for one in verdicts}
    why = "a decision names this verdict, and the record lacks it"
    unread += [UnreadFile(path=path, why=why) for path in lacking]
    return Record(
        verdicts=_counted(verdicts, decisions),
        unread=sorted(unread, key=lambda one: one.path),
        warnings=warnings,
    )


def _read(path: str, content: bytes) -> RecordedVerdict | Decision | UnreadFile:
    named = _VERDICT.fullmatch(path)
    if named is None and _DECISION.fullmatch(path) is None:
        return UnreadFile(path=path, why="its name is none of the record's")
    if len(content) > LARGEST_BYTES:
        return UnreadFile(path=path, why=f"it has {len(content):,} bytes, more than {LARGEST_BYTES:,}")
    try:
        value = strict_json.read(content)
        if named is None:
            return Decision.model_validate(value)
        report = Report.model_validate(value)
    except strict_json.NotStrictJson as error:
        return UnreadFile(path=path, why=f"it is not strict JSON: {error}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return UnreadFile(path=path, why=f"$.{place}: {first['msg'].lower()}")
    return named_verdict(path, report)


def named_verdict(path: str, report: Report) -> RecordedVerdict:
    """Return the verdict of one file, by its path. ValueError for another path."""
    named = _VERDICT.fullmatch(path)
    if named is None:
        raise ValueError(path)
    name = named["name"]
    is_pull_request = name.isdecimal() and name != named["run"]
    return RecordedVerdict(
        path=path,
        pull_request=name if is_pull_request else None,
        head=named["head"],
        key=named["policy"],
        report=report,
    )


def _counted(
    verdicts: Sequence[RecordedVerdict], decisions: Mapping[str, Sequence[Decision]]
) -> list[RecordedVerdict]:
    """Return the verdicts with their looks, the first of each kind, and what people decided."""
    looks: dict[str, int] = {}
    firsts: dict[tuple[str, ...], str] = {}
    found = []
    for one in verdicts:
        looks[one.unit] = looks.get(one.unit, 0) + 1
        first = firsts.setdefault(identity_of(one), one.path)
        made = sorted(decisions.get(one.path, ()), key=lambda decision: decision.clock)
        found.append(
            replace(
                one,
                look=looks[one.unit],
                first=None if first == one.path else first,
                decisions=made,
            )
        )
    return found


def identity_of(verdict: RecordedVerdict) -> tuple[str, ...]:
    """Return what two verdicts share that are one and the same: head, policy and digests."""
    digests = verdict.report.judged_under.digests
    return (
        verdict.head,
        verdict.policy,
        verdict.key,
        *(f"{name}={digests[name]}" for name in sorted(digests)),
    )
