"""Dockerfiles: their instructions, the images that a build starts from, and what it copies of its context."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

_ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])\s*", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*[A-Za-z][\w.-]*\s*=.*")
_STAGE = re.compile(r"AS", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^}]*))?\})")
_NOT_IN_CONTEXT = re.compile(r"(https?|git)[:@]|<<")
_QUOTES = "\"'"


class Instruction(Struct, frozen=True, kw_only=True):
    """One instruction, with all of its lines; a comment or an empty line is one without a keyword."""

    line: int
    """Of its first line, from 1."""
    text: str
    """As it is written, without the last line's end."""
    keyword: str
    """In upper case; "" for a comment or an empty line."""
    flags: Mapping[str, str]
    """`--from=x` as `from` → `x`."""
    words: tuple[str, ...]
    """What follows keyword and flags; a JSON list's own words."""


def instructions(text: str) -> Iterator[Instruction]:
    """Instructions, comments and empty lines of a Dockerfile, in order: together they are the whole text."""
    text = text.removeprefix("\ufeff").removesuffix("\n")
    escape = _escape_of(text)
    continued = re.compile(rf"(?:^|[^{re.escape(escape)}]){re.escape(escape)}[ \t]*\r?$")
    lines, first = list[str](), 1
    for number, line in enumerate(text.split("\n"), start=1):
        is_aside = not line.strip() or line.lstrip().startswith("#")
        first = first if lines else number
        lines.append(line)
        if is_aside and len(lines) > 1:  # inside an instruction
            continue
        if is_aside or not continued.search(line):
            yield _instruction(first, lines, escape)
            lines = []
    if lines:
        yield _instruction(first, lines, escape)


def _escape_of(text: str) -> str:
    """The character that continues a line, as a directive before the first instruction can choose it."""
    for line in text.split("\n"):
        if match := _ESCAPE.fullmatch(line):
            return match[1]
        if not _DIRECTIVE.fullmatch(line):
            break
    return "\\"


def _instruction(number: int, lines: list[str], escape: str) -> Instruction:
    code = [line.rstrip() for line in lines if not line.lstrip().startswith("#")]
    joined = "".join(line[:-1] if line.endswith(escape) else line for line in code)
    keyword, rest = (*joined.split(None, 1), "", "")[:2]
    flags = dict[str, str]()
    while match := re.match(r"\s*--([A-Za-z-]+)(?:=(\S*))?(?:\s|$)", rest):
        flags[match[1].lower()] = match[2] or ""
        rest = rest[match.end() :]
    return Instruction(
        line=number,
        text="\n".join(lines),
        keyword=keyword.upper(),
        flags=flags,
        words=_words(rest.strip()),
    )


def _words(text: str) -> tuple[str, ...]:
    if text.startswith("["):
        try:
            listed = json.loads(text)
        except ValueError:
            listed = None
        if isinstance(listed, list) and all(isinstance(word, str) for word in listed):
            return tuple(listed)
    return tuple(text.split())


class Base(Struct, frozen=True, kw_only=True):
    """An image that a build starts from or copies from."""

    instruction: Instruction
    written: str
    """As the instruction names it."""
    name: str
    """With the build's arguments filled in; a variable without a value leaves the rest of the name."""


def bases(text: str, arguments: Mapping[str, str], target: str | None = None) -> Iterator[Base]:
    """Images that `FROM` and `COPY --from` name, in order; stages of the file and `scratch` are none.

    `arguments` go before the defaults that `ARG` instructions above the first `FROM` declare, as in a build,
    and what follows the stage `target` is left out.
    """
    declared, stages, named = dict[str, str](), list[set[str]](), set[str]()
    for one in instructions(text):
        if one.keyword == "ARG" and not stages:
            declared |= _declared(one.words, arguments, declared)
        elif one.keyword == "FROM" and one.words:
            if target is not None and stages and target.casefold() in stages[-1]:
                return
            name = filled_in(one.words[0].strip(_QUOTES), declared)
            if name.casefold() not in named | {"scratch", ""}:
                yield Base(instruction=one, written=one.words[0], name=name)
            own = (
                {one.words[2].casefold()} if len(one.words) == 3 and _STAGE.fullmatch(one.words[1]) else set()
            )
            stages.append(own | {str(len(stages))})
            named |= own
        elif one.keyword in {"COPY", "ADD"} and "from" in one.flags:
            written = one.flags["from"]
            if written and not any(written.casefold() in stage for stage in stages):
                yield Base(instruction=one, written=written, name=written)


def _declared(
    words: tuple[str, ...], arguments: Mapping[str, str], before: Mapping[str, str]
) -> dict[str, str]:
    found = {}
    for word in words:
        name, given, default = word.partition("=")
        if name in arguments:
            found[name] = arguments[name]
        elif given:
            found[name] = filled_in(default.strip(_QUOTES), {**before, **found})
    return found


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """`$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` with their values; "" for one without."""

    def value_of(match: re.Match[str]) -> str:
        name, operator, other = match[1] or match[2], match[3] or "", match[4] or ""
        value = values.get(name)
        is_set = bool(value) if operator.startswith(":") else value is not None
        if operator.endswith("-"):
            return value or "" if is_set else other
        if operator.endswith("+"):
            return other if is_set else ""
        return value or ""

    return _VARIABLE.sub(value_of, text)


def copied(text: str) -> Iterator[tuple[int, str]]:
    """Line and path of everything that `COPY` and `ADD` take from the build's context."""
    for one in instructions(text):
        inner = next(instructions(" ".join(one.words)), one) if one.keyword == "ONBUILD" else one
        if inner.keyword in {"COPY", "ADD"} and "from" not in inner.flags:
            yield from ((one.line, word) for word in inner.words[:-1] if not _NOT_IN_CONTEXT.match(word))
