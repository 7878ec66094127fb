"""The end of a job without a report: why there is no verdict, or that there was nothing to judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from remyx_action.errors import Problem, Severity
from remyx_action.project.files.pointer import json_path

from . import escape
from .problems import counted
from .provenance_words import short_commit
from .words import NO_VERDICT, NOT_JUDGED, NoVerdictKind

if TYPE_CHECKING:
    from .bar_diff import ShownChange

MESSAGE_LIMIT = 2_000
"""Characters of a message and of its help."""
LINE_LIMIT = 300
HEADLINE_LIMIT = 120
"""Characters of a message that can stand in the first line."""
GREEN = ("nothing", "first")
PROBLEMS_SHOWN = 100
ROOM = 400
"""Bytes in addition to its message, its help and its problems."""


class NoVerdict(Struct, frozen=True, kw_only=True):
    """A job's end without a report."""

    kind: NoVerdictKind
    message: str = ""
    """What happened: lower case, no full stop; with a code before a colon where there is one."""
    help: str = ""
    """What to do next."""
    problems: Sequence[Problem] = ()
    """Of `files_wrong`; warnings are left out."""
    commit: str | None = None
    """The pull request's head."""
    policy: str | None = None
    changes: Sequence[ShownChange] = ()
    """What the pull request does to the bar, where nothing was evaluated."""
    harness: Sequence[str] = ()
    """Files that measure and that the pull request changes, where nothing was evaluated."""

    @property
    def headline(self) -> str:
        """Symbol, word and reason in one line of Markdown, without `#`."""
        reason = self._reason()
        return " ".join(self.named) + (f": {reason}" if reason else "")

    @property
    def named(self) -> tuple[str, str]:
        """Symbol and word."""
        return NO_VERDICT[self.kind]

    @property
    def body(self) -> str:
        """The message, where the first line does not hold it."""
        if self.kind in GREEN or self._is_short():
            return ""
        code = self._code()
        return self.message.removeprefix(f"{code}: ") if code in NOT_JUDGED else self.message

    @property
    def errors(self) -> list[Problem]:
        return [one for one in self.problems if one.severity is Severity.ERROR]

    def _reason(self) -> str:
        if self.kind == "files_wrong":
            return f"{counted(self.errors)} in files under .remyx/"
        if self.kind == "internal_error":
            return "internal error"
        if self.kind in GREEN or self._is_short():
            return escape.prose(self.message, limit=LINE_LIMIT) if self.message else ""
        return NOT_JUDGED.get(self._code(), "see why below")

    def _is_short(self) -> bool:
        """Whether the message is a reason by itself."""
        plain = self.kind == "not_judged" and self._code() not in NOT_JUDGED
        return plain and len(self.message) <= HEADLINE_LIMIT

    def _code(self) -> str:
        return self.message.partition(":")[0]

    def step(self, *, limit: int) -> str:
        """Return what to do next as Markdown; "" where there is nothing to do."""
        if not self.help and self.errors:
            places = len(self.errors)
            return f"Correct {'this place' if places == 1 else f'these {places:,} places'} and push."
        return escape.message(_sentence(self.help), limit=limit) if self.help else ""

    def as_markdown(
        self, *, limit: int, marker: str = "", heading: str = "###", shows_next: bool = True
    ) -> str:
        """Return Markdown of at most `limit` bytes (from some 2,000 on): the first line is as a report's."""
        parts = [f"{heading} {self.headline}"]
        text_limit = min(MESSAGE_LIMIT, max(80, (limit - ROOM) // 8))
        if self.body:
            parts.append(escape.message(_sentence(self.body), limit=text_limit))
        step = self.step(limit=text_limit)
        if shows_next and step:
            parts.append(f"**Next:** {step}")
        if self.errors:
            parts.append(_listed(self.errors, limit=limit - len("\n\n".join(parts).encode()) - ROOM))
        if self.changes:
            from .bar_diff import changes_as_markdown  # the diff's weight is for pull requests alone

            parts.append(changes_as_markdown(self.changes, shown=limit // 1_000, limit=LINE_LIMIT).rstrip())
        if self.harness:
            parts.append(_files(self.harness, limit=limit // 8))
        about = [f"policy {escape.code(self.policy, limit=80)}"] if self.policy else []
        about += [escape.code(short_commit(self.commit))] if self.commit else []
        if about:
            parts.append(f"<sub>{', '.join(about)}</sub>")
        return "\n\n".join([*parts, *([marker] if marker else [])]) + "\n"


def _sentence(words: str) -> str:
    """With a capital, unless it begins with a name."""
    first = words.partition(" ")[0]
    return words[:1].upper() + words[1:] if first.isalpha() else words


def _listed(errors: Sequence[Problem], *, limit: int) -> str:
    """As many problems as fit into `limit` bytes, and how many more there are."""
    lines: list[str] = []
    for one in errors[:PROBLEMS_SHOWN]:
        line = _line(one)
        limit -= len(line.encode()) + 1
        if limit < 0:
            break
        lines.append(line)
    if len(lines) < len(errors):
        lines.append(f"- and {len(errors) - len(lines)} more: `remyx-action check` lists them all")
    return "\n".join(lines)


def _files(paths: Sequence[str], *, limit: int) -> str:
    """As many paths as fit into `limit` bytes, and how many more there are."""
    lines = ["**This pull request changes files that measure; nothing was measured with them:**", ""]
    for count, path in enumerate(paths):
        line = f"- {escape.code(path, limit=LINE_LIMIT)}"
        limit -= len(line.encode()) + 1
        if limit < 0:
            lines.append(f"- and {len(paths) - count} more")
            break
        lines.append(line)
    return "\n".join(lines)


def _line(one: Problem) -> str:
    place = escape.code(f"{one.path}:{one.line}:{one.column}", limit=LINE_LIMIT)
    pointer = escape.code(json_path(one.pointer), limit=LINE_LIMIT)
    message, advice = (escape.message(text, limit=LINE_LIMIT) for text in (one.message, one.help))
    return f"- {place} {pointer}: {message}<br>help: {advice}"
