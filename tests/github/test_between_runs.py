"""Sequences of events: whatever happens between runs, comment, check and job's exit agree on the newest head.

Each sequence drives the program's own modes as the jobs of a workflow do, against the stand-in. The table is
printed at the end of the test session.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from remyx_action.errors import Exit
from remyx_action.github.check_run import check_name
from remyx_action.github.marks import ExternalId, Marker, Order, Scope
from support.github_stand_in import payloads
from support.github_stand_in.talk import bot
from support.github_stand_in.world import Check, Fault, Identity
from support.jobs import CHECK, MAY_POST, READ_ONLY, TOKEN, Ended, Jobs, jobs_on
from support.small_project import FILES, HARNESS, POLICY, UNLOCKED, locked, model

pytestmark = pytest.mark.slow

Triple = tuple[str, str, int]
"""The comment's word, our newest check's conclusion, and the exit code of the judging job."""
AGREE: set[Triple] = {
    ("ship", "success", 0),
    ("reject", "failure", 1),
    ("iterate", "failure", 2),
    ("not-judged", "failure", 4),
    ("not-judged", "failure", 64),
    ("files-wrong", "failure", 3),
    ("nothing", "success", 0),
}
"""Allowed after every sequence."""
NOTHING_POSTED: set[Triple] = {("-", "-", 0), ("-", "-", 1), ("-", "-", 4)}
"""Allowed where nothing may be posted, and of a head that was never evaluated to its end."""
NO_COMMENT: set[Triple] = {("-", "success", 0), ("-", "failure", 1)}
NO_CHECK: set[Triple] = {("ship", "-", 0), ("reject", "-", 1)}
LEFT_OPEN: set[Triple] = {("ship", "open", 4)}
"""Only where GitHub takes no write at all for the check: then the job is red."""

TOLD: set[Triple] = {("-", "open", 4)}
"""Only where GitHub takes no write for longer than anybody waits: the verdict is in the red job's summary."""

ALLOWED = {
    "after every sequence": AGREE,
    "where nothing may be posted": NOTHING_POSTED,
    "where no comment may be written": NO_COMMENT,
    "where no check may be posted": NO_CHECK,
    "where no check can be closed": LEFT_OPEN,
    "where nothing can be written": TOLD,
}

STRICT = POLICY.replace("name: default", "name: strict").replace("threshold: 0.02", "threshold: 0.5")
TWO_POLICIES = locked({**UNLOCKED, ".remyx/policies/strict.yaml": STRICT})
TWO_PROJECTS: dict[str, str | None] = {f"{a}/{path}": text for a in "ab" for path, text in FILES.items()}
ARCHIVES: dict[tuple[str, ...], Path] = {}
"""What was measured, by head, base and inputs: commits of equal content are equal, so it is measured once."""


MOST_CALLS: list[int] = []
"""Of each run of one policy that nothing disturbed."""


@dataclass(kw_only=True)
class Run:
    """One run of the workflow: its jobs, one after the other, in any of its attempts."""

    scene: Scene
    order: tuple[int, int]
    payload: Any
    inputs: dict[str, str]
    name: str = "pull_request"
    check_id: str = ""
    results: str = "nowhere"
    calls: int = 0
    """Of the API, by all jobs of the attempt."""

    def open(self) -> Run:
        self.check_id = self._step("open").outputs.get("check-id", "")
        return self

    def measure(self) -> Run:
        base = self.scene.jobs.world.history.branches()["main"]
        key = (self.head, base, *sorted(f"{name}={value}" for name, value in self.inputs.items()))
        if key not in ARCHIVES:
            ended = self._step("measure", token=None)
            if "report" not in ended.outputs:
                return self
            ARCHIVES[key] = self.scene.archives / f"{len(ARCHIVES)}.tar"
            shutil.copy(ended.outputs["report"], ARCHIVES[key])
        self.results = str(ARCHIVES[key])
        return self

    def publish(self, **given: Any) -> Ended:
        self.scene.ended[self.order] = ended = self._step(
            "publish", results=self.results, check_id=self.check_id, **given
        )
        return ended

    def whole(self, **given: Any) -> Ended:
        disturbed = self.scene.jobs.world.faults or still_open(self.scene)
        ended = self.open().measure().publish(**given)
        if not disturbed and len(self.inputs) == 1 and self.scene.token == TOKEN:
            MOST_CALLS.append(self.calls)
        return ended

    def alone(self, **given: Any) -> Ended:
        """One job that does everything, code of the pull request beside a token that writes."""
        self.scene.ended[self.order] = ended = self._step("run", **given)
        return ended

    def again(self) -> Run:
        """The next attempt of this run, with the outputs that its jobs had."""
        run, attempt = self.order
        return Run(**{**vars(self), "order": (run, attempt + 1), "calls": 0})

    def _step(self, mode: str, **given: Any) -> Ended:
        given = {"token": self.scene.token, "name": self.name, **self.inputs, **given}
        world, before = self.scene.jobs.world, len(self.scene.jobs.world.calls)
        job = world.start_job(f"remyx / {mode}", self.head, self.order[0])
        ended = self.scene.jobs.step(mode, self.payload, run=self.order, **given)
        world.end_job(job, "success" if ended.exit is Exit.SHIP else "failure")
        self.calls += len(world.calls) - before
        return ended

    @property
    def head(self) -> str:
        found = self.payload.get("pull_request") or self.payload["merge_group"]
        return str(found["head"]["sha"] if "head" in found else found["head_sha"])


@dataclass(kw_only=True)
class Scene:
    """One repository with one pull request, and every run that it has had."""

    jobs: Jobs
    archives: Path
    inputs: dict[str, str] = field(default_factory=lambda: {"policy": "default"})
    folder: str = ""
    """Of the project that is looked at."""
    token: str = TOKEN
    runs: int = 500
    ended: dict[tuple[int, int], Ended] = field(default_factory=dict)

    def run(self, action: str = "synchronize", *, changed: str = "title", **inputs: str) -> Run:
        """A new run for the pull request as it is now."""
        self.runs += 1
        payload = self.jobs.payload(action, changed=changed)
        return Run(scene=self, order=(self.runs, 1), payload=payload, inputs={**self.inputs, **inputs})

    def push(self, asset: str) -> None:
        self.jobs.push({"model.yaml": model(asset)})

    def base(self, files: dict[str, str | None]) -> None:
        """A commit on main."""
        self.jobs.world.history.write("main", files)
        self.jobs.world.refresh(self.jobs.pull)

    def fault(self, kind: Any, matching: str, *, times: int = 1, **given: Any) -> None:
        self.jobs.world.faults.append(Fault(kind=kind, matching=matching, times=times, **given))

    def merge_group(self) -> Run:
        self.runs += 1
        payload = payloads.merge_group(self.jobs.world, self.jobs.pull)
        return Run(scene=self, order=(self.runs, 1), payload=payload, inputs=self.inputs, name="merge_group")

    def fork(self, asset: str) -> None:
        """Let the pull request be a fork's, whose own runs may only read."""
        self.jobs.world.history.write("refs/forks/stranger/patch", {"model.yaml": model(asset)}, onto="main")
        self.jobs.pull = self.jobs.world.open_pull("patch", owner="stranger")
        self.jobs.world.allow(TOKEN, **READ_ONLY)

    def second_workflow(self, run: Run, *, conclusion: str = "success", is_deleted: bool = False) -> Ended:
        """The run on `workflow_run` after a fork's run has ended."""
        self.jobs.world.allow("ghs_second", **MAY_POST)
        self.runs += 1
        payload = payloads.workflow_run(
            self.jobs.world, self.jobs.pull, run_id=run.order[0], conclusion=conclusion
        )
        payload["workflow_run"]["run_attempt"] = run.order[1]
        if is_deleted:
            payload["workflow_run"]["head_repository"] = None
        ended = self.jobs.step(
            "publish",
            payload,
            name="workflow_run",
            token="ghs_second",
            clone="refs/heads/main",
            run=(self.runs, 1),
            results=run.results,
            **self.inputs,
        )
        self.ended[run.order] = ended
        return ended

    def checks(self, policy: str = "default", folder: str = "") -> list[Check]:
        """Ours on the newest head, oldest first."""
        name = check_name(policy, "main", folder)
        return [each for each in self.jobs.checks(name) if ExternalId.read(each.fields.get("external_id"))]

    def triple(
        self, policy: str = "default", folder: str | None = None, scope: str | None = "default"
    ) -> Triple:
        """What the newest head shows of one policy, beside the exit of its newest run."""
        folder = self.folder if folder is None else folder
        markers = [Marker.read(each.body) for each in self.jobs.ours()]
        head = self.jobs.world.head(self.jobs.pull)
        words = [
            each.word for each in markers if each and each.scope == Scope(folder, scope) and each.head == head
        ]
        checks = self.checks(policy, folder)
        shown = checks[-1].fields.get("conclusion", "open") if checks else "-"
        newest = self.ended[max(self.ended)]
        return words[-1] if words else "-", shown, int(newest.exit)

    def hold(self) -> None:
        """Nothing is left open, nothing is there twice, and nothing older is on top."""
        checks = [each for each in self.jobs.world.checks if not is_superseded(each)]
        ours = [(each, ExternalId.read(each.fields.get("external_id"))) for each in checks]
        posted = [(each.name, each.head, mark.order) for each, mark in ours if mark]
        assert len(posted) == len(set(posted)), "a check twice"
        for each, mark in ours:
            newer = [
                other.id
                for other, its in ours
                if mark and its and (other.name, other.head) == (each.name, each.head)
                if its.order > mark.order
            ]
            assert not newer or min(newer) > each.id, "an older check on top"
        markers = [marker for each in self.jobs.ours() if (marker := Marker.read(each.body))]
        assert len(markers) == len({each.scope for each in markers}), "a comment twice"


def is_superseded(check: Check) -> bool:
    """It names no verdict, but says that something newer has its place."""
    return bool(check.output.get("title") == "Superseded")


def still_open(scene: Scene) -> list[Check]:
    return [each for each in scene.jobs.world.checks if each.fields.get("status") != "completed"]


Sequence = Callable[[Scene], object]
TABLE: dict[str, tuple[Sequence, set[Triple]]] = {}


def sequence(name: str, allowed: set[Triple] = AGREE) -> Callable[[Sequence], Sequence]:
    def declare(play: Sequence) -> Sequence:
        TABLE[name] = (play, allowed)
        return play

    return declare


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archives")


@pytest.fixture
def scene(request: pytest.FixtureRequest, tmp_path: Path, archives: Path) -> Iterator[Scene]:
    name = request.node.callspec.params.get("name", "")
    files = TWO_PROJECTS if "two projects" in name else TWO_POLICIES if "two policies" in name else FILES
    for jobs in jobs_on(tmp_path, files):
        yield Scene(jobs=jobs, archives=archives)


@sequence("opened")
def _(s: Scene) -> None:
    s.run("opened").whole()


@sequence("push after push")
def _(s: Scene) -> None:
    s.run("opened").whole()
    s.push("worse")
    s.run().whole()


@sequence("re-run of the judging job alone, which could not comment")
def _(s: Scene) -> None:
    s.fault("429", "POST .*/comments", times=9, retry_after_seconds=600)
    first = s.run("opened")
    first.whole()
    s.jobs.world.faults.clear()
    first.again().publish()


@sequence("re-run of failed jobs: the evaluation died, then did not")
def _(s: Scene) -> None:
    first = s.run("opened").open()
    assert Exit.NOT_JUDGED == first.publish().exit
    first.again().measure().publish()


@sequence("re-run of all jobs, twice")
def _(s: Scene) -> None:
    first = s.run("opened")
    first.whole()
    second = first.again()
    second.whole()
    second.again().whole()


@sequence("re-run of all jobs of an older run")
def _(s: Scene) -> None:
    first = s.run("opened")
    first.whole()
    s.run("reopened").whole()
    again = first.again().whole()
    assert Exit.NOT_JUDGED == again.exit
    assert "run 502, attempt 1, which is newer" in again.summary


@sequence("re-run of an older head's run")
def _(s: Scene) -> None:
    first = s.run("opened")
    first.whole()
    s.push("worse")
    s.run().whole()
    assert "which is newer" in first.again().whole().summary


@sequence("title edited before the evaluation: no job")
def _(s: Scene) -> None:
    s.run("edited")
    s.run("opened").whole()


@sequence("title edited during the evaluation: no job")
def _(s: Scene) -> None:
    first = s.run("opened").open().measure()
    s.run("edited")
    first.publish()


@sequence("title edited after the evaluation: no job")
def _(s: Scene) -> None:
    s.run("opened").whole()
    s.run("edited")


@sequence("title edited, and a workflow without the condition starts the judging job")
def _(s: Scene) -> None:
    s.run("opened").whole()
    s.run("edited").publish()


@sequence("push while the check is opened")
def _(s: Scene) -> None:
    s.fault("moves", "POST .*/check-runs", act=lambda: s.push("worse"))
    first = s.run("opened").open().measure()
    first.publish()
    s.run().whole()


@sequence("push while it is measured")
def _(s: Scene) -> None:
    first = s.run("opened").open().measure()
    s.push("worse")
    second = s.run().open().measure()
    first.publish()
    second.publish()


@sequence("push while the comments are read")
def _(s: Scene) -> None:
    first = s.run("opened").open().measure()
    s.fault("moves", "GET .*/comments", act=lambda: s.push("worse"))
    first.publish()
    s.run().whole()


@sequence("push while the head is read")
def _(s: Scene) -> None:
    first = s.run("opened").open().measure()
    s.fault("moves", "GET .*/pulls/", act=lambda: s.push("worse"))
    first.publish()
    s.run().whole()


@sequence("push while the comment is written")
def _(s: Scene) -> None:
    first = s.run("opened").open().measure()
    s.fault("moves", "POST .*/comments", act=lambda: s.push("worse"))
    first.publish()
    s.run().whole()


@sequence("push while the check is closed")
def _(s: Scene) -> None:
    first = s.run("opened").open().measure()
    s.fault("moves", "PATCH .*/check-runs", act=lambda: s.push("worse"))
    first.publish()
    s.run().whole()


@sequence("two pushes, the older run ends last")
def _(s: Scene) -> None:
    s.push("worse")
    first = s.run().open().measure()
    s.push("slightly")
    s.run().whole()
    first.publish()


@sequence("two pushes, the evaluation of the first was cancelled with its check open")
def _(s: Scene) -> None:
    s.push("worse")
    s.run().open()
    s.push("slightly")
    assert 1 == len(still_open(s)), "of the older head, whose run was ended by force"
    s.run().whole()


@sequence("force-cancelled, then run again")
def _(s: Scene) -> None:
    s.run("opened").open()
    s.run("reopened").whole()


@sequence("cancelled, and the judging job runs all the same")
def _(s: Scene) -> None:
    s.run("opened").open().publish()


@sequence("closed and reopened")
def _(s: Scene) -> None:
    s.run("opened").whole()
    s.jobs.pull.state = "closed"
    s.jobs.pull.state = "open"
    s.run("reopened").whole()


@sequence("closed and reopened while the first run still measures")
def _(s: Scene) -> None:
    first = s.run("opened").open().measure()
    s.run("reopened").whole()
    assert Exit.NOT_JUDGED == first.publish().exit


@sequence("draft", NOTHING_POSTED)
def _(s: Scene) -> None:
    s.jobs.pull.draft = True
    s.run("opened").whole()


@sequence("draft to ready")
def _(s: Scene) -> None:
    s.jobs.pull.draft = True
    s.run("opened").whole()
    s.jobs.pull.draft = False
    s.run("ready_for_review").whole()


@sequence("retargeted while it is measured, then back")
def _(s: Scene) -> None:
    s.jobs.world.history.write("develop", {"README.md": "x"}, onto="main")
    first = s.run("opened").open().measure()
    s.jobs.pull.base_branch = "develop"
    first.publish()
    assert [] == s.jobs.ours()
    s.jobs.pull.base_branch = "main"
    s.run("edited", changed="base").whole()


@sequence("repository renamed while it is measured")
def _(s: Scene) -> None:
    first = s.run("opened").open().measure()
    s.jobs.world.rename("relations")
    first.publish()


@sequence("fork without the second workflow", NOTHING_POSTED)
def _(s: Scene) -> None:
    s.fork("worse")
    s.run("opened").whole()


@sequence("fork with the second workflow")
def _(s: Scene) -> None:
    s.fork("worse")
    run = s.run("opened")
    run.whole()
    s.second_workflow(run, conclusion="failure")


@sequence("fork, title edited afterwards: the second workflow hears of a skipped run")
def _(s: Scene) -> None:
    s.fork("better")
    run = s.run("opened")
    run.whole()
    s.second_workflow(run)
    skipped = s.second_workflow(s.run("edited"), conclusion="skipped")
    assert Exit.SHIP == skipped.exit
    del s.ended[max(s.ended)]


@sequence("fork, cancelled and action required: nothing is overwritten")
def _(s: Scene) -> None:
    s.fork("better")
    run = s.run("opened")
    run.whole()
    s.second_workflow(run)
    for conclusion in ("cancelled", "action_required"):
        s.second_workflow(s.run(), conclusion=conclusion)
        del s.ended[max(s.ended)]


@sequence("fork whose evaluation died")
def _(s: Scene) -> None:
    s.fork("better")
    run = s.run("opened")
    run.publish()
    s.second_workflow(run, conclusion="failure")


@sequence("fork, the publisher of an older run comes last")
def _(s: Scene) -> None:
    s.fork("better")
    first, second = s.run("opened"), s.run("reopened")
    first.whole()
    second.whole()
    s.second_workflow(second)
    assert Exit.NOT_JUDGED == s.second_workflow(first).exit


@sequence("two projects, each with its own check and comment")
def _(s: Scene) -> None:
    s.jobs.propose({"a/model.yaml": model("worse")})
    s.folder = "a"
    for folder in "ba":
        s.run(working_directory=folder).whole()
    assert ("nothing", "success") == s.triple(folder="b")[:2]
    assert ("reject", "failure", 1) == s.triple()
    s.run("edited", working_directory="a").publish()


@sequence("two policies in one workflow")
def _(s: Scene) -> None:
    s.inputs = {}
    run = s.run("opened").open().measure()
    left = [each.fields["status"] for name in ("default", "strict") for each in s.checks(name)]
    assert ["in_progress", "in_progress"] == left
    run.publish()
    assert ("iterate", "success", 2) == s.triple("default", scope=None)
    assert ("iterate", "failure", 2) == s.triple("strict", scope=None)
    s.inputs = {"policy": "default"}
    s.run().whole()


@sequence("two policies in two workflows, or as a matrix")
def _(s: Scene) -> None:
    s.run("opened", policy="strict").whole()
    assert ("iterate", "failure", 2) == s.triple("strict", scope="strict")
    s.run("opened").whole()


@sequence("an App's token")
def _(s: Scene) -> None:
    s.token = "ghs_app"
    s.jobs.world.identities["ghs_app"] = bot("remyx")
    s.run("opened").whole()
    s.push("worse")
    s.run().whole()


@sequence("a personal token", NO_CHECK)
def _(s: Scene) -> None:
    s.token = "pat"
    s.jobs.world.identities["pat"] = Identity(
        login="ada", kind="User", permissions={"pull_requests": "write", "contents": "read"}
    )
    said = s.run("opened").whole().summary
    assert "only a GitHub App can post checks" in said
    for each in s.jobs.world.comments:
        each.kind = "Bot"


@sequence("no permission", NOTHING_POSTED)
def _(s: Scene) -> None:
    s.jobs.world.allow(TOKEN, contents="read")
    s.run("opened").whole()


@sequence("no token", NOTHING_POSTED)
def _(s: Scene) -> None:
    s.token = ""
    s.run("opened").whole()


@sequence("401 everywhere", NOTHING_POSTED)
def _(s: Scene) -> None:
    s.token = "expired"
    s.run("opened").whole()


@sequence("403: may not comment", NO_COMMENT)
def _(s: Scene) -> None:
    s.jobs.world.allow(TOKEN, contents="read", checks="write")
    s.run("opened").whole()


@sequence("403: may not post checks", NO_CHECK)
def _(s: Scene) -> None:
    s.jobs.world.allow(TOKEN, contents="read", pull_requests="write")
    s.run("opened").whole()


@sequence("403: the job that judges may not post checks, the one that opened might", LEFT_OPEN)
def _(s: Scene) -> None:
    run = s.run("opened").open().measure()
    s.jobs.world.allow(TOKEN, contents="read", pull_requests="write")
    run.publish()


for _verb, _what in {
    "POST .*/check-runs": "opening the check",
    "GET .*/check-runs": "reading the checks",
    "GET .*/comments": "reading the comments",
    "GET .*/pulls/": "reading the head",
    "POST .*/comments": "writing the comment",
    "PATCH .*/check-runs": "closing the check",
}.items():
    for _kind in ("502 before", "502 after", "dropped after"):

        @sequence(f"{_kind} {_what}")
        def _(s: Scene, verb: str = _verb, kind: str = _kind) -> None:
            s.fault(kind, verb)
            s.run("opened").whole()


@sequence("5xx on every closing of the check")
def _(s: Scene) -> None:
    run = s.run("opened").open().measure()
    s.fault("502 before", "PATCH .*/check-runs", times=9)
    run.publish()
    assert ["open", "success"] == [each.fields.get("conclusion", "open") for each in s.checks()]
    s.jobs.world.faults.clear()
    s.run("reopened").whole()


@sequence("5xx on every write of a check", LEFT_OPEN)
def _(s: Scene) -> None:
    run = s.run("opened").open().measure()
    s.fault("502 before", "(PATCH|POST) .*/check-runs", times=99)
    run.publish()


@sequence("429 with 1 s, on each write")
def _(s: Scene) -> None:
    s.fault("429", "PATCH|POST", times=3, retry_after_seconds=1)
    s.run("opened").whole()


@sequence("429 with 60 s, twice")
def _(s: Scene) -> None:
    s.fault("429", "PATCH|POST", times=2, retry_after_seconds=60)
    s.run("opened").whole()
    assert [60, 60] == s.jobs.slept


@sequence(
    "429 with 60 s on every write of the judging job: two minutes, then the summary and a red job", TOLD
)
def _(s: Scene) -> None:
    run = s.run("opened").open().measure()
    s.fault("429", "PATCH|POST", times=99, retry_after_seconds=60)
    ended = run.publish()
    assert 120 == sum(s.jobs.slept)
    assert "run the job again in 60 s" in ended.summary


@sequence("422 on the comment's longest text")
def _(s: Scene) -> None:
    s.fault("refused", "POST .*/comments", status=422)
    s.run("opened").whole()


@sequence("422 on every text of the comment", NO_COMMENT)
def _(s: Scene) -> None:
    s.fault("refused", "POST .*/comments", times=99, status=422)
    s.run("opened").whole()


@sequence("422 on the check's longest text")
def _(s: Scene) -> None:
    s.fault("refused", "PATCH .*/check-runs", status=422)
    s.run("opened").whole()


@sequence("422 on every text of the check", LEFT_OPEN)
def _(s: Scene) -> None:
    run = s.run("opened").open().measure()
    s.fault("refused", "(PATCH|POST) .*/check-runs", times=99, status=422)
    run.publish()


@sequence("deleted comment")
def _(s: Scene) -> None:
    s.run("opened").whole()
    s.jobs.world.comments.clear()
    s.push("worse")
    s.run().whole()


@sequence("marker copied by another bot")
def _(s: Scene) -> None:
    s.run("opened").whole()
    marker = Marker.read(s.jobs.ours()[0].body)
    assert marker is not None
    forged = Marker(scope=Scope("x", "y"), head=marker.head, order=Order(10**9, 1), word="ship").line()
    s.jobs.world.add_comment(s.jobs.pull.number, "other[bot]", forged, kind="Bot")
    s.push("worse")
    s.run().whole()


@sequence("another workflow's check of our name")
def _(s: Scene) -> None:
    head = s.jobs.world.head(s.jobs.pull)
    foreign = Check(
        id=s.jobs.world.next_id(),
        head=head,
        name=check_name("default", "main"),
        app="github-actions",
        fields={"status": "completed", "conclusion": "success"},
    )
    s.jobs.world.checks.append(foreign)
    s.push("worse")
    foreign.head = s.jobs.world.head(s.jobs.pull)
    s.run().whole()
    assert "was also posted by" in s.jobs.ours()[0].body


@sequence("a check-id of another policy")
def _(s: Scene) -> None:
    s.push("worse")
    run = s.run().open().measure()
    real, run.check_id = run.check_id, "31337"
    assert "the check 31337 is none of policy default" in run.publish().summary
    assert real == str(s.checks()[0].id)


@sequence("nothing to evaluate")
def _(s: Scene) -> None:
    s.jobs.propose({"README.md": "Another text.\n"})
    s.run("opened").whole()


@sequence("one of two policies in one workflow cannot be read")
def _(s: Scene) -> None:
    s.inputs = {}
    s.base({".remyx/policies/strict.yaml": "name: [strict\n"})
    s.run("opened").whole()
    assert ("files-wrong", "failure", 3) == s.triple("strict", scope=None)
    s.base(TWO_POLICIES)
    s.inputs = {"policy": "default"}
    s.run("reopened").whole()


@sequence("the policies of main cannot be read any more when the verdict is due")
def _(s: Scene) -> None:
    run = s.run("opened").open().measure()
    s.base({".remyx/policies/default.yaml": "version: 1\nname: default\nship: {all: [}\n"})
    run.publish()


@sequence("one of two policies in one workflow cannot be read any more when the verdict is due")
def _(s: Scene) -> None:
    s.inputs = {}
    run = s.run("opened").open().measure()
    s.base({".remyx/policies/strict.yaml": STRICT.replace("template: small", "template: large")})
    run.publish()
    for policy in ("default", "strict"):
        assert ("files-wrong", "failure", 3) == s.triple(policy, scope=None)
    s.base({".remyx/policies/strict.yaml": STRICT})
    s.inputs = {"policy": "default"}
    s.run("reopened").whole()


@sequence("one of two policies in one workflow is removed while it is measured")
def _(s: Scene) -> None:
    s.inputs = {}
    run = s.run("opened").open().measure()
    s.base(locked({**UNLOCKED, ".remyx/policies/strict.yaml": None}))
    ended = run.publish()
    assert ("ship", "success", 0) == s.triple("default", scope=None)
    assert ("ship", "success", 0) == s.triple("strict", scope=None)
    assert "the base branch has no policy of this name any more" in ended.summary
    s.inputs = {"policy": "default"}
    s.run("reopened").whole()


@sequence("the policy of the workflow is removed while it is measured")
def _(s: Scene) -> None:
    run = s.run("opened", policy="default").open().measure()
    files = {".remyx/policies/default.yaml": None, ".remyx/policies/strict.yaml": STRICT}
    s.base(locked({**UNLOCKED, **files}))
    assert "there is no policy default" in run.publish().summary


@sequence("a policy is added while it is measured, in one workflow for all")
def _(s: Scene) -> None:
    s.inputs = {}
    run = s.run("opened").open().measure()
    s.base(TWO_POLICIES)
    run.publish()
    assert ("iterate", "failure", 2) == s.triple("strict", scope=None)
    assert ("iterate", "success", 2) == s.triple("default", scope=None)
    assert "loosened" not in s.jobs.ours()[0].body, "by main, not by the pull request"
    s.inputs = {"policy": "default"}
    s.run("reopened").whole()


@sequence("the harness changes on main while it is measured")
def _(s: Scene) -> None:
    run = s.run("opened").open().measure()
    s.base(locked({**UNLOCKED, "evaluation/evaluate.py": f"{HARNESS}# another\n"}))
    assert Exit.NOT_JUDGED == run.publish().exit
    s.run("reopened").whole()


@sequence("the folder of one of two projects is renamed while it is measured")
def _(s: Scene) -> None:
    s.jobs.propose({"a/model.yaml": model("worse")})
    s.folder = "a"
    run = s.run(working_directory="a").open().measure()
    s.base({path.replace("a/", "c/", 1): text for path, text in TWO_PROJECTS.items() if path[0] == "a"})
    s.base({path: None for path in TWO_PROJECTS if path[0] == "a"})
    assert "metrics.yaml" in run.publish().summary


@sequence("main is renamed while it is measured")
def _(s: Scene) -> None:
    run = s.run("opened").open().measure()
    history = s.jobs.world.history
    history.git("branch", "--move", "main", "trunk")
    s.jobs.pull.base_branch = "trunk"
    run.publish()
    assert [] == s.jobs.ours()
    history.git("branch", "--move", "trunk", "main")
    s.jobs.pull.base_branch = "main"
    s.run("edited", changed="base").whole()


@sequence("a newer run publishes while an older one judges")
def _(s: Scene) -> None:
    first, second = s.run("opened").open().measure(), s.run("reopened")
    s.fault("moves", "GET .*/check-runs", act=second.whole)
    assert Exit.NOT_JUDGED == first.publish().exit


@sequence("a newer head is published while an older one judges")
def _(s: Scene) -> None:
    first = s.run("opened").open().measure()

    def push() -> None:
        s.push("worse")
        s.run().whole()

    s.fault("moves", "GET .*/check-runs", act=push)
    first.publish()


@sequence("everything in one job, a push, and a re-run")
def _(s: Scene) -> None:
    s.run("opened").alone()
    s.push("worse")
    run = s.run()
    run.alone()
    run.again().alone()


@sequence("fork whose pull requests go to two branches")
def _(s: Scene) -> None:
    s.fork("worse")
    s.jobs.world.history.write("develop", {"README.md": "x"}, onto="main")
    other = s.jobs.world.open_pull("patch", owner="stranger", base_branch="develop")
    run = s.run("opened")
    run.whole()
    s.second_workflow(run, conclusion="failure")
    assert [s.jobs.pull.number, other.number] == [each.issue for each in s.jobs.ours()]
    s.jobs.world.comments.pop()


@sequence("fork that is deleted before the second workflow starts", NOTHING_POSTED)
def _(s: Scene) -> None:
    s.fork("better")
    run = s.run("opened")
    run.whole()
    assert "the repository of the fork is gone" in s.second_workflow(run, is_deleted=True).summary


@sequence("fork, timed out and startup failure")
def _(s: Scene) -> None:
    s.fork("better")
    run = s.run("opened")
    for conclusion in ("startup_failure", "timed_out"):
        ended = s.second_workflow(run, conclusion=conclusion)
    assert Exit.NOT_JUDGED == ended.exit


@sequence("merge group", {("-", "-", 0)})
def _(s: Scene) -> None:
    run = s.merge_group()
    run.whole()
    group = run.payload["merge_group"]["head_sha"]
    checks = [each for each in s.jobs.world.checks if (each.head, each.name) == (group, CHECK)]
    assert ["success"] == [each.fields["conclusion"] for each in checks]


@pytest.mark.parametrize("name", TABLE)
def test_comment_check_and_exit_agree_on_the_newest_head(
    scene: Scene, name: str, record_property: Callable[[str, object], None]
) -> None:
    play, allowed = TABLE[name]
    play(scene)
    triple = scene.triple()
    assert triple in allowed
    scene.hold()
    left = still_open(scene)
    assert len(left) == (allowed in (LEFT_OPEN, TOLD))
    word, check, exit_code = triple
    record_property("github", f"sequence: {name} | comment {word} | check {check} | exit {exit_code}")


def test_an_update_costs_at_most_seven_calls(record_property: Callable[[str, object], None]) -> None:
    assert max(MOST_CALLS, default=0) <= 7
    record_property("github", f"calls of a run that nothing disturbed: at most {max(MOST_CALLS, default=0)}")


def test_the_table_is_long_enough(record_property: Callable[[str, object], None]) -> None:
    assert len(TABLE) >= 40
    for name, allowed in ALLOWED.items():
        triples = "; ".join(
            f"comment {word}, check {check}, exit {code}" for word, check, code in sorted(allowed)
        )
        record_property("github", f"allowed: {name} | {triples}")
