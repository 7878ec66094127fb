"""Strict reading of JSON text into values, and writing of values as JSON text.

The standard library's scanner does the reading; what it would let through (a duplicate key, NaN, a lone
surrogate, any depth) is refused here with its place. simplejson would write `Decimal` too, but with
exponents, every short list over many lines, and NaN unless told otherwise.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import repeat
from typing import Any, Final

from msgspec import Struct, field

from .pointer import json_path, pointer_to
from .wording import shown_as

LOCATED_CHARACTERS: Final = 2_000_000
"""Longer texts are refused without a path: finding it takes seconds."""
DEEPEST: Final = 64
"""Objects and lists inside each other; nothing below is looked at."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)


class Token(Struct, frozen=True, kw_only=True):
    text: str
    position: int
    """0-based character."""
    depth: int
    """How many objects and lists it is in, an opening bracket counting itself."""
    pointer: str
    """RFC 6901 JSON Pointer of the value that it belongs to."""
    is_duplicate_key: bool = False


class _Container(Struct):
    is_object: bool
    keys: set[str] = field(default_factory=set)
    part: str | int = 0
    expects_key: bool = True


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of any text as if it were JSON; brackets need not match.

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
    pointer = ""
    for container in stack:
        pointer = pointer_to(pointer, container.part)
    return pointer


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """Return the 1-based line and column of a 0-based character."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


LONGEST_NUMBER: Final = 1_000
"""Characters of one number; longer ones cost more than linear time to convert."""

SAVE_AS_UTF8 = "save the file as UTF-8"
REWRITE = "write the file with a JSON library, and write it whole before it is read"
RENAME_KEY = "keep one of the two; which one counts would be a guess"
NO_NAN = "leave the number out where there is none; JSON has no NaN and no Infinity"


class NumberText(str):
    """A JSON number exactly as it was written."""

    __slots__ = ()


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong in a text whose file is not known here; with it, it is a `Problem`."""

    code: str
    message: str
    help: str
    line: int = 1
    column: int = 1
    pointer: str = ""
    at_key: bool = False
    """Whether the key is wrong, and not its value."""


class NotStrictJson(ValueError):
    """The text is not strict JSON; carries one fault per kind."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


class _Suspicion(Exception):
    """The scanner met something that has to be located."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise _Suspicion
    return mapping


def _constant(_name: str) -> Any:
    raise _Suspicion


def _whole(literal: str) -> int:
    if len(literal) > LONGEST_NUMBER:
        raise _Suspicion
    return int(literal)


def _fraction(literal: str) -> Decimal:
    if len(literal) > LONGEST_NUMBER:
        raise _Suspicion
    try:
        return Decimal(literal)
    except InvalidOperation:  # an exponent of more digits than any number has
        raise _Suspicion from None


def _decoder(whole: Callable[[str], Any], fraction: Callable[[str], Any]) -> Callable[[str], Any]:
    return json.JSONDecoder(
        object_pairs_hook=_unique, parse_int=whole, parse_float=fraction, parse_constant=_constant
    ).decode


_exact = _decoder(_whole, _fraction)
_as_written = _decoder(NumberText, NumberText)


def read(data: bytes | str) -> Any:
    """Return the value of a JSON text: numbers become int or Decimal, equal to the literal.

    Raises NotStrictJson.
    """
    return _read(data, _exact)


def read_as_written(data: bytes | str, *, free_texts: frozenset[str] = frozenset()) -> Any:
    """Return the value of a JSON text, its numbers as `NumberText`. Raises NotStrictJson.

    In the values of the keys `free_texts` a lone surrogate becomes its own escape, as text: models cut
    their answers anywhere.
    """
    return _read(data, _as_written, free_texts)


def _read(data: bytes | str, decode: Callable[[str], Any], free_texts: frozenset[str] = frozenset()) -> Any:
    text = decode_utf8(data) if isinstance(data, bytes) else data
    try:
        value = decode(text)
    except json.JSONDecodeError as error:
        raise NotStrictJson(_syntax(text, error), *_suspects(text, before=error.pos)) from None
    except (_Suspicion, RecursionError):
        raise NotStrictJson(*_all_faults(text)) from None
    if text.count("[") + text.count("{") > DEEPEST and _too_deep(value):
        raise NotStrictJson(*_all_faults(text))
    if "\\u" in text and _lone_surrogate(text):
        value = _spelled_out(value, free_texts, is_free=False)
        if _holds_half(value):
            raise NotStrictJson(*_all_faults(text))
    return value


def decode_utf8(data: bytes) -> str:
    """Return UTF-8 bytes as text, without a byte order mark before it. Raises NotStrictJson for others."""
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise NotStrictJson(
            Fault(code="not-utf-8", message="starts with a byte order mark", help=SAVE_AS_UTF8)
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = line_and_column(before, len(before))
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise NotStrictJson(
            Fault(code="not-utf-8", message=message, help=SAVE_AS_UTF8, line=line, column=column)
        ) from None


_UNLOCATED = Fault(
    code="not-strict-json",
    message="holds a duplicate key, NaN, a lone surrogate, an endless number or too many levels",
    help="the file is too large to say where: bisect it, or write it with a JSON library",
)

_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)


def _lone_surrogate(text: str) -> bool:
    return any(match[1] for match in _ESCAPE.finditer(text))


_HALF = re.compile("[\ud800-\udfff]")


def _spelled_out(value: Any, free_texts: frozenset[str], *, is_free: bool) -> Any:
    """Return the value with lone surrogates of its free texts as their escapes."""
    if type(value) is str:
        return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", value) if is_free else value
    if type(value) is list:
        return [_spelled_out(each, free_texts, is_free=is_free) for each in value]
    if type(value) is dict:
        return {
            key: _spelled_out(each, free_texts, is_free=is_free or key in free_texts)
            for key, each in value.items()
        }
    return value


def _holds_half(value: Any) -> bool:
    """Return whether a text in the value, a key or not, has a lone surrogate."""
    if type(value) is dict:
        return any(map(_holds_half, value)) or any(map(_holds_half, value.values()))
    if type(value) is list:
        return any(map(_holds_half, value))
    return type(value) is str and _HALF.search(value) is not None


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in repeat(None, DEEPEST):
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True


def _all_faults(text: str) -> list[Fault]:
    """Return the faults of a text that is not JSON, or that is JSON but not strict."""
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        return [_syntax(text, error), *_suspects(text, before=error.pos)]
    except RecursionError:
        pass
    return _suspects(text) or [_UNLOCATED]


def _syntax(text: str, error: json.JSONDecodeError) -> Fault:
    """Return the scanner's own error as a fault, with the path of its place."""
    error = as_newer_python(text, error)
    pointer = ""
    if len(text) <= LOCATED_CHARACTERS:
        for token in tokens(text):
            if token.position > error.pos:
                break
            pointer = token.pointer
    if not text.strip(" \t\r\n"):
        message = "is empty"
    elif error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        message = "ends in the middle of a value"
    else:
        message = "is not JSON: " + error.msg[0].lower() + error.msg[1:].removesuffix(" at")
    return Fault(
        code="syntax", message=message, help=REWRITE, line=error.lineno, column=error.colno, pointer=pointer
    )


def as_newer_python(text: str, error: json.JSONDecodeError) -> json.JSONDecodeError:
    """Return the error as Python 3.13 and later report it: a comma too many is named, and is the place."""
    before = text[: error.pos].rstrip()
    for message, end, of in (("Expecting property name", "}", "object"), ("Expecting value", "]", "array")):
        if error.msg.startswith(message) and text[error.pos :].startswith(end) and before.endswith(","):
            illegal = f"Illegal trailing comma before end of {of}"
            return json.JSONDecodeError(illegal, text, len(before) - 1)
    return error


def _suspects(text: str, before: int | None = None) -> list[Fault]:
    """Return one fault per kind among the tokens before a position, with counts."""
    found: dict[str, list[Token]] = {}
    if len(text) > LOCATED_CHARACTERS:
        return []
    for token in tokens(text):
        if before is not None and token.position >= before:
            break
        for code in _codes(token):
            found.setdefault(code, []).append(token)
    return [_fault(code, text, places) for code, places in found.items()]


def _codes(token: Token) -> Iterator[str]:
    if token.is_duplicate_key:
        yield "duplicate-key"
    if token.text in ("NaN", "Infinity", "-Infinity"):
        yield "not-a-number"
    if token.depth == DEEPEST + 1 and token.text in "[{":
        yield "too-deep"
    if token.text[0] == '"' and _lone_surrogate(token.text):
        yield "lone-surrogate"
    if token.text[0] in "-0123456789" and _is_endless(token.text):
        yield "endless-number"


def _is_endless(literal: str) -> bool:
    try:
        _fraction(literal)
    except _Suspicion:
        return True
    return False


def _fault(code: str, text: str, places: list[Token]) -> Fault:
    first = places[0]
    shown = first.text if len(first.text) <= 60 else first.text[:57] + "…"
    message, advice = {
        "duplicate-key": (f"duplicate key {shown}", RENAME_KEY),
        "not-a-number": (f"{shown} is not a JSON number", NO_NAN),
        "too-deep": (f"is nested deeper than {DEEPEST} levels", "write results as flat lists of samples"),
        "lone-surrogate": (
            f"half a character in {shown}",
            "write both halves of a surrogate pair, or neither",
        ),
        "endless-number": (f"a number beyond any score: {shown}", "write at most 30 digits"),
    }[code]
    if len(places) > 1:
        also = ", ".join(json_path(place.pointer) for place in places[1:3])
        message += f" (and {len(places) - 1} more: {also}{', …' if len(places) > 3 else ''})"
    line, column = line_and_column(text, first.position)
    message = shown_as(message)  # a token may hold any character
    return Fault(code=code, message=message, help=advice, line=line, column=column, pointer=first.pointer)
