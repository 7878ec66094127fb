"""Reads are asked again in bounds, writes never blindly, and limits are waited for two minutes in all."""

import socketserver
import threading

import pytest

from remyx_action.github.client import READS_REPEATED, Client, Connection, text_in
from remyx_action.github.trouble import Trouble, TroubleKind, next_step, trouble_of_answer
from support.github_stand_in.stage import Stage
from support.github_stand_in.world import Fault, FaultKind

PULLS = "GET .*/pulls/1"


def read(stage: Stage) -> str:
    return stage.client().read(lambda repository: repository.get_pull(1).state)


@pytest.mark.parametrize("kind", ["502 before", "dropped before", "not JSON"])
@pytest.mark.parametrize(("times", "requests"), [(1, 2), (4, 5)])
def test_a_read_is_asked_again_up_to_four_times(
    stage: Stage, kind: FaultKind, times: int, requests: int
) -> None:
    stage.world.faults.append(Fault(kind=kind, matching=PULLS, times=times))
    looked_for_another_name = kind == "not JSON"
    if looked_for_another_name:
        assert "open" == stage.client().read(lambda repository: _state(repository.get_pull(1).state))
    else:
        assert "open" == read(stage)
    assert (requests + looked_for_another_name, [2.0] * times) == (len(stage.world.calls), stage.slept)


@pytest.mark.parametrize(
    "answer", ["HTTP/1.1 200 OK\r\nX: ", 'HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{"']
)
def test_a_server_that_drips_is_asked_again_and_given_up(answer: str) -> None:
    asked, over = [], threading.Event()

    class Dripping(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked.append(self.request.recv(1 << 16))
            self.request.sendall(answer.encode())
            while not over.wait(0.02):
                self.request.sendall(b"x")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dripping) as server:
        threading.Thread(target=server.serve_forever).start()
        connection = Connection(
            api_url=f"http://127.0.0.1:{server.server_address[1]}",
            repository="remyx-team/spatial",
            token="t",
            whole_seconds=0.2,
        )
        client = Client(connection, sleep=lambda _: None)
        try:
            with pytest.raises(Trouble, match="did not answer in time") as trouble:
                client.read(lambda repository: repository.get_pull(1).state)
        finally:
            over.set()
            server.shutdown()
    assert TroubleKind.UNREACHABLE == trouble.value.kind
    assert len(asked) == 1 + READS_REPEATED


def _state(value: str | None) -> str:
    if value is None:
        raise TypeError("no state")
    return value


def test_the_second_attempts_of_all_reads_are_counted_together(stage: Stage) -> None:
    stage.world.faults.append(Fault(kind="502 before", matching=PULLS, times=99))
    client = stage.client()
    for _ in range(3):
        with pytest.raises(Trouble):
            client.read(lambda repository: repository.get_pull(1).state)
    assert 3 + 4 == len(stage.world.calls)


@pytest.mark.parametrize("kind", ["502 before", "502 after", "dropped before", "dropped after", "not JSON"])
def test_a_write_is_sent_once_whatever_comes_back(stage: Stage, kind: FaultKind) -> None:
    stage.world.faults.append(Fault(kind=kind, matching="POST"))
    with pytest.raises(Trouble) as trouble:
        stage.client().write(lambda repository: repository.get_issue(1).create_comment("x").user.login)
    assert TroubleKind.UNREACHABLE == trouble.value.kind
    assert 1 == sum(call.verb == "POST" for call in stage.world.calls)


def test_a_renamed_repository_is_followed_for_reads_and_writes(stage: Stage) -> None:
    client = stage.client()
    stage.world.rename("relations")
    made = client.write(lambda repository: text_in(repository.get_issue(1).create_comment("x").html_url))
    assert "/remyx-team/relations/pull/1" in made
    assert ["x"] == [each.body for each in stage.world.comments]
    assert "open" == client.read(lambda repository: text_in(repository.get_pull(1).state))
    assert [("POST", 307), ("GET", 301), ("GET", 200), ("POST", 201), ("GET", 200)] == [
        (call.verb, call.status) for call in stage.world.calls
    ]


def test_a_limit_is_waited_for_no_longer_than_two_minutes_in_all(stage: Stage) -> None:
    stage.world.faults.append(Fault(kind="429", matching=PULLS, times=99, retry_after_seconds=50))
    with pytest.raises(Trouble) as trouble:
        read(stage)
    assert (TroubleKind.RATE_LIMITED, [50.0, 50.0]) == (trouble.value.kind, stage.slept)


def test_the_token_never_shows_in_a_picture_of_the_connection() -> None:
    connection = Connection(api_url="https://api.github.com", repository="a/b", token="ghs_secret")
    assert "ghs_secret" not in repr(connection)


@pytest.mark.parametrize(
    ("status", "message", "headers", "kind", "wait"),
    [
        (401, "Bad credentials", {}, TroubleKind.BAD_TOKEN, None),
        (403, "Resource not accessible by integration", {}, TroubleKind.NOT_PERMITTED, None),
        (
            403,
            "no",
            {"x-ratelimit-remaining": "4999", "x-ratelimit-reset": "1"},
            TroubleKind.NOT_PERMITTED,
            None,
        ),
        (403, "API rate limit exceeded", {}, TroubleKind.RATE_LIMITED, 60.0),
        (
            403,
            "API rate limit exceeded",
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1012"},
            TroubleKind.RATE_LIMITED,
            13.0,
        ),
        (403, "x", {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "900"}, TroubleKind.RATE_LIMITED, 1.0),
        (403, "x", {"retry-after": "7"}, TroubleKind.RATE_LIMITED, 7.0),
        (403, "x", {"retry-after": "0"}, TroubleKind.RATE_LIMITED, 1.0),
        (429, "", {"retry-after": "Wed, 21 Oct"}, TroubleKind.RATE_LIMITED, 60.0),
        (403, "Unable to create comment because issue is locked.", {}, TroubleKind.FORBIDDEN, None),
        (403, "Repository was archived so is read-only.", {}, TroubleKind.FORBIDDEN, None),
        (404, "Not Found", {}, TroubleKind.GONE, None),
        (410, "Gone", {}, TroubleKind.GONE, None),
        (422, "Validation Failed", {}, TroubleKind.UNPROCESSABLE, None),
        (500, "", {}, TroubleKind.UNREACHABLE, None),
        (503, "", {}, TroubleKind.UNREACHABLE, None),
        (409, "Conflict", {}, TroubleKind.REFUSED, None),
    ],
)
def test_every_refusal_is_distinguished(
    status: int, message: str, headers: dict[str, str], kind: TroubleKind, wait: float | None
) -> None:
    trouble = trouble_of_answer(status, message, headers, now=1000.0)
    assert (kind, wait) == (trouble.kind, trouble.wait_seconds)


def test_a_hostile_message_of_a_server_stays_one_short_line() -> None:
    trouble = trouble_of_answer(500, "a\n::error::b\r\n\u202e\x1b[2J" + "x" * 900, {}, now=0.0)
    assert "GitHub answered 500: a ::error::b [2J" == trouble.detail.rstrip("x")
    assert trouble.detail.isprintable()
    assert len(trouble.detail) < 260


@pytest.mark.parametrize(
    ("kind", "wait", "expected"),
    [
        (
            TroubleKind.NOT_PERMITTED,
            None,
            "add to the job in the workflow file:\npermissions:\n  checks: write",
        ),
        (
            TroubleKind.BAD_TOKEN,
            None,
            "pass `token: ${{ github.token }}` to the action, and to its job:\npermissions:\n  checks: write",
        ),
        (
            TroubleKind.RATE_LIMITED,
            300.0,
            "run the job again in 300 s: the verdict is in the job's summary and exit code",
        ),
        (
            TroubleKind.UNREACHABLE,
            None,
            "run the job again: the verdict is in the job's summary and exit code",
        ),
        (
            TroubleKind.FORBIDDEN,
            None,
            "ask an owner of the repository: the verdict is in the job's summary and exit code",
        ),
        (
            TroubleKind.REFUSED,
            None,
            "read the report in the job's summary, and file this answer as a defect",
        ),
    ],
)
def test_every_trouble_has_a_next_step(kind: TroubleKind, wait: float | None, expected: str) -> None:
    trouble = Trouble(kind, "x", wait_seconds=wait)
    assert expected == next_step(trouble, "checks: write", from_fork=False)
