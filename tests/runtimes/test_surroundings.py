"""A harness sees what the allow-list names, and never what belongs to the runner."""

import pytest

from remyx_action.errors import NotJudged
from remyx_action.runtimes.plan.variables import SET, passed_through


def test_only_what_is_listed_or_asked_for_is_passed_on() -> None:
    environ = {
        "PATH": "/bin",
        "HOME": "/home/ada",
        "LC_TIME": "C",
        "HF_TOKEN": "asked for",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "GITHUB_TOKEN": "secret",
        "GITHUB_ENV": "/runner/env",
        "ACTIONS_RUNTIME_TOKEN": "secret",
        "PYTHONPATH": "/elsewhere",
        "LD_PRELOAD": "/elsewhere.so",
    }
    kept, notes = passed_through(environ, ["HF_TOKEN"])
    expected = {"PATH": "/bin", "HOME": "/home/ada", "LC_TIME": "C", "HF_TOKEN": "asked for"}
    assert SET | expected == kept
    assert () == notes


def test_what_is_asked_for_and_not_set_is_noted() -> None:
    kept, notes = passed_through({}, ["HF_TOKEN"])
    assert (SET, ("HF_TOKEN, which `env` asks for, is not set",)) == (kept, notes)


@pytest.mark.parametrize("asked_for", [[], ["HTTPS_PROXY"]])
def test_an_address_with_a_password_is_passed_on_only_where_it_is_asked_for(asked_for: list[str]) -> None:
    environ = {
        "HTTPS_PROXY": "http://ada:secret@proxy:8080",
        "UV_INDEX_URL": "https://example.org/simple",
    }
    kept, notes = passed_through(environ, asked_for)
    assert bool(asked_for) == ("HTTPS_PROXY" in kept)
    assert "https://example.org/simple" == kept["UV_INDEX_URL"]
    assert bool(asked_for) != bool(notes)
    assert "ada" not in "".join(notes)


def test_what_is_kept_besides_is_held_to_the_same() -> None:
    environ = {"HF_ENDPOINT": "https://ada:secret@hub", "HF_HOME": "/models", "HF_OTHER": "x"}
    kept, notes = passed_through(environ, [], besides=["HF_ENDPOINT", "HF_HOME"])
    assert SET | {"HF_HOME": "/models"} == kept
    assert ("HF_ENDPOINT holds credentials and is not passed on; `secrets: [HF_ENDPOINT]` would",) == notes


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "RUNNER_TEMP", "REMYX_ARM"])
def test_what_belongs_to_the_runner_cannot_be_asked_for(name: str) -> None:
    with pytest.raises(NotJudged, match=name):
        passed_through({name: "x"}, ["PATH", name])
