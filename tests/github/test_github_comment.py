"""One comment per pull request: found by marker and author, updated in place, never written over newer."""

from collections.abc import Callable

import pytest

from remyx_action.github import comment
from remyx_action.github.events import Commit
from remyx_action.github.marks import Marker, Order, Scope, with_marker
from remyx_action.github.trouble import LeftAlone, NotPosted, Posted, Superseded
from remyx_action.policy.looks import Look
from support.github_stand_in.stage import TOKEN, Stage, publish
from support.github_stand_in.talk import bot
from support.github_stand_in.world import ACTIONS_BOT, COMMENT_CHARACTERS, Fault, Identity

Record = Callable[[str, object], None]


def test_the_first_run_creates_one_comment_and_the_second_updates_it_in_place(stage: Stage) -> None:
    first = publish(stage, stage.client(), stage.draft("reject"))
    stage.push("name: better\n")
    second = publish(stage, stage.client(), stage.draft("ship", run=(501, 1)))
    assert isinstance(first.comment, Posted)
    assert first.comment == second.comment
    (only,) = stage.ours()
    assert f"### ship at {stage.head[:7]} by run 501" == only.body.splitlines()[0]


def test_an_update_costs_seven_requests(stage: Stage, record_property: Record) -> None:
    publish(stage, stage.client(), stage.draft())
    stage.world.calls.clear()
    stage.push("name: better\n")
    publish(stage, stage.client(), stage.draft(run=(501, 1)))
    (ours,) = stage.ours()
    query = "check_name=remyx+%2F+default+%28main%29&filter=all&per_page=100"
    expected = [
        f"GET /commits/{stage.head}/check-runs?{query}",
        "POST /check-runs",
        "GET /issues/1/comments?per_page=100",
        f"GET /commits/{stage.head}/check-runs?{query}",
        "GET /pulls/1",
        f"PATCH /issues/comments/{ours.id}",
        f"PATCH /check-runs/{stage.world.checks[-1].id}",
    ]
    assert expected == stage.requests()
    record_property("github", f"requests of an update: {len(expected)}")


@pytest.mark.parametrize(("comments", "more"), [(99, 0), (100, 1), (250, 2)])
def test_every_further_page_of_comments_costs_one_request(stage: Stage, comments: int, more: int) -> None:
    for number in range(comments):
        stage.world.add_comment(stage.pull.number, "ada", f"thought {number}")
    publish(stage, stage.client(), stage.draft("reject"))
    stage.world.calls.clear()
    publish(stage, stage.client(), stage.draft("ship", run=(501, 1)))
    assert 7 + more == len(stage.world.calls)
    assert 1 == len(stage.ours())


def test_a_person_who_copies_the_marker_is_not_overwritten(stage: Stage) -> None:
    forged = with_marker("ship!", stage.draft(run=(999_999, 9)).marker)
    theirs = stage.world.add_comment(stage.pull.number, "mallory", forged)
    outcome = publish(stage, stage.client(), stage.draft("reject")).comment
    assert isinstance(outcome, Posted)
    assert forged == theirs.body
    assert 1 == len(stage.ours())


@pytest.mark.parametrize(
    "body",
    [
        "{marker}\nquoted first",
        "> {marker}",
        "`{marker}`",
        "text {marker}",
        "{marker} text",
        "- {marker}\n\nthanks",
    ],
)
def test_another_workflow_that_echoes_a_marker_is_not_taken_for_ours(stage: Stage, body: str) -> None:
    """Every workflow of a repository writes as the same bot; only a last line of its own is a marker."""
    echo = body.format(marker=stage.draft(run=(999_999, 9)).marker.line())
    other = stage.world.add_comment(stage.pull.number, ACTIONS_BOT, echo, kind="Bot")
    assert isinstance(publish(stage, stage.client(), stage.draft("reject")).comment, Posted)
    assert echo == other.body
    assert 2 == len(stage.world.comments)


def test_projects_and_workflows_of_one_policy_keep_a_comment_each(stage: Stage) -> None:
    client = stage.client()
    scopes = [Scope("one", None), Scope("two", None), Scope("one", "strict"), Scope("one", None)]
    for scope in scopes:
        thread = comment.find_comments(client, stage.pull.number, scope)
        assert isinstance(thread, comment.Thread)
        draft = stage.draft(scope=scope, renderings=[f"{scope.folder} {scope.policy}"])
        comment.post(client, thread, draft, current_head=stage.head, mode="always")
    assert ["one None", "two None", "one strict"] == [each.body.split("\n")[0] for each in stage.ours()]


def test_an_old_head_is_not_written_once_a_newer_one_was_pushed(stage: Stage) -> None:
    old = stage.draft("ship")
    newer = stage.push("name: better\n")
    outcome = publish(stage, stage.client(), old)
    assert Superseded(by=f"commit {newer}") == outcome.comment
    assert [] == stage.ours()
    assert "success" == stage.world.checks[0].fields["conclusion"]  # its own check is closed all the same


def test_a_head_that_moves_between_two_requests_is_noticed(stage: Stage) -> None:
    draft = stage.draft("ship")
    stage.world.faults.append(
        Fault(kind="moves", matching="GET .*/pulls/", act=lambda: stage.push("name: better\n"))
    )
    outcome = publish(stage, stage.client(), draft)
    assert Superseded(by=f"commit {stage.head}") == outcome.comment
    assert [] == stage.ours()


def test_an_earlier_run_on_the_same_head_leaves_a_later_one_alone(stage: Stage) -> None:
    publish(stage, stage.client(), stage.draft("reject", run=(600, 2)))
    outcome = publish(stage, stage.client(), stage.draft("ship", run=(600, 1))).comment
    assert Superseded(by="run 600, attempt 2") == outcome
    assert "reject" in stage.ours()[0].body


def test_a_newer_run_is_never_overwritten_whichever_head_it_is_of(stage: Stage) -> None:
    publish(stage, stage.client(), stage.draft("reject", run=(999_999, 9)))
    stage.push("name: better\n")
    outcome = publish(stage, stage.client(), stage.draft("ship")).comment
    assert Superseded(by="run 999999, attempt 9") == outcome
    assert "### reject" in stage.ours()[0].body


def test_where_the_head_could_not_be_read_the_later_run_wins(stage: Stage) -> None:
    thread = thread_of(stage, ("reject", (600, 1)))
    newer, older = stage.draft(run=(601, 1)), stage.draft(run=(599, 1))
    assert thread.ours[0] == comment.decide(thread, newer, None, "always")
    assert Superseded(by="run 600, attempt 1") == comment.decide(thread, older, None, "always")


def thread_of(stage: Stage, *written: tuple[str, tuple[int, int]]) -> comment.Thread:
    for word, run in written:
        publish(stage, stage.client(), stage.draft(word, run=run))
    thread = comment.find_comments(stage.client(), stage.pull.number, Scope("", None))
    assert isinstance(thread, comment.Thread)
    return thread


QUIET = "nothing blocks and the workflow says `comment: on-block`"
NEVER = "the workflow says `comment: never`"


@pytest.mark.parametrize(
    ("mode", "word", "first", "then"),
    [
        ("always", "ship", "create", "update"),
        ("always", "reject", "create", "update"),
        ("on-change", "ship", "create", "update"),
        ("on-change", "reject", "create", "update"),
        ("on-block", "ship", QUIET, "update"),
        ("on-block", "reject", "create", "update"),
        ("never", "ship", NEVER, NEVER),
        ("never", "reject", NEVER, NEVER),
    ],
)
def test_when_a_comment_is_written(
    stage: Stage, mode: comment.CommentMode, word: str, first: str, then: str
) -> None:
    """`then`: where a comment with the word `reject` stands already."""
    draft = stage.draft(word, run=(501, 1))

    def decided(thread: comment.Thread) -> str:
        decision = comment.decide(thread, draft, stage.head, mode)
        if isinstance(decision, LeftAlone):
            return decision.why
        return "create" if decision is None else "update"

    assert first == decided(thread_of(stage))
    assert then == decided(thread_of(stage, ("reject", (500, 1))))


def test_a_shorter_rendering_is_taken_where_the_longest_does_not_fit(stage: Stage) -> None:
    draft = stage.draft(renderings=["x" * COMMENT_CHARACTERS, "y" * 60_000, "short"])
    assert isinstance(publish(stage, stage.client(), draft).comment, Posted)
    assert stage.ours()[0].body.startswith("y" * 60_000)
    assert 1 == sum("POST /issues" in each for each in stage.requests())


def test_a_length_that_only_github_finds_too_long_is_survived(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support.github_stand_in.talk.COMMENT_CHARACTERS", 1_000)
    draft = stage.draft(renderings=["x" * 2_000, "y" * 500])
    assert isinstance(publish(stage, stage.client(), draft).comment, Posted)
    assert stage.ours()[0].body.startswith("y" * 500)


def test_a_comment_that_never_fits_is_reported(stage: Stage) -> None:
    outcome = publish(stage, stage.client(), stage.draft(renderings=["x" * COMMENT_CHARACTERS])).comment
    assert isinstance(outcome, NotPosted)
    expected = "the comment was not posted: every rendering is longer than GitHub's 65,536 characters"
    assert expected == outcome.reason


def test_the_same_text_again_is_not_written_again(stage: Stage) -> None:
    first = publish(stage, stage.client(), stage.draft()).comment
    stage.world.calls.clear()
    assert first == publish(stage, stage.client(), stage.draft()).comment
    assert not any("PATCH /issues" in each for each in stage.requests())


def test_a_person_s_token_updates_that_person_s_comment(stage: Stage) -> None:
    stage.world.identities["pat"] = Identity(
        login="ada", kind="User", permissions={"pull_requests": "write", "checks": "write"}
    )
    publish(stage, stage.client("pat"), stage.draft("reject"))
    publish(stage, stage.client("pat"), stage.draft("ship", run=(501, 1)))
    (only,) = stage.world.comments
    assert ("ada", True) == (only.author, "### ship" in only.body)


def test_an_app_s_token_keeps_one_comment_though_it_cannot_say_its_name(stage: Stage) -> None:
    stage.world.identities["app"] = bot("remyx")
    first = publish(stage, stage.client("app"), stage.draft("reject")).comment
    second = publish(stage, stage.client("app"), stage.draft("ship", run=(501, 1))).comment
    assert first == second
    (only,) = stage.ours()
    assert ("remyx[bot]", True) == (only.author, "### ship" in only.body)
    late = publish(stage, stage.client("app"), stage.draft("reject", run=(400, 1))).comment
    assert Superseded(by="run 501, attempt 1") == late
    assert 1 == len(stage.ours())


def test_comments_left_over_from_trouble_are_cleared(stage: Stage) -> None:
    for run in (490, 491, 492):
        body = with_marker("left over", stage.draft(run=(run, 1)).marker)
        stage.world.add_comment(stage.pull.number, ACTIONS_BOT, body, kind="Bot")
    oldest = stage.world.comments[0].id
    assert isinstance(publish(stage, stage.client(), stage.draft()).comment, Posted)
    assert [oldest] == [each.id for each in stage.ours()]


def test_a_comment_deleted_between_two_requests_is_created_again(stage: Stage) -> None:
    publish(stage, stage.client(), stage.draft("reject"))
    stage.world.faults.append(
        Fault(kind="moves", matching="PATCH .*/issues/comments/", act=stage.world.comments.clear)
    )
    assert isinstance(publish(stage, stage.client(), stage.draft("ship", run=(501, 1))).comment, Posted)
    assert 1 == len(stage.ours())


def test_a_read_only_token_gets_the_line_to_add(stage: Stage) -> None:
    stage.world.allow(TOKEN, contents="read")
    outcome = publish(stage, stage.client(), stage.draft())
    assert isinstance(outcome.comment, NotPosted)
    assert (
        "the comment was not posted: GitHub answered 403: Resource not accessible by integration "
        "(it wants issues=write; pull_requests=write)" == outcome.comment.reason
    )
    assert (
        "add to the job in the workflow file:\npermissions:\n  pull-requests: write"
        == outcome.comment.next_step
    )
    assert isinstance(outcome.closed, NotPosted)
    assert "add to the job in the workflow file:\npermissions:\n  checks: write" == outcome.closed.next_step


def test_a_fork_is_warned_that_its_token_only_reads(stage: Stage) -> None:
    stage.world.allow(TOKEN, contents="read")
    outcome = publish(stage, stage.client(from_fork=True), stage.draft()).comment
    assert isinstance(outcome, NotPosted)
    assert outcome.next_step.startswith(
        "the token of a pull request from a fork only reads: the job's summary"
    )


def test_a_wrong_token_is_distinguished_from_a_missing_permission(stage: Stage) -> None:
    outcome = publish(stage, stage.client("expired"), stage.draft()).comment
    assert isinstance(outcome, NotPosted)
    assert "the comment was not posted: GitHub answered 401: Bad credentials" == outcome.reason
    assert "pass `token: ${{ github.token }}` to the action" in outcome.next_step


def test_what_no_server_can_store_is_replaced_before_it_is_sent(stage: Stage) -> None:
    draft = stage.draft(renderings=["nul \x00, half a pair \ud800"])
    assert isinstance(publish(stage, stage.client(), draft).comment, Posted)
    assert stage.ours()[0].body.startswith("nul \ufffd, half a pair \ufffd")


LOOKS = {
    "0" * 12: [Look(id="1" * 16, verdict="iterate", delta="-0.02"), Look(id="2" * 16)],
    "a" * 12: [Look(id="3" * 16, verdict="ship", delta="+0.03")],
}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\n\n",
        "no marker",
        "<!-- remyx-verdict/1 scope=x -->",
        "<!-- remyx-verdict/2 folder= policy=* -->",
        "<!-- remyx-verdict/2 folder= policy=* head=" + "a" * 40 + " run=0.1 word=ship looks= -->",
        "<!-- remyx-verdict/2 folder= policy= head=" + "a" * 40 + " run=1.1 word=ship looks= -->",
    ],
)
def test_a_body_without_our_marker_has_none(body: str) -> None:
    assert Marker.read(body) is None


@pytest.mark.parametrize(
    "scope",
    [
        Scope("", None),
        Scope("a/b", "default"),
        Scope("x -->\n", "*"),
        Scope("two--dashes", "-"),
        Scope("ü", "%2A"),
    ],
)
@pytest.mark.parametrize("looks", [{}, LOOKS])
def test_a_marker_is_read_back_as_it_was_written(scope: Scope, looks: dict[str, list[Look]]) -> None:
    marker = Marker(scope=scope, head=Commit("a" * 64), order=Order(7, 3), word="not-judged", looks=looks)
    body = with_marker("text\n", marker)
    assert marker == Marker.read(body.replace("\n", "\r\n"))
    assert "--" not in marker.line().removeprefix("<!--").removesuffix("-->")


def test_a_marker_holds_the_newest_fifty_looks_of_all_policies_together() -> None:
    many = [Look(id=f"{number:016x}") for number in range(60)]
    for keys in (["a" * 12], ["a" * 12, "b" * 12]):
        marker = Marker(
            scope=Scope("", None),
            head=Commit("a" * 40),
            order=Order(1, 1),
            word="ship",
            looks=dict.fromkeys(keys, many),
        )
        read = Marker.read(with_marker("text", marker))
        assert read is not None
        each = 50 // len(keys)
        assert dict.fromkeys(keys, many[-each:]) == read.looks


def test_looks_that_cannot_be_read_are_left_out() -> None:
    line = Marker(
        scope=Scope("", None), head=Commit("a" * 40), order=Order(1, 1), word="ship", looks=LOOKS
    ).line()
    read = Marker.read(line.replace("iterate", "perhaps").replace("=" + "3" * 16, "=xyz"))
    assert read is not None
    assert {"0" * 12: [Look(id="2" * 16)], "a" * 12: []} == read.looks


def test_looks_of_every_comment_of_ours_count_once_whatever_its_scope(stage: Stage) -> None:
    first, second, third = (Look(id=str(number) * 16, verdict="reject") for number in range(3))
    for scope, run, several in (
        (Scope("", None), 490, [first, second]),
        (Scope("", "default"), 491, [second, third]),
    ):
        marker = Marker(
            scope=scope, head=stage.head, order=Order(run, 1), word="ship", looks={"a" * 12: several}
        )
        stage.world.add_comment(stage.pull.number, ACTIONS_BOT, with_marker("x", marker), kind="Bot")
    forged = Marker(
        scope=Scope("", None),
        head=stage.head,
        order=Order(492, 1),
        word="ship",
        looks={"a" * 12: [Look(id="f" * 16)]},
    )
    stage.world.add_comment(stage.pull.number, "mallory", with_marker("x", forged))
    thread = comment.find_comments(stage.client(), stage.pull.number, Scope("", "other"))
    assert isinstance(thread, comment.Thread)
    assert ((), {"a" * 12: [first, second, third]}) == (thread.ours, thread.looks)


def test_on_change_leaves_the_text_of_an_unchanged_verdict_and_counts_its_look(stage: Stage) -> None:
    publish(stage, stage.client(), stage.draft("reject"))
    text = stage.ours()[0].body.rpartition("\n\n")[0]
    marker = Marker(scope=Scope("", None), head=stage.head, order=Order(501, 1), word="reject", looks=LOOKS)
    draft = comment.CommentDraft(marker=marker, renderings=["### other words"], blocks=True)
    assert isinstance(publish(stage, stage.client(), draft, mode="on-change").comment, Posted)
    (ours,) = stage.ours()
    assert (text, marker) == (ours.body.rpartition("\n\n")[0], Marker.read(ours.body))
