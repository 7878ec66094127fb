"""The fast way through a JSON Lines file: blocks whose rows all have the shape of their first row.

The shape is one regular expression made from the first row: its punctuation and keys as they stand, a
group in place of each value. The rows that it finds cannot overlap, so if their lengths add up to the
block's they are the block. Each value's pattern is the JSON grammar's, narrowed to texts that mean
themselves; anything else (escapes in an id, nested values, another order of keys) takes the slow way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from .columns import Roles

# No possessive groups: before Python 3.11.5 one that fails half-way keeps what it had taken, so that 1E is a
# number (https://github.com/python/cpython/issues/106052).
_NUMBER = r"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?+[0-9]++)?"
_INTEGER = r"(?:0|-?+[1-9][0-9]*+)"
_PLAIN = r'[^"\\\x00-\x1f]++'
_UNIT = r"u(?:[0-9a-cefA-CEF][0-9a-fA-F]|[dD][0-7])[0-9a-fA-F]{2}"
_PAIR = r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPED = rf'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|{_UNIT}|{_PAIR}))*'
_SCALAR = rf'(?:"{_ESCAPED}"|true|false|null|{_NUMBER})'

_KEY = re.compile(r'[{,][ \t]*+"([^"\\\x00-\x1f]*+)"[ \t]*+:[ \t]*+')
_VALUE = re.compile(_SCALAR)
_END = re.compile(r"[ \t]*+\}[ \t\r]*+\n")
_GAP = re.compile(r"[ \t]*+")


class RowShape(Struct, frozen=True, kw_only=True):
    pattern: re.Pattern[str]
    roles: tuple[str | None, ...]
    """What each group is; None where the value counts for nothing."""
    fixed_length: int
    """Characters of a row outside the groups."""

    def columns(self, block: str) -> Mapping[str, Sequence[str]] | None:
        """The block's columns, or None unless every row of the block has this shape.

        `block` ends with a newline.
        """
        rows = self.pattern.findall(block)
        if not rows:
            return None
        groups: list[Sequence[str]] = list(zip(*rows, strict=True)) if len(self.roles) > 1 else [rows]
        length = self.fixed_length * len(rows)
        columns = {}
        for role, group in zip(self.roles, groups, strict=True):
            text = "".join(group)
            length += len(text)
            if role is not None:
                columns[role] = _unescaped(group) if "\\" in text else group
        return columns if length == len(block) else None


def shape_of(block: str, roles: Roles) -> RowShape | None:
    """The shape of the block's first row; None where it has none that the fast way knows."""
    role_of = {field: role for role, field in roles.items()}
    pattern, fixed_length = "", 0
    found: list[str | None] = []
    keys: set[str] = set()
    position = len(_GAP.match(block)[0])  # type: ignore[index]
    fixed = block[:position]
    while key := _KEY.match(block, position):
        value = _VALUE.match(block, key.end())
        role = role_of.get(key[1])
        group = value and _group(value[0], role)
        if key[1] in keys or value is None or group is None or (key[0][0] == "{") != (not keys):
            return None
        keys.add(key[1])
        found.append(role)
        opening, inner, closing = group
        gap = _GAP.match(block, value.end())
        assert gap is not None
        fixed += key[0] + opening
        pattern += re.escape(fixed) + f"({inner})"
        fixed_length += len(fixed)
        fixed = closing + gap[0]
        position = gap.end()
    end = _END.match(block, position)
    if end is None or "id" not in found or "score" not in found:
        return None
    fixed += end[0]
    return RowShape(
        pattern=re.compile(pattern + re.escape(fixed)),
        roles=tuple(found),
        fixed_length=fixed_length + len(fixed),
    )


def _group(value: str, role: str | None) -> tuple[str, str, str] | None:
    """What stands before, inside and after the group of a value, for rows like this one."""
    is_text = value[0] == '"'
    if role is None:
        return "", _SCALAR, ""
    if role == "score":
        return None if is_text or value in ("true", "false", "null") else ("", _NUMBER, "")
    if role in ("input", "output"):
        return ('"', _ESCAPED, '"') if is_text else None
    if is_text:
        return '"', _PLAIN, '"'
    return ("", _INTEGER, "") if re.fullmatch(_INTEGER, value) else None


def _unescaped(texts: Sequence[str]) -> list[str]:
    """What the insides of JSON strings mean."""
    meant: list[str] = json.loads('["' + '","'.join(texts) + '"]')
    return meant
