"""CODEOWNERS as GitHub reads it: whose approval a path needs, and where a line takes that away.

Rules as GitHub documents them: the last match wins; patterns are those of .gitignore without negation and
character ranges; `docs/*` is about files directly in docs; a line without owners leaves its files without
one; a line that is wrong is skipped; a file above 3 MB is not read. Matching is linear in the pattern times
the path, for a file of a pull request may be hostile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from .ownership_patterns import Pattern, WrongPatternError, pattern_of

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Below the repository's root; GitHub reads the first that is there."""
CAP_BYTES = 3_000_000
BEGIN = "# remyx-action: begin {place} (written by `remyx-action lock`; the last match wins, so keep it last)"
END = "# remyx-action: end {place}"

_OWNER = re.compile(
    r"@[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:/[A-Za-z0-9._-]+)?|[^@\s]+@[^@\s]+\.[^@\s]+"
)
_WORD = re.compile(r"(?:\\.|[^\s\\])+|\\$")


class OwnersRule(Struct, frozen=True, kw_only=True):
    line: int
    """1-based."""
    pattern: Pattern
    owners: tuple[str, ...]
    """Empty: who matches here has no owner."""


class OwnersProblem(Struct, frozen=True, kw_only=True):
    """A line that GitHub skips; 0: the whole file."""

    line: int
    message: str


class Ownership(Struct, frozen=True, kw_only=True):
    """Who owns everything at one protected path."""

    owners: tuple[str, ...]
    """Empty: nobody does, or not all of it."""
    line: int | None
    """The line that decides so; None: no line matches."""


class Codeowners(Struct, frozen=True, kw_only=True):
    rules: tuple[OwnersRule, ...]
    problems: tuple[OwnersProblem, ...]

    def owners_of(self, path: str) -> tuple[str, ...]:
        """The owners of one file, by its path below the repository's root; empty: none."""
        return next((rule.owners for rule in reversed(self.rules) if rule.pattern.matches(path)), ())

    def ownership(self, protected: str) -> Ownership:
        """Who owns a protected path, `/file`, `/folder/` or a glob, with every file it may ever hold."""
        wanted = pattern_of(protected)
        for rule in reversed(self.rules):
            if rule.pattern.covers(wanted):
                return Ownership(owners=rule.owners, line=rule.line)
            if not rule.owners and rule.pattern.may_touch(wanted):
                return Ownership(owners=(), line=rule.line)
        return Ownership(owners=(), line=None)


def read_codeowners(content: bytes | str) -> Codeowners:
    """Every rule in order, and the lines that GitHub skips."""
    data = content.encode() if isinstance(content, str) else content
    if len(data) > CAP_BYTES:
        return Codeowners(rules=(), problems=(OwnersProblem(line=0, message="is larger than 3 MB"),))
    rules, problems = [], []
    for number, line in enumerate(data.decode("utf-8-sig", "replace").split("\n"), start=1):
        words = list(_words(line))
        if not words:
            continue
        wrong = [owner for owner in words[1:] if not _OWNER.fullmatch(owner)]
        try:
            pattern = pattern_of(words[0])
        except WrongPatternError as error:
            problems.append(OwnersProblem(line=number, message=str(error)))
            continue
        if wrong:
            problems.append(OwnersProblem(line=number, message=f"{wrong[0]!r} is no owner"))
            continue
        rules.append(OwnersRule(line=number, pattern=pattern, owners=tuple(words[1:])))
    return Codeowners(rules=tuple(rules), problems=tuple(problems))


def is_owner(word: str) -> bool:
    """Whether GitHub can read the word as an owner: @user, @org/team or an address."""
    return _OWNER.fullmatch(word) is not None


def with_block(text: str, paths: Iterable[str], owners: Sequence[str], *, root: str = "") -> str:
    """The file with our lines at its end, where the last match wins; written again, it stays the same.

    Each project of a repository has lines of its own; `root` is its folder, "" or ending in `/`.
    """
    rows = list(paths)
    width = max(map(len, rows), default=0)
    lines = [f"{path:<{width}} {' '.join(owners)}" for path in rows]
    kept = without_block(text, root=root).rstrip("\n")
    begin, end = _marks(root)
    return "\n".join([*([kept, ""] if kept.strip() else []), begin, *lines, end, ""])


def without_block(text: str, *, root: str = "") -> str:
    """The file without the lines that `with_block` added for this project."""
    begin, end = _marks(root)
    kept, inside = [], False
    for line in text.split("\n"):
        inside = inside or line.rstrip("\r") == begin
        if not inside:
            kept.append(line)
        inside = inside and line.rstrip("\r") != end
    return "\n".join(kept)


def _marks(root: str) -> tuple[str, str]:
    place = f"/{root}"
    return BEGIN.format(place=place), END.format(place=place)


def _words(line: str) -> Iterator[str]:
    """Pattern and owners, up to a comment."""
    for found in _WORD.finditer(line):
        if found[0].startswith("#"):
            return
        yield found[0]
