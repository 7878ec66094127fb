"""Nothing that a result, a branch or a log says can act on the runner that reads us back."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.github.workflow import (
    SUMMARY_BYTES,
    NotWritten,
    Written,
    annotation,
    inert,
    mask,
    output,
    without_commands,
    without_old_commands,
    write_outputs,
    write_summary,
)

HOSTILE = [
    "::set-output name=verdict::ship",
    "\n::error::forged",
    "\r\n::add-mask::a",
    "%0A::stop-commands::x",
    "a%25b%0Db",
    "##[set-env name=PATH]/tmp",
    "x\nEOF\nverdict=ship",
    "verdict<<EOF\nship\nEOF",
    "file=a,line=1::",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202eevil\u2066",
    "\u2028::error::line separator",
    "\x85::error::next line",
    "lone \ud800 surrogate",
    "nul \x00 byte",
    "",
]
"""Texts that try to become commands, delimiters or terminal sequences."""

DERANDOMIZED = settings(derandomize=True, deadline=None)


def runner_reads(text: str) -> dict[str, str]:
    """GITHUB_OUTPUT as the runner's documented grammar reads it: `name=value` or a heredoc."""
    read: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        name, heredoc, delimiter = line.partition("<<")
        if heredoc and "=" not in name:
            value: list[str] = []
            for inner in lines:
                if inner == delimiter:
                    break
                value.append(inner)
            else:
                raise AssertionError(f"no closing {delimiter}")
            read[name] = "\n".join(value)
        elif line:
            name, _, read[name] = line.partition("=")
    return read


def unescaped(command: str) -> tuple[str, dict[str, str], str]:
    """One command line as the runner reads it: level, properties, message."""
    match = re.fullmatch(r"::(\w+)(?: ([^\n\r]*?))?::([^\n\r]*)", command)
    assert match, command
    level, properties, message = match.groups()
    pairs = dict(pair.split("=", 1) for pair in (properties or "").split(",") if pair)

    def plain(text: str) -> str:
        for code, character in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
            text = text.replace(code, character)
        return text

    return level, {name: plain(value) for name, value in pairs.items()}, plain(message)


def printable(text: str) -> str:
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_message_stays_one_command_that_says_the_same(text: str) -> None:
    command = annotation("error", text, title=text, path=text, line=3, column=4)
    said = printable(text)
    expected = {"file": said, "line": "3", "col": "4", "title": said}
    assert ("error", expected, said) == unescaped(command)
    assert 1 == len(re.split(r"[\r\n]", command))


@given(st.text())
@DERANDOMIZED
def test_any_text_stays_on_one_line(text: str) -> None:
    assert not re.search(r"[\r\n\x1b\x00]", annotation("notice", text, title=text))


def test_a_plain_annotation_has_no_properties() -> None:
    assert "::warning::slow" == annotation("warning", "slow")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_output_is_read_back_as_one_value(text: str) -> None:
    entry = output("verdict", text) + output("reason", "threshold")
    said = re.sub(r"[\x00\ud800-\udfff]", "\ufffd", text)
    assert {"verdict": said, "reason": "threshold"} == runner_reads(entry)


@given(st.text(alphabet="ab<=\nEOF-remyx0"))
@DERANDOMIZED
def test_any_output_is_read_back_as_one_value(text: str) -> None:
    assert {"report": text} == runner_reads(output("report", text))


def test_a_value_that_knows_the_delimiter_gets_another_one() -> None:
    draws = iter(["guessed", "fresh"])
    assert "verdict<<remyx-fresh\nremyx-guessed\nremyx-fresh\n" == output(
        "verdict", "remyx-guessed", draw=lambda: next(draws)
    )


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a<<b", "a\nb", "1a"])
def test_an_output_name_that_the_runner_could_misread_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not an output's name"):
        output(name, "x")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_log_of_somebody_else_is_printed_between_stop_commands(text: str) -> None:
    first, *_, last = without_commands(text).split("\n")
    token = first.removeprefix("::stop-commands::")
    assert f"::{token}::" == last
    assert token not in text


def commands_in(text: str) -> list[str]:
    """Lines that a runner acts on: it trims them, and finds the older kind anywhere."""
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text)]
    return [line for line in lines if line.startswith("::") or "##[" in line]


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE,
        "  ::error::a",
        "\t::error::a",
        "\u00a0\u2003::error::a",
        "a ##[error]b",
        "a\n ::x::",
        "::::",
        "##[##[",
    ],
)
def test_inert_text_holds_no_command_and_nothing_is_lost(text: str) -> None:
    assert [] == commands_in(inert(text))
    assert text.replace(" ", "") == inert(text).replace(" ", "")


@given(st.text(alphabet=":#[ \t\r\n\u2028\x85ab", max_size=30))
def test_no_text_at_all_becomes_a_command(text: str) -> None:
    assert [] == commands_in(inert(text))


def test_json_keeps_its_meaning() -> None:
    text = json.dumps({"##[error]": "a ##[b"})
    assert [] == commands_in(without_old_commands(text, is_json=True))
    assert json.loads(text) == json.loads(without_old_commands(text, is_json=True))


def test_a_log_that_knows_the_token_gets_another_one() -> None:
    draws = iter(["guessed", "fresh"])
    assert "::stop-commands::fresh\n::guessed::\n::fresh::" == without_commands(
        "::guessed::", draw=lambda: next(draws)
    )


def test_every_line_of_a_secret_is_masked() -> None:
    assert ["::add-mask::one%25", "::add-mask::two"] == mask("one%\n\n  \ntwo\n")


def test_outputs_are_appended_to_what_the_step_wrote_before(tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_text("earlier=1\n")
    outcome = write_outputs(file, {"verdict": "ship", "verdict-json": '{\n"a": 1}'})
    assert {"earlier": "1", "verdict": "ship", "verdict-json": '{\n"a": 1}'} == runner_reads(file.read_text())
    assert Written(size_bytes=file.stat().st_size - len("earlier=1\n")) == outcome


def test_the_longest_summary_that_fits_is_written(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_bytes(b"x" * 10)
    longest, fitting = "é" * (SUMMARY_BYTES // 2), "é" * (SUMMARY_BYTES // 2 - 6)
    assert isinstance(write_summary(file, [longest, fitting, "short"]), Written)
    assert SUMMARY_BYTES - 1 == file.stat().st_size


def test_a_summary_that_never_fits_is_reported(tmp_path: Path) -> None:
    outcome = write_summary(tmp_path / "summary", ["x" * SUMMARY_BYTES])
    assert isinstance(outcome, NotWritten)
    assert "1 MiB" in outcome.reason
    assert not (tmp_path / "summary").exists()


def test_a_file_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    expected = NotWritten(
        reason=f"{tmp_path.name} cannot be written: Is a directory", next_step="run the job again"
    )
    assert expected == write_outputs(tmp_path, {"verdict": "ship"})
    assert expected == write_summary(tmp_path, ["text"])
    looped = tmp_path / "loop"
    looped.symlink_to(looped)
    assert isinstance(write_summary(looped / "x", ["text"]), NotWritten)
