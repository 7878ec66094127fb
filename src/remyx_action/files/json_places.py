"""Where things stand in a JSON text: the tokens of a text that was refused, each with its path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from remyx_action.files.nearest import shown_as

LOCATED_CHARACTERS: Final = 2_000_000
"""Longer texts are refused without a path: finding it takes seconds."""
DEEPEST: Final = 64
"""Objects and lists inside each other; nothing below is looked at."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Token(Struct, frozen=True, kw_only=True):
    text: str
    position: int
    """0-based character."""
    depth: int
    """How many objects and lists it stands in, an opening bracket counting itself."""
    pointer: str
    """RFC 6901 JSON Pointer of the value that it belongs to."""
    is_duplicate_key: bool = False


class _Container(Struct):
    is_object: bool
    keys: set[str] = field(default_factory=set)
    part: str | int = 0
    expects_key: bool = True


def tokens(text: str) -> Iterator[Token]:
    """The tokens of any text, as if it were JSON; brackets that do not match are taken as they come.

    Ends at the first word that is too deep.
    """
    stack: list[_Container] = []
    for match in _TOKEN.finditer(text):
        word = match[0]
        top = stack[-1] if stack else None
        is_duplicate_key = False
        if top is not None and top.is_object and top.expects_key and word[0] == '"':
            key = _unescaped(word)
            is_duplicate_key = key in top.keys
            top.keys.add(key)
            top.part, top.expects_key = key, False
        elif word == ",":
            _step(top)
        elif word in ("{", "["):
            stack.append(_Container(is_object=word == "{", part="" if word == "{" else 0))
        pointer = _pointer(stack[:-1] if word in ("{", "[") else stack)
        yield Token(
            text=word,
            position=match.start(),
            depth=len(stack),
            pointer=pointer,
            is_duplicate_key=is_duplicate_key,
        )
        if len(stack) > DEEPEST:
            return
        if word in ("}", "]") and stack:
            stack.pop()


def _unescaped(word: str) -> str:
    try:
        return str(json.loads(word))
    except ValueError:
        return word[1:-1]


def _step(top: _Container | None) -> None:
    if top is not None and top.is_object:
        top.expects_key = True
    elif top is not None:
        assert isinstance(top.part, int)
        top.part += 1


def _pointer(stack: list[_Container]) -> str:
    parts = (str(container.part).replace("~", "~0").replace("/", "~1") for container in stack)
    return "".join("/" + part for part in parts)


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """1-based line and column of a 0-based character."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def json_path(pointer: str) -> str:
    """A JSON Pointer as people read it: `/metrics/x/samples/0` → `$.metrics.x.samples[0]`."""
    path = "$"
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if name.isdecimal():
            path += f"[{name}]"
        else:
            path += f".{name}" if _PLAIN_KEY.fullmatch(name) else f'["{shown_as(name[:60])}"]'
    return path
