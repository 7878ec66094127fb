"""A value as the text of a JSON file: exact, stable, and readable in a diff."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from .json_text import LONGEST_NUMBER, NumberText

LINE_WIDTH: Final = 100
"""Lists of scalars up to this many characters are written on one line."""


def dump(value: Any) -> str:
    """Return `value` as JSON: two spaces a level, keys in their order, short lists of scalars on one line.

    Decimals are written out in full, never with an exponent. Ends with a newline. Raises TypeError for
    a float (it is not what was computed) and ValueError for what JSON cannot say: NaN, infinities, lone
    surrogates.
    """
    return "".join(_written(value, "\n")) + "\n"


def _written(value: Any, newline: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _written_object(value, newline)
    elif isinstance(value, list | tuple):
        yield from _written_list(value, newline)
    else:
        yield _scalar(value)


def _written_object(mapping: dict[str, Any], newline: str) -> Iterator[str]:
    if not mapping:
        yield "{}"
        return
    inner = newline + "  "
    before = "{" + inner
    for key, value in mapping.items():
        yield before + _string(key) + ": "
        yield from _written(value, inner)
        before = "," + inner
    yield newline + "}"


def _written_list(values: list[Any] | tuple[Any, ...], newline: str) -> Iterator[str]:
    if not any(isinstance(value, dict | list | tuple) for value in values):
        line = "[" + ", ".join(map(_scalar, values)) + "]"
        if len(line) <= LINE_WIDTH:
            yield line
            return
    inner = newline + "  "
    before = "[" + inner
    for value in values:
        yield before
        yield from _written(value, inner)
        before = "," + inner
    yield newline + "]"


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | NumberText):
        return str(value)
    if isinstance(value, Decimal):
        return _number(value)
    return _string(value)


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"JSON has no {value}")
    if abs(value.adjusted()) > LONGEST_NUMBER:
        raise ValueError(f"{value} is not an estimate")
    return f"{abs(value) if value == 0 else value:f}"


_encode = json.JSONEncoder(ensure_ascii=False).encode


def _string(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{type(text).__name__} is not a JSON value that is exact")
    text.encode("utf-8")  # a lone surrogate would make a file that cannot be written
    # JavaScript's older readers take these two as line ends inside a string.
    return _encode(text).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
