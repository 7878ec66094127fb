"""What the runner reads back: workflow commands as text to print, outputs and the job summary.

Escapes and files: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

Level = Literal["error", "warning", "notice"]

SUMMARY_BYTES = 1_048_576
"""The runner drops a step's whole summary above 1 MiB."""


class Written(Struct, frozen=True, kw_only=True):
    size_bytes: int


class NotWritten(Struct, frozen=True, kw_only=True):
    reason: str
    next_step: str


def annotation(
    level: Level,
    message: str,
    *,
    title: str | None = None,
    path: str | None = None,
    line: int | None = None,
    column: int | None = None,
) -> str:
    """Return one `::error …::` line for standard output.

    `path` is below the repository's root, with `/`; line and column are 1-based.
    """
    given = {"file": path, "line": line, "col": column, "title": title}
    properties = ",".join(
        f"{name}={_escape_property(str(value))}" for name, value in given.items() if value is not None
    )
    return f"::{level}{' ' if properties else ''}{properties}::{_escape_data(message)}"


def mask(secret: str) -> list[str]:
    """`::add-mask::` commands, one a line of the secret: the runner masks line by line."""
    return [f"::add-mask::{_escape_data(line)}" for line in secret.splitlines() if line.strip()]


_BEGINS_A_COMMAND = re.compile(r"(^|[\r\n])([^\S\r\n]*)::")
_OLD_COMMAND = "##["
"""Of an older kind, which a runner finds anywhere in a line."""


def inert(text: str) -> str:
    """Text of which no line is a workflow command to any runner, however it begins."""
    return without_old_commands(_BEGINS_A_COMMAND.sub(r"\1\2: :", text))


def without_old_commands(text: str, *, is_json: bool = False) -> str:
    """The text without `##[`; JSON with an escape in its place, which means the same."""
    return text.replace(_OLD_COMMAND, "##\\u005b" if is_json else "## [")


def without_commands(text: str, *, draw: Callable[[], str] = lambda: secrets.token_hex(16)) -> str:
    """Log text of somebody else, between stop-commands, so that no `::command::` in it acts."""
    token = _absent_from(text, draw)
    return f"::stop-commands::{token}\n{without_old_commands(text)}\n::{token}::"


def output(name: str, value: str, *, draw: Callable[[], str] = lambda: secrets.token_hex(16)) -> str:
    """One entry of GITHUB_OUTPUT, between delimiters drawn after the value was known.

    Raises ValueError for a name that the runner could misread; names are ours, never a user's.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
        raise ValueError(f"not an output's name: {name!r}")
    delimiter = f"remyx-{_absent_from(value, draw)}"
    return f"{name}<<{delimiter}\n{_encodable(value)}\n{delimiter}\n"


def write_outputs(path: Path, outputs: Mapping[str, str]) -> Written | NotWritten:
    """Append every output to the file that GITHUB_OUTPUT names."""
    return _append(path, "".join(output(name, value) for name, value in outputs.items()))


def write_summary(path: Path, renderings: Sequence[str]) -> Written | NotWritten:
    """Append the first rendering that fits after what the step wrote before; longest first."""
    try:
        used = path.stat().st_size if path.exists() else 0
    except OSError as failure:
        return _not_written(path, failure)
    for rendering in renderings:
        text = f"{_encodable(rendering)}\n"
        if used + len(text.encode()) <= SUMMARY_BYTES:
            return _append(path, text)
    return NotWritten(
        reason="the job summary would be larger than the 1 MiB that GitHub shows",
        next_step="read the report in the step's artifact",
    )


def _append(path: Path, text: str) -> Written | NotWritten:
    raw = text.encode()
    try:
        with path.open("ab") as file:
            file.write(raw)
    except OSError as failure:
        return _not_written(path, failure)
    return Written(size_bytes=len(raw))


def _not_written(path: Path, failure: OSError) -> NotWritten:
    return NotWritten(
        reason=f"{path.name} cannot be written: {failure.strerror}", next_step="run the job again"
    )


def _escape_data(text: str) -> str:
    visible = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "\ufffd", _encodable(text))
    return visible.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _encodable(text: str) -> str:
    """Lone surrogates and NUL, which no file of the runner can hold, become U+FFFD."""
    return re.sub(r"[\x00\ud800-\udfff]", "\ufffd", text)


def _absent_from(text: str, draw: Callable[[], str]) -> str:
    token = draw()
    while token in text:
        token = draw()
    return token
