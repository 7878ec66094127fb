"""A hub's name is one commit for a whole run: asked once, through the real client, of a hub that moves."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from remyx_action.commands.run.lighteval import at_one_commit
from remyx_action.commands.run.pipeline import run
from remyx_action.commands.run.request import Request, World
from remyx_action.project.models import Template
from remyx_action.project.models.template import ArmName
from remyx_action.runtimes import RunEvent, Started
from remyx_action.runtimes.lighteval import hub as module
from remyx_action.runtimes.lighteval.hub import commit_of, is_on_hub

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lighteval")]
COMMITS = [str(number) * 40 for number in range(1, 9)]


@contextmanager
def hub(answers: list[object]) -> Iterator[tuple[dict[str, str], list[tuple[str, str]]]]:
    """Variables that name a hub which gives these answers, and path and token of what asks for models."""
    asked: list[tuple[str, str]] = []
    over = threading.Event()

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/api/models/"):
                asked.append((self.path, self.headers.get("Authorization", "")))
            answer = answers[max(min(len(asked), len(answers)), 1) - 1]
            self.send_response(answer if isinstance(answer, int) else 200)
            self.send_header("Content-Type", "application/json")
            body = json.dumps({"id": "org/model", "sha": answer}).encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            while answer == "drips" and not over.wait(0.05):
                self.wfile.write(b" ")
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        variables = {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}", "HF_HUB_OFFLINE": "0"}
        try:
            yield {**os.environ, **variables}, asked
        finally:
            over.set()
            server.shutdown()


def found(python: str, asset: str, environment: dict[str, str], home: Path) -> str | None:
    return commit_of(python, asset, backend="accelerate", environment=environment | {"HF_HOME": str(home)})


def test_a_name_is_the_commit_that_the_hub_says(python: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hf_stored")
    with hub([COMMITS[0]]) as (environment, asked):
        assert COMMITS[0] == found(python, "org/model", environment, tmp_path)
        assert COMMITS[0] == found(python, "org/model@v1", environment | {"HF_TOKEN": "hf_given"}, tmp_path)
    assert [
        ("/api/models/org/model/revision/main", ""),
        ("/api/models/org/model/revision/v1", "Bearer hf_given"),
    ] == asked


@pytest.mark.parametrize("answer", [404, 401, "no commit", "drips"])
def test_a_hub_that_does_not_say_is_no_commit(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    if answer == "drips":
        monkeypatch.setattr(module, "ASKING_SECONDS", 5)
    with hub([answer]) as (environment, _):
        assert found(python, "org/model", environment, tmp_path) is None


def test_without_a_hub_its_cache_says(python: str, tmp_path: Path) -> None:
    cached = tmp_path / "hub" / "models--org--model"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text(COMMITS[1])
    (cached / "snapshots" / COMMITS[1]).mkdir(parents=True)
    (cached / "snapshots" / COMMITS[1] / "config.json").write_text("{}")
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    assert COMMITS[1] == found(python, "org/model", offline, tmp_path)
    assert found(python, "org/other", offline, tmp_path) is None


@pytest.mark.parametrize(
    ("asset", "expected"),
    [
        ("org/model", True),
        ("org/model@v1", True),
        ("gpt2", True),
        (f"org/model@{COMMITS[0]}", False),
        ("models/a", False),
        ("models/none", False),
        ("models/none@v1", True),
        ("../model", False),
        ("/model", False),
        ("a/b/c", False),
    ],
)
def test_what_is_asked_of_the_hub(tmp_path: Path, asset: str, *, expected: bool) -> None:
    (tmp_path / "models" / "a").mkdir(parents=True)
    assert expected is is_on_hub(asset, root=tmp_path, backend="accelerate")
    assert not is_on_hub(asset, root=tmp_path, backend="openai")


TEMPLATE = """version: 1
name: small
runtime: lighteval
task: gsm8k
model: {{backend: accelerate, python: {python}}}
baseline_asset: org/model
metrics: [extractive_match]
seeds: [1, 2]
"""
POLICY = "version: 1\nname: default\ntemplate: small\nship: {all: [extractive_match improves_by 0.1]}\n"


def test_a_name_is_reported_as_moving_and_a_commit_is_not(python: str, tmp_path: Path) -> None:
    template = Template.model_validate(yaml.safe_load(TEMPLATE.format(python=python)))
    assets: dict[ArmName, str] = {"baseline": f"org/model@{COMMITS[2]}", "variant": "org/model@v2"}
    with hub([COMMITS[0], 404]) as (environment, _):
        world = World(environment=environment | {"HF_HOME": str(tmp_path / "hub")})
        pinned, notes = at_one_commit(template, tmp_path, assets, world)
        assert {**assets, "variant": f"org/model@{COMMITS[0]}"} == pinned
        said = f"org/model@v2 was commit {'1' * 12} on the hub; the name can move after the verdict"
        assert {"variant": said} == notes
        pinned, notes = at_one_commit(template, tmp_path, assets, world)
        assert (assets, ["variant"]) == (pinned, list(notes))
        assert notes["variant"].startswith("the hub does not say which commit org/model@v2 is")


class Enough(Exception):
    """Both arms would start now."""


def test_all_loads_of_a_run_are_of_one_commit(python: str, tmp_path: Path) -> None:
    for path, text in {
        "templates/small.yaml": TEMPLATE.format(python=python),
        "policies/default.yaml": POLICY,
    }.items():
        (tmp_path / ".remyx" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / ".remyx" / path).write_text(text)
    events: list[RunEvent] = []

    def on_event(event: RunEvent) -> None:
        events.append(event)
        if isinstance(event, Started):
            raise Enough

    with hub(list(COMMITS)) as (environment, asked):
        world = World(environment=environment | {"HF_HOME": str(tmp_path / "hub")}, on_event=on_event)
        request = Request(root=tmp_path, out=tmp_path / "out", variant="org/model@v2", measure_only=True)
        with pytest.raises(Enough):
            run(request, world)
    assert ["main", "v2"] == [path.rpartition("/")[2] for path, _ in asked]
    (started,) = [event for event in events if isinstance(event, Started)]
    model = json.loads(started.command[-1])["model"]
    assert ("org/model", COMMITS[0]) == (model["name"], model["revision"])
