"""Text from outside → text that can only be read: nothing in it links, mentions, draws or escapes.

Prose stays prose where it is harmless; whatever a Markdown reader or the filters of GitHub and GitLab
could act on (`@name`, `#1`, `!1`, `/close`, `www.`, `<tag>`, `|`, a commit id) is shown as inline code,
where all of them stop (https://github.github.com/gfm/#code-spans). What cannot be seen is spelled out as
`\\u202e`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import itemgetter

from msgspec import Struct


class Prose(Struct, frozen=True):
    """Prose from outside: a label, a message."""

    text: str


class Code(Struct, frozen=True):
    """What people type or copy: a condition, an id, a digest."""

    text: str


Phrase = tuple[str | Prose | Code, ...]
"""Plain strings are ours and pass as they are."""


def spell(phrase: Phrase, *, prose: Callable[[str], str], code: Callable[[str], str]) -> str:
    """Return the phrase, with what came from outside made inert by the two functions."""
    spelled = {Prose: prose, Code: code}
    return "".join(part if isinstance(part, str) else spelled[type(part)](part.text) for part in phrase)


def joined(phrases: Iterable[Phrase], separator: str) -> Phrase:
    """Return the phrases one after the other."""
    parts: list[str | Prose | Code] = []
    for place, phrase in enumerate(phrases):
        parts.extend((*((separator,) if place else ()), *phrase))
    return tuple(parts)


def with_names(message: str) -> Phrase:
    """Return a message of ours: text between backticks is code, the rest is prose."""
    parts = message.split("`")
    if len(parts) % 2 == 0:
        return (Prose(message),)
    spelled: list[str | Prose | Code] = []
    for place, part in enumerate(parts):
        if place % 2:
            spelled.append(Code(part))
        elif part:
            # Prose loses the spaces at its ends.
            words = Prose(part.strip())
            spelled += [
                " " * part.startswith(" "),
                *([words] if words.text else []),
                " " * part.endswith(" "),
            ]
    return tuple(spelled)


TEXT_LIMIT = 300
"""Characters of one piece of text that are shown, unless the caller says otherwise."""

EMPTY = "(empty)"
CUT = "…"

HIDDEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Characters that count as letters, marks or symbols and yet draw nothing."""
SELECTORS = frozenset("\ufe0e\ufe0f")
"""Text and emoji style: dropped, as they only colour the symbol before them."""
MARKS_IN_A_ROW = 4
"""Combining marks on one letter; more would be drawn over the neighbouring lines."""

SAFE_PUNCTUATION = frozenset(".,;:!?'\"()%+-=/")
"""ASCII punctuation that has no meaning within a line of prose."""
RISKY = (
    re.compile(r"www\.|://", re.IGNORECASE),  # GFM links these without brackets
    re.compile(r"(?<![^\W_])gh-\d", re.IGNORECASE),  # an issue
    re.compile(r"(?<![^\W_])[0-9a-f]{7,40}(?![^\W_])", re.IGNORECASE),  # a commit
    re.compile(r"(?<![^\W_])[!%][^\W_]"),  # a merge request or a milestone of GitLab's
    re.compile(r":[^\s:]"),  # an emoji's short name, should our own colon follow
)
MOST_BACKTICKS = 40
"""In a row; cmark opens no code span with more than 80."""
LONG_RUN = re.compile(f"`{{{MOST_BACKTICKS + 1},}}")
LINE_START = re.compile(r"[-+=]+|\d{1,9}[.)]|/.*")
"""What opens a list, underlines a heading or gives GitLab a command where it stands first in a line."""


def clean(value: str) -> str:
    """`value` with every control, format, hidden or unassigned character spelled out; lines stay lines."""
    marks = 0
    shown: list[str] = []
    for character in value.replace("\r\n", "\n").replace("\r", "\n"):
        if character in "\n\t " or (character.isascii() and character.isprintable()):
            marks = 0
            shown.append(character)
            continue
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        if character in SELECTORS:
            continue
        if category == "Zs":
            shown.append(" ")
        elif category[0] in "CZ" or character in HIDDEN_LETTERS or _is_selector(character):
            shown.append(_spelled(character))
        elif marks <= MARKS_IN_A_ROW:
            shown.append(character)
    # A hidden marker of ours inside somebody's text would make a search find the wrong comment.
    return "".join(shown).replace("<!--", "<! --")


def _is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0d" or "\U000e0100" <= character <= "\U000e01ef"


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def one_line(value: str, *, limit: int = TEXT_LIMIT) -> str:
    """`value` cleaned, in one line, cut to `limit` characters."""
    # A value may be megabytes long; nothing beyond this can be shown.
    line = " ".join(clean(value[: 8 * limit + 8]).split())
    line = LONG_RUN.sub("`" * MOST_BACKTICKS + CUT, line)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + CUT


def prose(value: str, *, limit: int = TEXT_LIMIT) -> str:
    """Markdown prose for a paragraph or a list item."""
    line = one_line(value, limit=limit)
    return _prose(line, code_span) if line else EMPTY


def message(value: str, *, limit: int = TEXT_LIMIT) -> str:
    """Markdown prose of a message of ours: names between backticks, and one that may be meant, are code."""
    line = MEANT.sub(r"did you mean `\1`?", one_line(value, limit=limit))
    return _prose(line, _named_span) if line else EMPTY


def cell(value: str, *, limit: int = TEXT_LIMIT) -> str:
    """Markdown prose for a table's cell."""
    line = one_line(value, limit=limit)
    return _prose(line, _cell_span) if line else EMPTY


def code(value: str, *, limit: int = TEXT_LIMIT) -> str:
    """Inline code for a paragraph or a list item."""
    line = one_line(value, limit=limit)
    return code_span(line) if line else EMPTY


def cell_code(value: str, *, limit: int = TEXT_LIMIT) -> str:
    """Inline code for a table's cell."""
    line = one_line(value, limit=limit)
    return _cell_span(line) if line else EMPTY


def block(value: str, *, language: str = "text", lines: int = 20, limit: int = 4_000) -> str:
    """A fenced block with the last `lines` lines, at most `limit` characters, of `value`."""
    body = "\n".join(_tail(value[-8 * limit :], lines))
    body = body if len(body) <= limit else CUT + body[1 - limit :]
    fence = "`" * max(3, 1 + _longest_run(body))
    return f"{fence}{language}\n{body or EMPTY}\n{fence}"


def terminal(value: str, *, limit: int = TEXT_LIMIT) -> str:
    """Plain characters for a terminal: no escape sequence survives, no markup is added."""
    return one_line(value, limit=limit) or EMPTY


def terminal_lines(value: str, *, lines: int = 20, limit: int = 4_000) -> list[str]:
    """The last `lines` lines of `value` for a terminal."""
    return _tail(value[-limit:], lines)


def _tail(value: str, lines: int) -> list[str]:
    """The last lines; where there were more, a line above them has the number."""
    every = [line.rstrip() for line in clean(value).expandtabs(4).strip("\n").split("\n")]
    left_out = len(every) - lines
    return [f"{CUT} ({left_out:,} earlier lines)", *every[-lines:]] if left_out > 0 else every


def plain(phrase: Phrase) -> str:
    """Return the phrase as plain characters in one line."""
    return spell(phrase, prose=terminal, code=terminal)


def code_span(line: str) -> str:
    """`line` between enough backticks; padded where a backtick or a dollar would touch the fence."""
    fence = "`" * (1 + _longest_run(line))
    edge = line[0] in "`$ " or line[-1] in "`$ "
    return f"{fence} {line} {fence}" if edge else f"{fence}{line}{fence}"


def _named_span(run: str) -> str:
    """As code; text that is in backticks already loses them."""
    named = IN_BACKTICKS.fullmatch(run)
    return code_span(named[1]) + named[2] if named else code_span(run)


def _cell_span(line: str) -> str:
    return code_span(line).replace("|", "\\|")


def _longest_run(line: str) -> int:
    return max(map(len, re.findall(r"`+", line)), default=0)


def _prose(line: str, span: Callable[[str], str]) -> str:
    """Runs of harmless words as they are, runs of risky words as code."""
    words = line.split(" ")
    risky = [_is_risky(word, first=place == 0) for place, word in enumerate(words)]
    runs = groupby(zip(risky, words, strict=True), key=itemgetter(0))
    joined = [(is_risky, " ".join(word for _, word in run)) for is_risky, run in runs]
    return " ".join(span(run) if is_risky else run for is_risky, run in joined)


IN_BACKTICKS = re.compile(r"`([^`]*[^`\s][^`]*)`([.,:;?]?)")
"""`name`, and what follows it in the same word."""
MEANT = re.compile(r"did you mean ([^\s`]+)\?$")
AT_A_NUMBER = re.compile(r"[A-Za-z]+@\d{1,4}[.,:;]?")
"""`recall@5` mentions nobody: a letter is before the sign, and no name behind it."""


def _is_risky(word: str, *, first: bool) -> bool:
    if AT_A_NUMBER.fullmatch(word):
        return False
    if first and LINE_START.fullmatch(word):
        return True
    if any(not (mark.isalnum() or mark in SAFE_PUNCTUATION) for mark in word if mark.isascii()):
        return True
    return any(pattern.search(word) for pattern in RISKY)
