"""Each trap of lighteval 0.13.0 as it bites without a guard, and our program beside it."""

from __future__ import annotations

import json
import re
import shutil
import socketserver
import statistics
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from remyx_action.runtimes.lighteval.child.names import canonical
from support.lighteval.running import QUESTIONS, Bench, Ended, Stock

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lighteval")]

ADDRESSED = "em:normalize=first_word"
GROUP = ("mix:choice", "mix:written")
EM = ("mix:written", "splits", "unstopped")


@pytest.fixture(scope="module")
def theirs(shared: Bench) -> Sequence[Stock]:
    """lighteval's own runs of the tasks below."""
    runs: list[dict[str, Any]] = [
        {"tasks": "mix", "save": True},
        {"tasks": "splits"},
        {"tasks": "unstopped"},
        {"tasks": "addressed"},
        {"tasks": "addressed", "cache": str(shared.folder / "another")},
    ]
    return shared.stock(*runs)


@pytest.fixture(scope="module")
def ours(shared: Bench) -> Ended:
    """One run of our program over the same tasks, from its start."""
    em = dict.fromkeys(EM, "em")
    changes: dict[str, Any] = {
        "tasks": [*GROUP, "splits", "unstopped", "addressed"],
        "metrics": {"acc": {"mix:choice": "acc"}, "em": em, "first": {"addressed": ADDRESSED}},
    }
    ended = shared.child(anew=True, **changes)
    assert 0 == ended.code, ended.said
    return ended


def test_a_group_has_no_metric_that_its_tasks_do_not_have(theirs: Sequence[Stock], ours: Ended) -> None:
    """lighteval averages over tasks that do not report a metric as if they had reported 0."""
    results = theirs[0].results
    assert "acc" not in results["mix:written|0"] or 0 == results["mix:written|0"]["acc"]
    assert results["mix:_average|0"]["acc"] == results["mix:choice|0"]["acc"] / 2 > 0

    assert results["mix:choice|0"]["acc"] == ours.mean("acc")
    assert QUESTIONS == len(ours.rows("acc"))
    assert all("cluster" not in row for row in ours.rows("acc"))


def test_a_groups_samples_are_pooled_and_its_tasks_are_clusters(ours: Ended) -> None:
    rows = ours.rows("em")
    assert {"mix:written": QUESTIONS, "splits": 2 * QUESTIONS, "unstopped": QUESTIONS} == {
        task: sum(row["cluster"] == task for row in rows) for task in EM
    }
    assert len(rows) == len({row["id"] for row in rows})


def test_ids_that_repeat_over_splits_are_distinguished(theirs: Sequence[Stock], ours: Ended) -> None:
    """lighteval counts each split from 0, and its cache finds two documents where it looks for one."""
    assert theirs[1].crash or len(set(theirs[1].ids("splits"))) < len(theirs[1].ids("splits"))

    rows = [row for row in ours.rows("em") if row["cluster"] == "splits"]
    assert 2 * QUESTIONS == len({row["id"] for row in rows}) == len({row["input"] for row in rows})


def test_a_task_without_stop_sequences_runs(theirs: Sequence[Stock], ours: Ended) -> None:
    assert "TypeError" in theirs[2].crash
    assert QUESTIONS == sum(row["cluster"] == "unstopped" for row in ours.rows("em"))


def test_a_memory_address_in_a_metrics_name_does_not_change_its_key(
    theirs: Sequence[Stock], ours: Ended
) -> None:
    names = {name for run in theirs[3:] for name in run.results["addressed|0"] if "stderr" not in name}
    assert 2 == len(names)
    assert all(re.search("at 0x[0-9a-f]+", name) for name in names)
    assert {ADDRESSED} == {canonical(name) for name in names}
    assert QUESTIONS == len(ours.scores("first"))


def test_files_have_names_that_an_artifact_store_takes(
    shared: Bench, theirs: Sequence[Stock], ours: Ended
) -> None:
    """GitHub's upload refuses " : < > | * ? and line breaks."""
    refused = re.compile(r'["|:<>*?\r\n]')
    left = [path.name for path in (shared.root / "results").rglob("*") if path.is_file()]
    assert theirs
    assert any(refused.search(name) for name in left)

    files = sorted(path.name for path in ours.output.iterdir())
    assert ["acc.jsonl", "em.jsonl", "first.jsonl", "results.json"] == files


BOOTSTRAP = """
import json
from lighteval.metrics.utils.stderr import bootstrap_stderr
def middle(values): return sum(values) / len(values)
if __name__ == "__main__":
    print(json.dumps(bootstrap_stderr(middle, [number % 2 for number in range(400)], 1000)))
"""


def test_standard_errors_are_not_lightevals(shared: Bench, ours: Ended) -> None:
    """It divides a bootstrap's spread by the square root of its 1,000 draws once more."""
    program = shared.folder / "bootstrap.py"
    program.write_text(BOOTSTRAP)
    done = subprocess.run(
        [shared.python, "-I", str(program)],
        capture_output=True,
        text=True,
        check=True,
        env=shared.environment(),
    )
    right = statistics.stdev(number % 2 for number in range(400)) / 400**0.5
    assert right / json.loads(done.stdout.splitlines()[-1]) == pytest.approx(1000**0.5, rel=0.1)

    assert {"samples": "em.jsonl"} == ours.document["metrics"]["em"]
    assert "stderr" not in json.dumps(ours.document)


def test_swapped_weights_at_one_path_are_scored_anew(bench: Bench) -> None:
    """lighteval finds the old model's answers by its name, and writes them into a model's own folder."""
    model = bench.root / "swapped"
    shutil.copytree(bench.root / "models" / "a", model)
    files = sorted(path.name for path in model.iterdir())
    options: dict[str, Any] = {"model": {"name": "swapped"}, "metrics": {"print": {"written": "print"}}}
    first = bench.child(**options).mean("print")
    shutil.copy(bench.root / "models" / "b" / "model.safetensors", model)
    second = bench.child(**options).mean("print")
    assert first != second
    assert files == sorted(path.name for path in model.iterdir())

    weights = [[str(bench.root / "models" / name / "model.safetensors"), str(model)] for name in ("a", "b")]
    before, stale, fresh, _ = bench.stock(
        {"model": "swapped", "copy": weights[0]},
        {"model": "swapped", "copy": weights[1]},
        {"model": "swapped", "cache": str(bench.folder / "another")},
        {"model": str(model)},
    )
    assert before.texts("written") == stale.texts("written") != fresh.texts("written")
    assert before.results["written|0"]["print"] == pytest.approx(first, abs=1e-12)
    assert fresh.results["written|0"]["print"] == pytest.approx(second, abs=1e-12)
    assert files != sorted(path.name for path in model.iterdir())


class Refusing(socketserver.StreamRequestHandler):
    """A proxy that writes down what it is asked for, and refuses."""

    def handle(self) -> None:
        self.server.asked.append(self.rfile.readline().decode())  # type: ignore[attr-defined]
        self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


@contextmanager
def proxy() -> Iterator[tuple[dict[str, str], list[str]]]:
    asked: list[str] = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusing) as server:
        server.asked = asked  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        yield dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"), address), asked
        server.shutdown()


def test_what_lies_in_the_current_folder_shadows_nothing(bench: Bench) -> None:
    """lighteval takes a folder for the data set of its name, and a file for a list of tasks."""
    shutil.copytree(bench.root / "data", bench.root / "acme" / "questions")
    (bench.root / "written").write_text("choice|0\n")
    shadowed, listed = bench.stock({"tasks": "elsewhere"}, {"tasks": "written"})
    assert QUESTIONS == len(shadowed.texts("elsewhere"))
    assert {"choice|0", "all"} == set(listed.results)

    ended = bench.child(tasks=["elsewhere"], metrics={"em": {"elsewhere": "em"}})
    assert_failed(ended, "acme/questions")


def test_loading_tasks_downloads_nothing_and_needs_no_git(bench: Bench) -> None:
    """One module of lighteval's fetches a pickle while it is imported, and opens it later."""
    empty = bench.folder / "no-programs"
    empty.mkdir()
    (bench.root / "written").write_text("choice|0\n")
    with proxy() as (proxies, asked):
        environment = bench.environment(**proxies) | {"PATH": str(empty)}
        subprocess.run(
            [bench.python, "-I", "-c", "import lighteval.tasks.tasks.tiny_benchmarks"],
            check=False,
            env=environment | {"GIT_PYTHON_REFRESH": "quiet"},
            capture_output=True,
        )
        assert any("raw.githubusercontent.com" in line for line in asked)
        asked.clear()
        ended = bench.child(anew=True, environment=environment)
        assert [] == asked
    assert 0 == ended.code, ended.said
    assert QUESTIONS == len(ended.scores("em"))


def test_generation_parameters_do_what_they_say(bench: Bench) -> None:
    """lighteval cuts the *question* to `max_new_tokens`, and a temperature alone makes nothing sample."""
    plain, limited, hot = bench.stock(
        {"cache": str(bench.folder / "1")},
        {"cache": str(bench.folder / "2"), "generation": {"max_new_tokens": 2}},
        {"cache": str(bench.folder / "3"), "generation": {"temperature": 2.0}},
    )
    assert 6 == max(len(texts[0]) for texts in limited.texts("written"))
    assert plain.texts("written") != limited.texts("written")
    assert plain.texts("written") == hot.texts("written")

    metrics = {"length": {"written": "length"}, "print": {"written": "print"}}
    generation = {"max_new_tokens": 2, "temperature": 2.0}
    one, other = (
        bench.child(metrics=metrics, seed=seed, model={"generation": generation}).scores("print")
        for seed in (1, 2)
    )
    assert 2 == max(Ended(code=0, said="", output=bench.folder / "output").scores("length").values())
    assert one != other
    model = {"generation": generation | {"seed": 7}}
    one, other = (bench.child(metrics=metrics, seed=seed, model=model).scores("print") for seed in (1, 2))
    assert one == other


@contextmanager
def hub() -> Iterator[tuple[str, list[str]]]:
    """A hub that has nothing, and the tokens that it was sent; "" where there was none."""
    sent: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent.append(self.headers.get("Authorization", ""))
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", sent
        server.shutdown()


def test_a_stored_token_opens_no_private_model(bench: Bench) -> None:
    """Only the token that the template asks for goes to the hub."""
    home = bench.folder / "hub"
    home.mkdir()
    (home / "token").write_text("hf_stored")
    with hub() as (address, sent):
        online = bench.environment(HF_ENDPOINT=address, HF_HOME=str(home), HF_HUB_OFFLINE="0")
        private: dict[str, Any] = {"anew": True, "model": {"name": "org/private"}}
        ended = bench.child(environment=online, **private)
        assert_failed(ended, "the model org/private cannot be loaded")
        assert {""} == set(sent)
        sent.clear()
        bench.child(environment=online | {"HF_TOKEN": "hf_given"}, **private)
        assert {"Bearer hf_given"} == set(sent)


@pytest.mark.parametrize(
    ("task", "metric", "words"),
    [
        ("odd", "odd", "a score must be finite"),
        ("longest", "longest", "and the mean of its samples is"),
        ("written", "exact", "the nearest is"),
        ("wriften", "em", "wriften"),
        ("pictured", "em", "the task pictured asks about images"),
    ],
    ids=["not finite", "no mean", "unknown metric", "unknown task", "images"],
)
def test_what_is_no_score_fails_the_arm(bench: Bench, task: str, metric: str, words: str) -> None:
    assert_failed(bench.child(tasks=[task], metrics={"key": {task: metric}}), words)


def test_an_arm_that_hardly_answers_fails(bench: Bench) -> None:
    everything = [chr(code) for code in range(32, 127)]
    ended = bench.child(model={"generation": {"stop": everything}})
    assert_failed(ended, f"{QUESTIONS} of {QUESTIONS} answers are empty")


def assert_failed(ended: Ended, words: str) -> None:
    assert 1 == ended.code
    assert ended.last_line.startswith("error: ")
    assert words in ended.last_line
    assert not (ended.output / "results.json").exists()
