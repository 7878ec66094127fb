"""JSON of other programs: what is wrong with a value matters where the value is used, not elsewhere."""

from __future__ import annotations

import json
from typing import Any, Final

from msgspec import Struct

from remyx_action.project.files.json_text import NumberText, decode_utf8, read_as_written

MARK: Final = "!"
"""Begins the text of a value that is none; then its kind of fault, a tab, and an example."""
NOT_OBJECTS = "samples that are not objects"
TWICE = "values whose key occurs twice"


class Odd(Struct, frozen=True, kw_only=True):
    """A value that JSON does not have, or that has two values."""

    text: str


def marked(kind: str, example: str = "") -> str:
    """The text of a value that cannot be used."""
    return f"{MARK}{kind}\t{example}"


def _constant(name: str) -> Odd:
    return Odd(text=name)


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these keys and values; the value of a key that occurs twice is `Odd`."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                found[key] = Odd(text=marked(TWICE, json.dumps(key[:60])))
            seen.add(key)
    return found


_decode = json.JSONDecoder(
    object_pairs_hook=object_of, parse_int=NumberText, parse_float=NumberText, parse_constant=_constant
).decode


def read_loosely(data: bytes | str) -> Any:
    """The value of a JSON text, numbers as `NumberText`; NaN and repeated keys become `Odd`.

    Raises NotStrictJson where it is not JSON at all.
    """
    text = decode_utf8(data) if isinstance(data, bytes) else data
    try:
        return _decode(text)
    except (json.JSONDecodeError, RecursionError):
        read_as_written(text)  # says where
        raise


def text_of(value: Any) -> str:
    """A value as JSON text on one line, the same for equal values; numbers as they were written."""
    if type(value) is NumberText:
        return str(value)
    if isinstance(value, str):
        return json.dumps(value)
    if value is None or type(value) is bool:
        return "null" if value is None else str(value).lower()
    if isinstance(value, Odd):
        return value.text
    if isinstance(value, list):
        return "[" + ",".join(map(_part, value)) + "]"
    return "{" + ",".join(f"{json.dumps(key)}:{_part(value[key])}" for key in sorted(value)) + "}"


def _part(value: Any) -> str:
    return json.dumps(value.text) if isinstance(value, Odd) else text_of(value)
