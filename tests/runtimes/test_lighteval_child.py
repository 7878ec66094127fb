"""What the program of a lighteval arm decides by itself, without lighteval: ids, checks, requests."""

from __future__ import annotations

import copy
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from remyx_action.runtimes.lighteval.child.documents import TaskDocument, digest_of_all, identify, of_shard
from remyx_action.runtimes.lighteval.child.evaluating import Asked, Row, rows_of
from remyx_action.runtimes.lighteval.child.loading import LocatedModel, locate, revision_of
from remyx_action.runtimes.lighteval.child.openai_model import Server, cut, request_of
from remyx_action.runtimes.lighteval.child.program import (
    check_answers,
    check_mean,
    lines_of,
    number_of,
    write,
)
from remyx_action.runtimes.lighteval.child.specification import (
    AGAIN,
    Counter,
    LostError,
    ModelSpecification,
    RefusedError,
    fail,
    read_specification,
)
from support.lighteval.server import Talk, serving

SPECIFICATION: dict[str, Any] = {
    "schema": "remyx-lighteval/1",
    "tasks": ["sums"],
    "custom_tasks": None,
    "few_shot": 0,
    "samples": None,
    "seed": 0,
    "shard": 0,
    "shards": 1,
    "model": {"backend": "openai", "name": "small", "base_url": "http://127.0.0.1:1/v1"},
    "metrics": {"exact": {"sums": "em"}},
    "output_folder": "/out",
    "data_folder": None,
}


def doc(number: int, query: str, **more: Any) -> Any:
    asked = {
        "id": str(number),
        "query": query,
        "choices": ["4"],
        "gold_index": 0,
        "specific": None,
        "images": None,
        "instruction": None,
        "unconditioned_query": None,
        "fewshot_samples": [],
        "generation_size": 8,
        "stop_sequences": [],
    }
    return SimpleNamespace(**asked | more)


def picture(shade: int) -> Any:
    return SimpleNamespace(mode="L", size=(2, 2), tobytes=lambda: bytes([shade] * 4))


def test_documents_of_two_splits_have_ids_of_their_own() -> None:
    """Also where both the number and the question are the same; in a group the task stands before them."""
    docs = [doc(0, "2 + 2"), doc(0, "3 + 3"), doc(0, "2 + 2"), doc(1, "2 + 2")]
    alone = [document.id for document in identify("sums", docs, in_group=False)]
    assert 4 == len(set(alone))
    assert alone[2] == f"{alone[0]}-2"
    assert [f"all:sums/{id_}" for id_ in alone] == [
        document.id for document in identify("all:sums", docs, in_group=True)
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"query": "2 + 3"},
        {"choices": ["5"]},
        {"instruction": "Add."},
        {"fewshot_samples": [SimpleNamespace(query="1 + 1", get_golds=lambda: ["2"])]},
        {"images": [picture(1)]},
    ],
    ids=["query", "choices", "instruction", "examples", "images"],
)
def test_whatever_is_asked_otherwise_is_another_input(change: dict[str, Any]) -> None:
    asked = {"query": "2 + 2"}
    docs = [doc(0, **asked), doc(0, **asked | change)]
    one, other = identify("sums", docs, in_group=False)
    assert one.input != other.input


def identity(**more: Any) -> str:
    return digest_of_all(identify("sums", [doc(0, "2 + 2", **more)], in_group=False))


def test_another_right_answer_is_another_data_set() -> None:
    assert identity(gold_index=0) == identity(gold_index=0) != identity(gold_index=1)


@pytest.mark.parametrize(
    ("specific", "other"),
    [
        ({"golds": [["4"]]}, {"golds": [["5"]]}),
        ({"tests": b"assert"}, {"tests": b"refute"}),
        ({"picture": picture(1)}, {"picture": picture(2)}),
        ({1: {"a", "b"}, "1": None}, {1: {"a", "c"}, "1": None}),
        ({"golds": "4"}, None),
    ],
    ids=["nested", "bytes", "image", "set", "absent"],
)
def test_right_answers_beside_the_choices_count(specific: Any, other: Any) -> None:
    """DROP, IFEval and others keep them in `specific`, where metrics find them."""
    assert (
        identity(specific=specific) == identity(specific=copy.deepcopy(specific)) != identity(specific=other)
    )


def test_an_objects_address_is_no_answer() -> None:
    def held() -> Any:
        return {"check": lambda: None}

    kept = held()
    assert str(kept) != str(held())
    assert identity(specific=kept) == identity(specific=held())


def test_what_a_metric_writes_into_a_document_is_no_answer() -> None:
    """lighteval's extractive match leaves its findings there, so the digest is of what was loaded."""
    asked = doc(0, "2 + 2", specific={"golds": ["4"]})
    documents = identify("sums", [asked], in_group=False)
    before = digest_of_all(documents)
    asked.specific["extracted_predictions"] = ["5"]
    assert before == digest_of_all(documents) != digest_of_all(identify("sums", [asked], in_group=False))


def test_every_document_is_of_one_shard() -> None:
    assert [1] * 10 == [
        sum(of_shard(place, shard=shard, shards=3) for shard in range(3)) for place in range(10)
    ]


def asked_of(*details: Any, here: int = 2) -> tuple[Asked, list[Any]]:
    docs = [doc(number, f"{number} + 1") for number in range(2)]
    documents = list(zip(identify("sums", docs, in_group=False), docs, strict=True))[:here]
    logger = SimpleNamespace(details={"sums|0": [make(docs) for make in details]})
    pipeline = SimpleNamespace(evaluation_tracker=SimpleNamespace(details_logger=logger))
    return Asked(
        task="sums", pipeline=pipeline, documents=documents, here=documents, names={"exact": "em"}
    ), docs


def scored(place: int, **metric: Any) -> Any:
    return lambda docs: SimpleNamespace(doc=docs[place], metric=metric)


def test_each_document_has_one_score() -> None:
    one, _ = asked_of(scored(1, em=0), scored(0, em=1), scored(0, other=5))
    assert [0, 1] == [row.score for row in rows_of(one, "exact")]


@pytest.mark.parametrize(
    "details",
    [
        (scored(0, em=1),),
        (scored(0, em=1), scored(0, em=1)),
        (scored(0, em=1), scored(1, em=1), scored(1, em=1)),
    ],
    ids=["missing", "one for another", "one twice"],
)
def test_a_document_without_its_score_fails_the_arm(details: tuple[Any, ...]) -> None:
    one, _ = asked_of(*details)
    with pytest.raises(RefusedError, match=r"gave \d scores of 2 documents in the metric em"):
        rows_of(one, "exact")


@pytest.mark.parametrize("score", [float("nan"), float("inf"), "1", None, [1]])
def test_what_is_no_finite_number_is_no_score(score: Any) -> None:
    with pytest.raises(RefusedError, match="the score of 0"):
        number_of(score, "the score of 0")


def test_scores_are_written_as_numbers() -> None:
    assert [1, 0, 0.1, 2] == [
        number_of(score, "") for score in (True, False, 0.1, SimpleNamespace(item=lambda: 2))
    ]


@pytest.mark.parametrize(("empty", "refused"), [(0, False), (5, False), (6, True), (10, True)])
def test_more_than_half_of_the_answers_empty_is_no_evaluation(empty: int, refused: bool) -> None:
    answers = [["", " \n"]] * empty + [["", "4"]] * (10 - empty)
    if not refused:
        check_answers(answers)
        return
    with pytest.raises(RefusedError, match=f"{empty} of 10 answers are empty"):
        check_answers(answers)


def test_a_task_that_generates_nothing_has_no_empty_answers() -> None:
    check_answers([])


def test_scores_whose_mean_lighteval_does_not_report_are_refused() -> None:
    check_mean([0.1] * 10, 0.1, "em")
    check_mean([], None, "em")
    with pytest.raises(RefusedError, match="lighteval reports 1"):
        check_mean([0, 1], 1, "em")


def test_results_are_written_whole(tmp_path: Path) -> None:
    row = Row(document=TaskDocument(id="0-ab", input="cd", answer="ef", task="mmlu:law"), score=1)
    write(
        tmp_path,
        {"em": lines_of([row], clustered=True), "f1": lines_of([], clustered=False)},
        {"a": "", "b": "c"},
    )
    assert ["em.jsonl", "f1.jsonl", "results.json"] == sorted(path.name for path in tmp_path.iterdir())
    assert {"id": "0-ab", "score": 1, "input": "cd", "cluster": "mmlu:law"} == json.loads(
        (tmp_path / "em.jsonl").read_text()
    )
    document = json.loads((tmp_path / "results.json").read_text())
    assert ({"b": "c"}, {"samples": "f1.jsonl"}) == (document["provenance"], document["metrics"]["f1"])


def test_a_specification_is_a_file_or_the_text_itself(tmp_path: Path) -> None:
    (tmp_path / "arm.json").write_text(json.dumps(SPECIFICATION))
    assert read_specification(json.dumps(SPECIFICATION)) == read_specification(str(tmp_path / "arm.json"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "remyx-lighteval/2"}, "not a remyx-lighteval/1"),
        ({"tasks": ["sums", "sums"]}, "repeated"),
        ({"metrics": {}}, "no metric"),
        ({"metrics": {"exact": {"products": "em"}}}, "another task"),
        ({"shard": 1}, "no shard 1 of 1"),
        ({"model": {"backend": "other", "name": "small"}}, "accelerate, openai, vllm"),
        ({"model": {"backend": "openai", "name": "small"}}, "base_url"),
        ({"model": {"backend": "openai", "name": "small", "speed": 9}}, "speed"),
        ({"model": {"backend": "vllm", "name": "small", "generation": {"heat": 1}}}, "generation takes"),
        ({"more": 1}, "more"),
    ],
)
def test_a_wrong_specification_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        read_specification(json.dumps(SPECIFICATION | change))


def test_a_model_lies_below_its_root_or_on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "models" / "new"
    model.mkdir(parents=True)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def located(name: str, revision: str | None = None) -> LocatedModel:
        where = str(tmp_path)
        return locate(
            ModelSpecification(backend="accelerate", name=name, root=where, revision=revision, generation={})
        )

    assert LocatedModel(name="org/model", revision=None) == located("org/model")
    for name in ("/etc", "../outside", "models/../../outside", "~/model", "./models/none", "a/b/c"):
        with pytest.raises(RefusedError):
            located(name)
    with pytest.raises(RefusedError, match=r"where there are models/new; a hub's .* is models/nwe@REVISION"):
        located("models/nwe")
    assert LocatedModel(name="models/nwe", revision=None) == located("models/nwe", "00ff")
    with pytest.raises(RefusedError, match=r"no config\.json"):
        located("models/new")
    (model / "config.json").write_text("{}")
    with pytest.raises(RefusedError, match="models/new is a folder, which has no revision 00ff"):
        located("models/new", "00ff")
    assert LocatedModel(name="org/model", revision=None) == located("org/model", "00ff")
    found = located("models/new")
    assert "remyx-model" == found.name
    assert (found.revision or "").startswith("sha256:")
    assert "config.json" in {path.name for path in (tmp_path / "work" / "remyx-model").iterdir()}


def test_a_data_sets_commit_is_read_from_what_was_downloaded() -> None:
    def split(*urls: str) -> Any:
        return SimpleNamespace(info=SimpleNamespace(download_checksums=dict.fromkeys(urls)))

    commit = "e53f048856ff4f594e959d75785d2c2d37b678ee"
    url = f"hf://datasets/openai/gsm8k@{commit}/main/test-00000-of-00001.parquet"
    assert commit == revision_of({"train": split(url), "test": split(url)})
    assert "unknown" == revision_of({"test": split()})


def test_a_request_says_what_the_template_says() -> None:
    generation = {"temperature": 0.5, "top_p": None, "top_k": 3, "seed": 9}
    model = ModelSpecification(backend="openai", name="small", base_url="http://h/v1", generation=generation)
    stops = ["a", "b", "c", "d", "e"]
    assert {
        "model": "small",
        "messages": [{"role": "user"}],
        "temperature": 0.5,
        "seed": 9,
        "stream": False,
        "top_k": 3,
        "max_tokens": 8,
        "stop": ["a", "b", "c", "d"],
    } == request_of(model, doc(0, "", stop_sequences=stops), [{"role": "user"}], seed=1)
    assert "on" == cut("on the end", [" the", "", "e"])


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/v1", "", "127.0.0.1:80"])
def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(RefusedError, match="neither http:// nor https://"):
        Server.of(ModelSpecification(backend="openai", name="m", base_url=url, generation={}), key=None)


NO_TEXT = {"role": "assistant", "content": ""}
OVERLOADED = {"code": 502, "message": "overloaded"}
ERRORS: dict[str, dict[str, Any]] = {
    "answer": {"error": OVERLOADED},
    "answer with a choice": {"error": OVERLOADED, "choices": [{"message": NO_TEXT}]},
    "choice": {"choices": [{"error": OVERLOADED, "message": NO_TEXT}]},
    "reason": {"choices": [{"finish_reason": "error", "message": NO_TEXT}]},
}
QUESTION = {"model": "good", "messages": [{"content": "test 7 + 0 = "}]}


def server_of(talk: Talk) -> Server:
    url = f"{talk.base_url}/chat/completions"
    return Server(url=url, key=None, timeout_seconds=60, first_wait_seconds=0)


@pytest.mark.parametrize("where", ERRORS)
def test_an_error_inside_an_answer_is_no_empty_text(where: str) -> None:
    """It comes with status 200, and an empty text would be scored 0: it is asked again, and then lost."""
    with serving(faults=[ERRORS[where]] * 2) as talk:
        server = server_of(talk)
        assert server.answer(QUESTION).startswith("7")
        assert 3 == len(talk.asked)
        talk.faults = [ERRORS[where]] * 5
        with pytest.raises(LostError, match="in 5 attempts, so nothing is scored: an error in its answer"):
            server.answer(QUESTION)


OK = b"HTTP/1.1 200 OK\r\n"
RIGHT = b'{"choices": [{"message": {"content": "7"}}]}'


def hangs_up(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Length: 5000\r\n\r\n" + b'{"choices":[')


def hangs_up_in_a_chunk(connection: socket.socket) -> None:
    connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n100\r\n{")


def hangs_up_at_once(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)


def drips(connection: socket.socket, text: bytes) -> None:
    with suppress(OSError):
        while True:
            connection.sendall(text[:1])
            text = text[1:] or b" "
            time.sleep(0.05)


def drips_a_body(connection: socket.socket) -> None:
    drips(connection, OK + b"\r\n{")


def drips_a_head(connection: socket.socket) -> None:
    drips(connection, b"HTTP/1.1 200 OK" + b"x" * 10_000_000)


def drips_an_error(connection: socket.socket) -> None:
    drips(connection, b"HTTP/1.1 503 Busy\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000)


def says_nothing(connection: socket.socket) -> None:
    while connection.recv(1 << 16):
        pass


def is_deep(connection: socket.socket) -> None:
    body = b"[" * 200_000
    connection.sendall(OK + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)


def is_right(connection: socket.socket) -> None:
    connection.sendall(OK + f"Content-Length: {len(RIGHT)}\r\n\r\n".encode() + RIGHT)


@contextmanager
def acting(*acts: Callable[[socket.socket], None]) -> Iterator[tuple[Server, list[str]]]:
    """A server that acts so on one connection after the other; the names of those that it came to."""
    listener, seen = socket.create_server(("127.0.0.1", 0)), list[str]()

    def serve() -> None:
        for act in acts:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                asked = b""
                while not asked.endswith(b"}"):  # or closing would reset the connection
                    asked += connection.recv(1 << 16)
                seen.append(act.__name__)
                act(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/chat/completions"
    try:
        yield Server(url=url, key=None, timeout_seconds=1, first_wait_seconds=0), seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize(
    "act",
    [
        hangs_up,
        hangs_up_in_a_chunk,
        hangs_up_at_once,
        drips_a_body,
        drips_a_head,
        drips_an_error,
        says_nothing,
    ],
)
def test_a_server_that_hangs_up_or_drips_is_asked_again(act: Callable[[socket.socket], None]) -> None:
    with acting(act, act, is_right, is_right, is_right) as (
        server,
        seen,
    ):  # on a busy machine one may be late
        assert "7" == server.answer(QUESTION)
        assert [act.__name__, act.__name__, "is_right"] == seen[:3]


def test_a_server_that_always_hangs_up_is_lost() -> None:
    with acting(*[hangs_up] * 5) as (server, seen):
        with pytest.raises(LostError, match="did not answer in 5 attempts, so nothing is scored: Incomplete"):
            server.answer(QUESTION)
        assert 5 == len(seen)


def test_an_answer_too_deep_to_read_is_no_json() -> None:
    with acting(is_deep) as (server, _), pytest.raises(RefusedError, match="answered what is not JSON"):
        server.answer(QUESTION)


def test_an_answer_that_says_there_is_no_error_is_one() -> None:
    message = {"role": "assistant", "content": "8"}
    with serving(faults=[{"error": None, "choices": [{"error": None, "message": message}]}]) as talk:
        assert "8" == server_of(talk).answer(QUESTION)


def test_the_last_line_says_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    assert (1, 1, AGAIN) == (fail(RefusedError("no\nscore")), fail(OSError("gone")), fail(LostError("lost")))
    out, err = capsys.readouterr()
    assert ["error: no score", "error: OSError: gone", "error: lost"] == out.splitlines()
    assert "OSError: gone" in err


def test_progress_is_reported_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    counter = Counter(phase="evaluation", total=1000)
    for _ in range(1000):
        counter.add(1)
    lines = capsys.readouterr().out.splitlines()
    assert 20 <= len(lines) <= 21
    assert "evaluation 100%| 1000/1000" == lines[-1]
