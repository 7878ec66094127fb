"""RFC 6901 JSON Pointers: written, taken apart, followed, and as a path that people read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from .wording import shown_as

PLACEHOLDER = "{metric}"
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST_KEY = 60


class _Absent:
    """Nothing is at a pointer; JSON's null is something."""


ABSENT: Final = _Absent()


def pointer_to(parent: str, key: str | int) -> str:
    """The pointer of `key` below `parent`."""
    return f"{parent}/{str(key).replace('~', '~0').replace('/', '~1')}"


def parts_of(pointer: str) -> list[str]:
    """The keys and indices of a pointer, outermost first."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def filled(pointer: str, name: str) -> str:
    """The pointer with `{metric}` replaced by a name."""
    return pointer.replace(PLACEHOLDER, pointer_to("", name)[1:])


def resolve(document: Any, pointer: str) -> Any:
    """The value at a pointer, else ABSENT."""
    return follow(document, parts_of(pointer))


def follow(document: Any, parts: Iterable[str]) -> Any:
    """The value that keys and indices lead to, else ABSENT."""
    for part in parts:
        document = child(document, part)
        if document is ABSENT:
            return ABSENT
    return document


def child(parent: Any, part: str) -> Any:
    """The value of one key or index, else ABSENT."""
    if type(parent) is dict:
        return parent.get(part, ABSENT)
    if type(parent) is list and part.isascii() and part.isdecimal() and len(part) <= 9:
        index = int(part)
        if (part == "0" or part[0] != "0") and index < len(parent):
            return parent[index]
    return ABSENT


def json_path(pointer: str) -> str:
    """A pointer as people read it: `/metrics/x/samples/0` → `$.metrics.x.samples[0]`."""
    path = "$"
    for name in parts_of(pointer):
        if name.isdecimal():
            path += f"[{name}]"
        elif _PLAIN_KEY.fullmatch(name):
            path += f".{name}"
        else:
            path += f"[{json.dumps(shown_as(name[:_LONGEST_KEY]), ensure_ascii=False)}]"
    return path
