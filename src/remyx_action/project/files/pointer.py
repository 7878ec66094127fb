"""TODO."""

from __future__ import annotations

from typing import Any, Final

PLACEHOLDER = "{metric}"


class _Absent:
    """Nothing stands at a pointer; JSON's null is something."""


ABSENT: Final = _Absent()


def resolve(document: Any, pointer: str, name: str) -> Any:
    """What stands at an RFC 6901 JSON Pointer with `{metric}` filled in, else ABSENT."""
    for part in pointer.split("/")[1:]:
        document = _child(document, _unescaped(part).replace(PLACEHOLDER, name))
        if document is ABSENT:
            return ABSENT
    return document


def _child(parent: Any, part: str) -> Any:
    if type(parent) is dict:
        return parent.get(part, ABSENT)
    if type(parent) is list and part.isascii() and part.isdecimal() and len(part) <= 9:
        index = int(part)
        if (part == "0" or part[0] != "0") and index < len(parent):
            return parent[index]
    return ABSENT


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
