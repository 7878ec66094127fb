"""Whatever GitHub does, the verdict stands, what it ended up with is known, and no second comment appears."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import pytest

from remyx_action.github.trouble import LeftAlone, NotPosted, Posted, Superseded
from support.github_stand_in.stage import TOKEN, Publication, Stage, publish
from support.github_stand_in.world import Fault, FaultKind

Record = Callable[[str, object], None]

KINDS: list[Any] = [kind for kind in get_args(FaultKind) if kind not in {"slow", "moves"}]
REQUESTS = {
    "open the check": "POST .*/check-runs",
    "list checks": "GET .*/check-runs",
    "list comments": "GET .*/comments",
    "read the pull request": "GET .*/pulls/",
    "create the comment": "POST .*/comments",
    "update the comment": "PATCH .*/comments/",
    "close the check": "PATCH .*/check-runs/",
}


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        *((kind, 1) for kind in KINDS),
        ("502 before", 99),
        ("502 after", 99),
        ("dropped after", 99),
        ("429", 99),
    ],
)
@pytest.mark.parametrize("request_name", REQUESTS)
def test_no_fault_at_any_request_doubles_a_comment_or_loses_a_verdict(
    stage: Stage, kind: FaultKind, request_name: str, times: int
) -> None:
    before = request_name == "update the comment"
    if before:
        publish(stage, stage.client(), stage.draft("reject"))
    stage.world.faults.append(Fault(kind=kind, matching=REQUESTS[request_name], times=times))
    outcome = publish(stage, stage.client(), stage.draft("ship", run=(501, 1)))
    stage.world.faults.clear()
    stage.stand_in.end_of_day()
    hold_true(stage, outcome)
    assert sum(stage.slept) <= 120 + 4 * 2 + 6 * 2
    publish(stage, stage.client(), stage.draft("ship", run=(502, 1)))
    (ours,) = stage.ours()
    assert "by run 502" in ours.body


def hold_true(stage: Stage, outcome: Publication) -> None:
    """What is said of comment and check is what GitHub ended up with, and there is never a second one."""
    bodies = [each.body for each in stage.ours()]
    assert len(bodies) <= 1
    written = any("### ship" in body for body in bodies)
    if isinstance(outcome.comment, Posted):
        assert written
    else:
        assert isinstance(outcome.comment, NotPosted)
        assert outcome.comment.next_step
        assert not written or outcome.comment.reason.startswith("it is not known whether")
    done = any(each.fields.get("conclusion") == "success" for each in stage.world.checks)
    assert done or not isinstance(outcome.closed, Posted)
    assert isinstance(outcome.closed, Posted) or outcome.closed.next_step


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: what was injected, what GitHub ended up with, what the person was told."""

    injected: str
    faults: tuple[Fault, ...] = ()
    prepare: Callable[[Stage], object] = lambda _: None
    comments: str = "ship"
    """First words of our comments afterwards, joined by `+`; `-` is none."""
    check: str = "success"
    told: str = "nothing"
    """Pattern over the reasons that were shown beside the verdict."""
    slept: float = 0.0
    """Seconds, on the clock that was handed in."""
    timeout_seconds: int = 10


def gone(stage: Stage) -> None:
    del stage.world.pulls[stage.pull.number]


def read_only(stage: Stage) -> None:
    stage.world.allow(TOKEN, contents="read")


def lock(stage: Stage) -> None:
    stage.pull.locked = True


def soon(stage: Stage) -> None:
    """The spent limit is renewed in 10 s of the stage's clock."""
    stage.world.resets_at = 2_000_000_000


def late(stage: Stage) -> None:
    stage.world.resets_at = 2_000_000_600


TABLE = [
    Row(injected="nothing"),
    Row(
        injected="502 after the comment was stored",
        faults=(Fault(kind="502 after", matching="POST .*/comments"),),
        slept=2,
    ),
    Row(
        injected="502 before the comment was stored",
        faults=(Fault(kind="502 before", matching="POST .*/comments"),),
        slept=2,
    ),
    Row(
        injected="502, and the comment is stored later",
        faults=(Fault(kind="502 and late", matching="POST .*/comments"),),
        slept=2,
    ),
    Row(
        injected="502, and the comment is stored after a second one",
        faults=(Fault(kind="502 and late", matching="POST .*/comments", reads_before_landing=2),),
        slept=2,
    ),
    Row(
        injected="connection dropped after the comment was stored",
        faults=(Fault(kind="dropped after", matching="POST .*/comments"),),
        slept=2,
    ),
    Row(
        injected="connection dropped before the comment was stored",
        faults=(Fault(kind="dropped before", matching="POST .*/comments"),),
        slept=2,
    ),
    Row(
        injected="502 on every write",
        faults=(Fault(kind="502 before", matching="POST|PATCH", times=99),),
        comments="-",
        check="-",
        told="not known whether the comment was posted: GitHub answered 502.*",
        slept=18,
    ),
    Row(
        injected="GitHub is down",
        faults=(Fault(kind="502 before", matching=".", times=99),),
        comments="-",
        check="-",
        told="the comment was not posted: GitHub answered 502",
        slept=12,
    ),
    Row(
        injected="primary limit, renewed in 10 s",
        faults=(Fault(kind="primary limit", matching="POST .*/comments"),),
        prepare=soon,
        slept=11,
    ),
    Row(
        injected="primary limit, renewed in 10 min",
        faults=(Fault(kind="primary limit", matching="POST .*/comments"),),
        prepare=late,
        comments="-",
        told="the comment was not posted: GitHub answered 403: API rate limit exceeded",
    ),
    Row(
        injected="secondary limit, 2 s",
        faults=(Fault(kind="secondary limit", matching="POST .*/comments"),),
        slept=2,
    ),
    Row(
        injected="secondary limit, 60 s",
        faults=(Fault(kind="secondary limit", matching="POST .*/comments", retry_after_seconds=60),),
        slept=60,
    ),
    Row(
        injected="secondary limit, 3 min",
        faults=(Fault(kind="secondary limit", matching="POST .*/comments", retry_after_seconds=180),),
        comments="-",
        told="the comment was not posted: GitHub answered 403: You have exceeded a secondary rate limit",
    ),
    Row(
        injected="secondary limit without a time",
        faults=(Fault(kind="secondary limit without a time", matching="POST .*/comments"),),
        slept=60,
    ),
    Row(injected="429, 2 s", faults=(Fault(kind="429", matching="POST .*/comments"),), slept=2),
    Row(
        injected="429, 40 s, four times",
        faults=(Fault(kind="429", matching="POST .*/comments", times=4, retry_after_seconds=40),),
        comments="-",
        told="the comment was not posted: GitHub answered 429",
        slept=120,
    ),
    Row(
        injected="a proxy's page in place of an answer",
        faults=(Fault(kind="not JSON", matching="GET .*/comments"),),
        slept=2,
    ),
    Row(
        injected="an answer slower than the timeout",
        faults=(Fault(kind="slow", matching="POST .*/comments"),),
        timeout_seconds=1,
        slept=2,
    ),
    Row(
        injected="token without permission",
        prepare=read_only,
        comments="-",
        check="-",
        told="the comment was not posted: GitHub answered 403: Resource not accessible by integration",
    ),
    Row(
        injected="conversation locked",
        prepare=lock,
        comments="-",
        told="the comment was not posted: GitHub answered 403: Unable to create comment.*locked",
    ),
    Row(
        injected="redirected to another server",
        faults=(Fault(kind="redirected", matching="GET .*/comments", times=99),),
        comments="-",
        told="the comment was not posted: GitHub's answer could not be read",
        slept=8,
    ),
    Row(
        injected="pull request deleted",
        prepare=gone,
        comments="-",
        told="the comment was not posted: GitHub answered 404: Not Found",
    ),
    Row(
        injected="pull request deleted between two requests",
        faults=(Fault(kind="moves", matching="POST .*/comments"),),
        comments="-",
        told="the comment was not posted: GitHub answered 404: Not Found",
    ),
    Row(
        injected="newer head pushed between two requests",
        faults=(Fault(kind="moves", matching="GET .*/pulls/"),),
        comments="-",
        told="superseded by commit [0-9a-f]{40}",
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.injected)
def test_what_github_ends_up_with_and_what_the_person_reads(
    stage: Stage, row: Row, record_property: Record
) -> None:
    row.prepare(stage)
    draft = stage.draft("ship")
    moved: dict[str, Callable[[], object]] = {
        "pull request deleted between two requests": lambda: gone(stage),
        "newer head pushed between two requests": lambda: stage.push("name: newer\n"),
    }
    for fault in row.faults:
        fresh = Fault(**{**vars(fault), "act": moved.get(row.injected, fault.act)})
        stage.world.faults.append(fresh)
    outcome = publish(stage, stage.client(timeout_seconds=row.timeout_seconds), draft)
    stage.stand_in.end_of_day()
    told = " · ".join(outcome.told) or "nothing"
    comments = "+".join(each.body.split()[1] for each in stage.ours()) or "-"
    checks = "+".join(each.fields.get("conclusion", "open") for each in stage.world.checks) or "-"
    assert (row.comments, row.check) == (comments, checks)
    assert re.search(row.told, told)
    assert row.slept == sum(stage.slept)
    assert isinstance(outcome.comment, Posted | NotPosted | Superseded | LeftAlone)
    record_property(
        "github",
        f"fault: {row.injected} | comments {comments} | check {checks} | waited {sum(stage.slept):.0f} s "
        f"| requests {len(stage.world.calls)} | told: {told[:150]}",
    )
