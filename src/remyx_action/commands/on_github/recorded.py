"""What the record holds for a pull request that is judged: its looks, and how others fared before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.errors import Refusal
from remyx_action.github.events import PullRequestEvent
from remyx_action.history.record import BRANCH, Record, RecordedVerdict, read_record
from remyx_action.policy.looks import Look
from remyx_action.report.render import escape
from remyx_action.sources.disk import write_whole
from remyx_action.sources.git import GrowingBranch, Remote, Repository, find_repository

from .job import Job
from .looks import look_in_words, look_of_report
from .target import Posts, Target

NEWEST = 200
"""Files that are read besides those of the pull request: those that were added last."""
SHOWN = 3
"""Verdicts of other pull requests that a comment names."""


class ProjectRecord(Struct, frozen=True, kw_only=True):
    """The project's verdicts, as far as they were read."""

    number: int
    """Of the pull request that is judged."""
    url: str
    """Address of the branch for people."""
    record: Record

    def looks(self, policy: str, asset: str | None) -> list[Look]:
        """Return the looks under a policy, oldest first: here, and at the same asset in other pull requests.

        `asset`: a name that means the same everywhere; None where it is made of the pull request's files.
        """
        found = [
            look_of_report(one.report)
            for one in self._under(policy)
            if self._is_own(one) or (asset is not None and one.report.arms["variant"].asset == asset)
        ]
        return list({look.id: look for look in found if look is not None}.values())

    def lines(self, policy: str) -> Iterator[str]:
        """Yield one line of Markdown that names the newest verdicts on other pull requests, if any."""
        others = {
            one.subject: one
            for one in self._under(policy)
            if not self._is_own(one) and look_of_report(one.report) is not None
        }
        newest = sorted(others.values(), key=lambda one: one.clock)[-SHOWN:]
        if newest:
            looks = [(one.subject, look_of_report(one.report)) for one in newest]
            words = ", ".join(f"{escape.code(name)} {look_in_words(look)}" for name, look in looks if look)
            yield f"Before this in [the record]({self.url}), under {escape.code(policy)}: {words}."

    def lacks(self, policy: str, marked: Sequence[Look]) -> str | None:
        """Return what to say where our comment names looks that the record of this pull request lacks."""
        own = {look.id for look in self.looks(policy, None)}
        lacking = [look for look in marked if look.id not in own]
        if not own or not lacking:
            return None
        looks = "look" if len(lacking) == 1 else "looks"
        return (
            f"the record lacks {len(lacking)} {looks} under {policy} that the comment names\n"
            "look at the jobs that should have recorded them, and whether somebody rewrote the branch "
            f"{BRANCH}; they are counted all the same"
        )

    def _is_own(self, one: RecordedVerdict) -> bool:
        return one.pull_request == str(self.number)

    def _under(self, policy: str) -> list[RecordedVerdict]:
        return [one for one in self.record.verdicts if one.policy == policy]


def recorded(job: Job, target: Target, posts: Posts) -> ProjectRecord | None:
    """Return what the branch holds now, read from the clone; None where it has no such branch."""
    event, repository = target.event, find_repository(job.root)
    if repository is None or not isinstance(event, PullRequestEvent):
        return None
    try:
        branch = _at_the_tip(repository, job.remote)
        record = None if branch is None else _read(branch, event.number, job.inputs.folder, posts)
    except Refusal as refusal:
        posts.notes.append(f"the record of verdicts could not be read: {refusal.message}\n{refusal.help}")
        return None
    url = f"{job.runner.server_url}/{job.runner.repository}/tree/{BRANCH}"
    return None if record is None else ProjectRecord(number=event.number, url=url, record=record)


def _at_the_tip(repository: Repository, remote: Remote) -> GrowingBranch | None:
    branch = GrowingBranch(repository=repository, name=BRANCH)
    if not branch.tips():
        return None
    tip = remote.tip(repository, BRANCH)
    known = tip is not None and remote.obtain(repository, tip, f"refs/heads/{BRANCH}")
    return replace(branch, at=tip) if known else branch


def _read(branch: GrowingBranch, number: int, project: str, posts: Posts) -> Record:
    from remyx_action.commands.record import of_project
    from remyx_action.commands.replay import follows

    files = dict(branch.newest(NEWEST)) | dict(branch.files(lambda path: f"/{number}-" in path))
    record = of_project(read_record(files.items()), project)
    own = [one for one in record.verdicts if one.pull_request == str(number)]
    forged = [one.path for one in own if not follows(one.report)]
    strange = [*forged, *(one.path for one in record.unread)]
    if strange:
        posts.notes.append(
            f"{len(strange)} files of the record are no verdicts of this program, the first is {strange[0]}\n"
            "they count for nothing; `remyx-action history` names them and the commits that changed files"
        )
    verdicts = [one for one in record.verdicts if one.path not in set(forged)]
    return Record(verdicts=verdicts, unread=record.unread, warnings=branch.irregularities())


def write_page(found: ProjectRecord, out: Path, now: str) -> None:
    """Write the record's page to the report's folder, for the artifact."""
    from remyx_action.commands.history import Asking, history

    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "history.html", history(found.record, Asking(), now=now).text("page"))
