"""The backend `openai`: two models of one real server, and a server that fails in every way."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from support.lighteval.running import QUESTIONS, Bench, Ended
from support.lighteval.server import RIGHT, Talk, serving

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lighteval")]

FAILED_INSIDE = {"choices": [{"finish_reason": "error", "message": {"role": "assistant", "content": ""}}]}


def ask(bench: Bench, talk: Talk, name: str, **changes: Any) -> Ended:
    model = {"backend": "openai", "base_url": talk.base_url, "name": name, "batch_size": None, "root": None}
    return bench.child(**changes | {"model": model | changes.get("model", {})})


def test_two_models_of_a_server_are_scored_by_what_they_answer(bench: Bench) -> None:
    key = bench.environment(SERVER_KEY="secret-of-the-server")
    with serving(faults=[429, 500, FAILED_INSIDE]) as talk:
        good = ask(bench, talk, "good", few_shot=2, model={"api_key": "SERVER_KEY"}, environment=key)
        assert 0 == good.code, good.said
        assert RIGHT["good"] == sum(good.scores("em").values())
        assert {"Bearer secret-of-the-server"} == talk.keys
        assert "secret-of-the-server" not in good.said + (good.output / "results.json").read_text()
        # each question once, and once more for each fault; two examples before it
        assert QUESTIONS + 3 == len(talk.asked)
        assert {5} == {len(body["messages"]) for body in talk.asked}
        assert {("/v1/chat/completions", "good", 0, 6, ("\n",))} == {
            (body["path"], body["model"], body["temperature"], body["max_tokens"], tuple(body["stop"]))
            for body in talk.asked
        }
        inputs = {row["id"]: row["input"] for row in good.rows("em")}

        weak = ask(bench, talk, "weak", few_shot=2, model={"generation": {"top_p": 0.5, "stop": ["."]}})
        assert RIGHT["weak"] == sum(weak.scores("em").values())
        assert inputs == {row["id"]: row["input"] for row in weak.rows("em")}
        assert (0.5, ["\n", "."]) == (talk.asked[-1]["top_p"], talk.asked[-1]["stop"])


def test_a_server_that_dies_half_way_leaves_no_score(bench: Bench) -> None:
    with serving(dies_after=QUESTIONS // 2) as talk:
        assert_lost(ask(bench, talk, "good"), "did not answer in 5 attempts, so nothing is scored")


def test_a_dead_endpoint_leaves_no_score(bench: Bench) -> None:
    """Through lighteval's own clients it is scored 0, and the exit code is 0."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        nowhere = Talk(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
    assert_lost(ask(bench, nowhere, "good"), "so nothing is scored")


def assert_lost(ended: Ended, words: str) -> None:
    assert 75 == ended.code
    assert ended.last_line.startswith("error: ")
    assert words in ended.last_line
    assert not (ended.output / "results.json").exists()


@pytest.mark.parametrize(
    ("model", "changes", "faults", "words"),
    [
        ("good", {}, [401], "401 Unauthorized"),
        ("silent", {}, [], f"{QUESTIONS} of {QUESTIONS} answers are empty"),
        ("good", {"tasks": ["choice"], "metrics": {"acc": {"choice": "acc"}}}, [], "generative tasks only"),
        ("good", {"model": {"api_key": "NOT_SET"}}, [], "NOT_SET"),
    ],
    ids=["refused", "silent", "not generative", "no key"],
)
def test_what_a_server_cannot_do_fails_the_arm(
    bench: Bench, model: str, changes: dict[str, Any], faults: list[int], words: str
) -> None:
    with serving(faults=faults) as talk:
        ended = ask(bench, talk, model, **changes)
    assert 1 == ended.code
    assert ended.last_line.startswith("error: ")
    assert words in ended.last_line
    assert not (ended.output / "results.json").exists()
