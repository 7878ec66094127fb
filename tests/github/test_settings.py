"""The runner's environment becomes one frozen value, or every problem with it at once."""

import json
from pathlib import Path

import pytest

from remyx_action.errors import WrongUsage
from remyx_action.github.events import BranchEvent
from remyx_action.github.settings import (
    ActionInputs,
    Runner,
    Settings,
    SettingsWrong,
    parse_settings,
    read_settings,
)

HEAD = "a" * 40
PUSH = {"ref": "refs/heads/main", "before": "b" * 40, "after": HEAD, "repository": {"default_branch": "main"}}
RUNNER = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_API_URL": "https://api.github.com",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "remyx-team/spatial",
    "GITHUB_RUN_ID": "123456789",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_STEP_SUMMARY": "/runner/summary",
    "GITHUB_OUTPUT": "/runner/output",
    "GITHUB_SHA": "c" * 40,
    "GITHUB_REF": "refs/heads/main",
    "REMYX_TOKEN": "ghs_secret",
}
DEFAULTS = ActionInputs(
    mode="run",
    template=None,
    policy=None,
    variant=None,
    results=None,
    comment="always",
    fail_on="policy",
    working_directory=".",
    check_id=None,
)


def problems(environment: dict[str, str], payload: object = PUSH) -> dict[str, tuple[str, str]]:
    with pytest.raises(SettingsWrong) as wrong:
        parse_settings(environment, payload)
    return {each.path: (each.message, each.help) for each in wrong.value.problems}


def test_a_laptop_needs_no_variable() -> None:
    assert Settings(event=None, runner=None, inputs=DEFAULTS) == parse_settings({}, None)


def test_a_runner_is_read_whole_and_its_merge_commit_ignored() -> None:
    expected = Settings(
        event=BranchEvent(on_default_branch=True),
        runner=Runner(
            api_url="https://api.github.com",
            server_url="https://github.com",
            repository="remyx-team/spatial",
            run_id=123456789,
            run_attempt=2,
            token="ghs_secret",
            summary_file=Path("/runner/summary"),
            output_file=Path("/runner/output"),
        ),
        inputs=DEFAULTS,
    )
    assert expected == parse_settings(RUNNER, PUSH)


def test_an_enterprise_server_is_talked_to_at_its_own_address() -> None:
    environment = RUNNER | {
        "GITHUB_API_URL": "https://ghe.example.com/api/v3/",
        "GITHUB_SERVER_URL": "https://ghe.example.com",
    }
    runner = parse_settings(environment, PUSH).runner
    assert runner is not None
    assert "https://ghe.example.com/api/v3" == runner.api_url
    expected = "https://ghe.example.com/remyx-team/spatial/actions/runs/123456789/attempts/2"
    assert expected == runner.run_url


@pytest.mark.parametrize(
    ("action", "guide"),
    [
        ("remyx/action@v1", "https://github.com/remyx/action/blob/v1/docs/guide/reading-a-verdict.md"),
        ("@", None),
        ("remyx/action@v1/../..", None),
        ("", None),
    ],
)
def test_the_guide_is_that_of_the_action_which_runs(action: str, guide: str | None) -> None:
    runner = parse_settings(RUNNER | {"REMYX_ACTION": action}, PUSH).runner
    assert runner is not None
    assert guide == runner.guide_url


def test_the_token_never_shows_in_a_picture_of_the_settings() -> None:
    assert "ghs_secret" not in repr(parse_settings(RUNNER, PUSH))


def test_every_input_is_taken_and_an_empty_one_is_not_given() -> None:
    environment = {
        "REMYX_MODE": "publish",
        "REMYX_TEMPLATE": "digits",
        "REMYX_POLICY": "default",
        "REMYX_VARIANT": "org/model@main",
        "REMYX_RESULTS": "",
        "REMYX_COMMENT": "on-change",
        "REMYX_FAIL_ON": "never",
        "REMYX_WORKING_DIRECTORY": "projects/spatial/",
        "REMYX_CHECK_ID": "41",
    }
    expected = ActionInputs(
        mode="publish",
        template="digits",
        policy="default",
        variant="org/model@main",
        results=None,
        comment="on-change",
        fail_on="never",
        working_directory="projects/spatial",
        check_id=41,
    )
    assert expected == parse_settings(environment, None).inputs


@pytest.mark.parametrize(
    ("name", "value", "message", "help"),
    [
        (
            "REMYX_MODE",
            "deploy",
            "'deploy' is not one of run, open, plan, measure, publish, cache, record, check, doctor",
            None,
        ),
        ("REMYX_COMMENT", "Always", "'Always' is not one of always, on-change, on-block, never", None),
        ("REMYX_FAIL_ON", "reject", "'reject' is not one of policy, never", None),
        ("REMYX_WORKING_DIRECTORY", "/etc", "'/etc' is not a folder below the repository's root", None),
        ("REMYX_WORKING_DIRECTORY", "a/../..", "'a/../..' is not a folder below the repository's root", None),
        (
            "REMYX_VARIANT",
            "a\nb",
            "holds a control character or more than 1024",
            "give one line of plain text",
        ),
        (
            "REMYX_TOKEN",
            "ghs a",
            "holds a space or a line break",
            "pass `${{ github.token }}` as it is",
        ),
        ("GITHUB_REPOSITORY", "spatial", "'spatial' is not `owner/name`", None),
        ("GITHUB_REPOSITORY", "a/..", "'a/..' is not `owner/name`", None),
        ("GITHUB_REPOSITORY", "", "is not set", None),
        ("GITHUB_RUN_ID", "0", "'0' is not a whole number above 0", None),
        ("GITHUB_RUN_ATTEMPT", "1\n", "'1\\n' is not a whole number above 0", None),
        ("GITHUB_API_URL", "ftp://x", "'ftp://x' is not an https address without a login", None),
        ("GITHUB_API_URL", "https://u@x", "'https://u@x' is not an https address without a login", None),
        ("GITHUB_API_URL", "https://[", "'https://[' is not an https address without a login", None),
        ("GITHUB_API_URL", "https://x/?q", "'https://x/?q' is not an https address without a login", None),
        ("GITHUB_SERVER_URL", "https://x y", "'https://x y' is not an https address without a login", None),
    ],
)
def test_a_wrong_variable_is_named_with_what_would_be_right(
    name: str, value: str, message: str, help: str | None
) -> None:
    ((found, (said, next_step)),) = problems(RUNNER | {name: value}).items()
    assert (name, message) == (found, said)
    assert help is None or help == next_step


def test_every_problem_comes_at_once_and_as_text() -> None:
    environment = RUNNER | {"REMYX_MODE": "x", "GITHUB_RUN_ID": "y", "REMYX_WORKING_DIRECTORY": ".."}
    with pytest.raises(SettingsWrong) as wrong:
        parse_settings(environment, {"ref": 1})
    expected = ["REMYX_MODE", "REMYX_WORKING_DIRECTORY", "GITHUB_RUN_ID"]
    assert expected == [each.path for each in wrong.value.problems]
    assert wrong.value.message.startswith("3 settings are wrong\nREMYX_MODE: 'x' is not one of run,")
    assert 64 == wrong.value.exit


def write_event(folder: Path, raw: bytes) -> dict[str, str]:
    (folder / "event.json").write_bytes(raw)
    return RUNNER | {"GITHUB_EVENT_PATH": str(folder / "event.json")}


def test_the_event_file_is_read(tmp_path: Path) -> None:
    environment = write_event(tmp_path, json.dumps(PUSH).encode())
    assert parse_settings(RUNNER, PUSH) == read_settings(environment)


def refused(environment: dict[str, str]) -> str:
    with pytest.raises(WrongUsage) as wrong:
        read_settings(environment)
    return wrong.value.message


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000], ids=["empty", "cut", "binary", "deep"])
def test_an_event_file_without_json_is_reported(tmp_path: Path, raw: bytes) -> None:
    assert "the event file does not hold JSON" == refused(write_event(tmp_path, raw))


def test_an_event_file_that_is_missing_or_unset_is_reported(tmp_path: Path) -> None:
    environment = RUNNER | {"GITHUB_EVENT_PATH": str(tmp_path / "none")}
    assert "the event file cannot be read: No such file or directory" == refused(environment)
    assert "the payload of `push` is not GitHub's" in refused(RUNNER)


def test_an_event_file_larger_than_github_sends_is_not_parsed(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    with file.open("wb") as sparse:
        sparse.truncate(26_214_401)
    expected = "the event file is larger than the 25 MB that GitHub sends"
    assert expected == refused(RUNNER | {"GITHUB_EVENT_PATH": str(file)})


def test_secrets_of_a_caller_are_one_a_line_and_an_unset_one_is_empty() -> None:
    text = "HF_TOKEN=hf_a=b\r\n\n  OPENAI_API_KEY=\n"
    runner = parse_settings(RUNNER | {"REMYX_SECRETS": text}, PUSH).runner
    assert runner is not None
    assert {"HF_TOKEN": "hf_a=b", "OPENAI_API_KEY": ""} == runner.secrets
    assert "hf_a" not in repr(runner)


@pytest.mark.parametrize(
    "text", ["hf_very_secret", "A=x\nhf_very_secret", "A=x\nA=hf_very_secret", "1=hf_very_secret"]
)
def test_a_line_that_is_no_secret_s_is_refused_without_its_text(text: str) -> None:
    message, advice = problems(RUNNER | {"REMYX_SECRETS": text})["REMYX_SECRETS"]
    assert f"line {1 + text.count(chr(10))} is not NAME=value" in message
    assert "hf_very_secret" not in message + advice
