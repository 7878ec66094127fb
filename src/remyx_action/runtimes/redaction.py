"""Values of secrets out of what an arm leaves: its output as it comes, its files once it has ended."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import re
import shutil
import stat
import tempfile
import zipfile
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from io import BytesIO
from operator import itemgetter
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, quote_plus

from msgspec import Struct

from remyx_action.errors import NotJudged
from remyx_action.project.files.layout import RESULTS_CAP_BYTES

REDACTED = "***"
LEAST_CHARACTERS = 8
"""Of a secret: a shorter one would be cut out of every other word."""
_BREAK = re.compile(r"(?:[ \t\r\n]|\\[rnt])+")
"""Blanks and line breaks, as they are or as JSON writes them: a secret is found whatever of them is in it."""
_BLOCK_BYTES = 1 << 20
MOST_MEMBERS = 10_000
_DECODERS: Mapping[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}


class Redactor:
    """Finds values of secrets: as they are, escaped for JSON, in a URL, in base64, across line breaks."""

    def __init__(self, values: Iterable[str]) -> None:
        """`values`: each of at least 8 characters; lines of several are secrets of their own."""
        whole = {line for value in values for line in (value, *value.splitlines())}
        self._values = sorted(value for value in whole if len(value) >= LEAST_CHARACTERS)

    def __bool__(self) -> bool:
        return bool(self._values)

    @cached_property
    def _spellings(self) -> tuple[str, ...]:
        """What is looked for, blanks and breaks left out; the longest first."""
        found = {spelling for value in self._values for spelling in _spellings_of(value)}
        return tuple(sorted((_BREAK.sub("", one) for one in found), key=lambda one: (-len(one), one)))

    @cached_property
    def _as_bytes(self) -> tuple[str, ...]:
        """The same as Latin-1 reads their UTF-8 bytes."""
        return tuple(one.encode("utf-8", "surrogateescape").decode("latin-1") for one in self._spellings)

    def text(self, text: str) -> str:
        """The text with `***` for every secret."""
        return _cut(text, _found(text, self._spellings))

    def data(self, data: bytes) -> bytes:
        """The bytes with `***` for every secret."""
        text = data.decode("latin-1")
        return _cut(text, _found(text, self._as_bytes)).encode("latin-1")

    def holds(self, text: str) -> bool:
        """Whether a secret is in the text."""
        return bool(_found(text, self._spellings))

    def unfinished(self, data: bytes) -> int:
        """How many bytes at the end could be the beginning of a secret that goes on."""
        text = data.decode("latin-1")
        joined, places = _joined(text.removesuffix("\\"))  # which may begin a break
        most = max((len(one) for one in self._as_bytes), default=1) - 1
        for size in range(min(most, len(joined)), 0, -1):
            if any(one.startswith(joined[-size:]) for one in self._as_bytes):
                return len(text) - _place(places, len(joined) - size)
        return 0


def _spellings_of(value: str) -> Iterator[str]:
    yield from (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    yield from (quote(value, safe=""), quote(value), quote_plus(value))
    raw = value.encode("utf-8", "surrogateescape")
    for offset in range(3):  # as it lies in a longer text
        start, end = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6
        encoded = b64encode(b"\0" * offset + raw).decode()[start:end]
        yield from (encoded, encoded.translate({ord("+"): "-", ord("/"): "_"}))


def _joined(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without blanks and breaks, and where each piece lies: (place in it, place in the text)."""
    pieces, places, size, start = [], [], 0, 0
    for match in _BREAK.finditer(text):
        pieces.append(text[start : match.start()])
        places.append((size, start))
        size, start = size + match.start() - start, match.end()
    return "".join([*pieces, text[start:]]), [*places, (size, start)]


def _place(places: list[tuple[int, int]], index: int) -> int:
    """Where in the text a character of the joined text lies."""
    begin, start = places[bisect_right(places, index, key=itemgetter(0)) - 1]
    return start + index - begin


def _found(text: str, spellings: Iterable[str]) -> list[tuple[int, int]]:
    """Begin and end of every secret in the text, in order; none overlaps another."""
    joined, places = _joined(text)
    spans: list[tuple[int, int]] = []
    for spelling in spellings:
        begin = joined.find(spelling)
        while begin >= 0:
            end = begin + len(spelling)
            spans.append((_place(places, begin), _place(places, end - 1) + 1))
            begin = joined.find(spelling, end)
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _cut(text: str, spans: list[tuple[int, int]]) -> str:
    parts, last = [], 0
    for begin, end in spans:
        parts += [text[last:begin], REDACTED]
        last = end
    return "".join([*parts, text[last:]])


class RedactedStream:
    """Bytes as they come, without secrets; what may be the beginning of one is held back until it is none."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = b""
        self.count = 0
        """How many times something was cut out."""

    def add(self, data: bytes) -> bytes:
        """What can be passed on now."""
        if not self._redactor:
            return data
        before = self._held + data
        data = self._redactor.data(before)
        self.count += data != before
        held = self._redactor.unfinished(data)
        self._held = data[len(data) - held :]
        return data[: len(data) - held]

    def finish(self) -> bytes:
        """What is still held back."""
        rest, self._held = self._held, b""
        return rest


def secrets_of(environment: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    """Values of the variables that hold a secret; NotJudged for one that is too short to be found in text."""
    values = {name: environment[name] for name in names if environment.get(name)}
    short = [name for name, value in values.items() if len(value) < LEAST_CHARACTERS]
    if short:
        raise NotJudged(
            f"{', '.join(short)} holds fewer than {LEAST_CHARACTERS} characters, too few for a secret",
            help="give it a longer value (a name with the word TOKEN, KEY, SECRET or PASSWORD is a secret's)",
        )
    return tuple(values.values())


class RedactedFiles(Struct, frozen=True, kw_only=True):
    """What became of an arm's files."""

    changed: int
    """How many held a secret that was taken out."""
    refused: str
    """Why the arm has failed; "" where it has not."""


def redact_files(folder: Path, redactor: Redactor) -> RedactedFiles:
    """Take secrets out of every file below a folder; what cannot be rewritten is emptied or removed."""
    changed, refused = 0, ""
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in files:
            path = Path(parent, name)
            try:
                if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > RESULTS_CAP_BYTES:
                    continue
                if any(_copy(inner, None, redactor) for inner in _unpacked(path)):
                    refused = f"{name!a} holds a secret in compressed form"
                    path.write_bytes(b"")
                changed += _redact(path, redactor)
            except OSError as error:
                what = (error.strerror or "unknown error").lower()
                refused = f"{name!a} cannot be searched for secrets: {what}"
        for name in [*folders, *files]:
            if redactor.holds(name):
                refused = "a file that it left has a secret in its name"
                _remove(Path(parent, name))
    return RedactedFiles(changed=changed, refused=refused)


def _redact(path: Path, redactor: Redactor) -> bool:
    """Whether the file held a secret; it is replaced as a whole."""
    descriptor, temporary = tempfile.mkstemp(prefix=".remyx-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as target, path.open("rb") as source:
            is_changed = _copy(source, target, redactor)
        if is_changed:
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        return is_changed
    finally:
        Path(temporary).unlink(missing_ok=True)


def _copy(source: IO[bytes], target: IO[bytes] | None, redactor: Redactor) -> bool:
    """Copy without secrets; whether there were some."""
    stream, left = RedactedStream(redactor), RESULTS_CAP_BYTES
    while left > 0 and (block := source.read(_BLOCK_BYTES)):
        left -= len(block)
        clean = stream.add(block)
        if target is not None:
            target.write(clean)
    if target is not None:
        target.write(stream.finish())
    return stream.count > 0


def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    """What a compressed file, or each member of a zip archive, holds, as far as it can be read."""
    with path.open("rb") as file:
        start = file.read(8)
    try:
        for begin, decode in _DECODERS.items():
            if start.startswith(begin):
                with decode(path) as inner:
                    yield inner
        if start.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist()[:MOST_MEMBERS]:
                    yield BytesIO(member.filename.encode("utf-8", "surrogateescape"))
                    with archive.open(member) as inner:
                        yield inner
    except Exception:  # noqa: BLE001 - a file that cannot be decoded is no result either
        return


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
