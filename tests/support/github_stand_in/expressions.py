"""GitHub's expressions, as far as our workflows use them: operators, property access, six functions.

https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

JSON = Any
_TOKEN = re.compile(r"\s*(\|\||&&|==|!=|!|[(),.]|'(?:[^']|'')*'|[A-Za-z_][\w-]*|\d+)")
_LITERALS = {"true": True, "false": False, "null": None}


def filled_in(text: str, contexts: Mapping[str, JSON]) -> str:
    """The text with every `${{ }}` in it replaced by what it comes to."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda one: _text(evaluate(one[1], contexts)), text, flags=re.DOTALL)


def holds(condition: str | bool, contexts: Mapping[str, JSON]) -> bool:
    """Whether a job's `if:` lets it run."""
    text = str(condition).strip().lower() if isinstance(condition, bool) else condition.strip()
    return bool(evaluate(text.removeprefix("${{").removesuffix("}}"), contexts))


def evaluate(text: str, contexts: Mapping[str, JSON]) -> JSON:
    """The value of one expression; names that no context has are null."""
    tokens = _TOKEN.findall(text)
    assert re.sub(r"\s", "", "".join(tokens)) == re.sub(r"\s", "", text), f"unknown words in {text!r}"
    reader = _Reader(tokens, contexts)
    value = reader.either()
    assert reader.next is None, f"{reader.next!r} is left over in {text!r}"
    return value


class _Reader:
    """One method a level of precedence, the loosest first."""

    def __init__(self, tokens: list[str], contexts: Mapping[str, JSON]) -> None:
        self.tokens = tokens[::-1]
        self.contexts = contexts
        self.skipped = 0
        """How deep it reads in operands that do not count."""

    @property
    def next(self) -> str | None:
        return self.tokens[-1] if self.tokens else None

    def take(self, *wanted: str) -> bool:
        found = self.next in wanted
        if found:
            self.tokens.pop()
        return found

    def either(self) -> JSON:
        value = self.both()
        while self.take("||"):
            other = self.operand(self.both, counts=not value)
            value = value or other
        return value

    def both(self) -> JSON:
        value = self.compared()
        while self.take("&&"):
            other = self.operand(self.compared, counts=bool(value))
            value = value and other
        return value

    def operand(self, read: Callable[[], JSON], *, counts: bool) -> JSON:
        self.skipped += not counts
        value = read()
        self.skipped -= not counts
        return value

    def compared(self) -> JSON:
        value = self.single()
        while self.next in {"==", "!="}:
            is_equal = self.tokens.pop() == "=="
            value = (_folded(value) == _folded(self.single())) is is_equal
        return value

    def single(self) -> JSON:
        if self.take("!"):
            return not self.single()
        if self.take("("):
            value = self.either()
            assert self.take(")")
        else:
            value = self.named(self.tokens.pop())
        while self.take("."):
            key = self.tokens.pop()
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def named(self, token: str) -> JSON:
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.isdigit():
            return int(token)
        if not self.take("("):
            return _LITERALS[token] if token in _LITERALS else self.contexts.get(token)
        given = []
        while not self.take(")"):
            given.append(self.either())
            self.take(",")
        return None if self.skipped else _call(token, given)


def _call(name: str, given: list[JSON]) -> JSON:
    if name == "format":
        return re.sub(r"\{(\d)\}", lambda one: _text(given[1 + int(one[1])]), given[0])
    if name == "contains":
        return _folded(given[1]) in ([_folded(each) for each in given[0]])
    if name == "startsWith":
        return _text(given[0]).casefold().startswith(_text(given[1]).casefold())
    if name == "fromJSON":
        return json.loads(given[0])
    return {"always": True, "success": True, "cancelled": False}[name]


def _folded(value: JSON) -> JSON:
    return value.casefold() if isinstance(value, str) else value


def _text(value: JSON) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
