"""CODEOWNERS as GitHub reads it: whose approval a path needs, and the block that `lock` writes in it.

Rules as GitHub documents them: the last match wins; a line without owners leaves its files without one; a
line that is wrong is skipped; a file above 3 MB is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from remyx_action.project.files.json_text import Fault

from .path_patterns import Pattern, WrongPatternError, deciding, pattern_of

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Below the repository's root; GitHub reads the first that exists."""
CAP_BYTES = 3_000_000
BEGIN = "# remyx-action: begin {folder}"
HINT = " (written by `remyx-action lock`; the last match wins, so keep it last)"
END = "# remyx-action: end {folder}"

_OWNER = re.compile(
    r"@[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:/[A-Za-z0-9._-]+)?|[^@\s]+@[^@\s]+\.[^@\s]+"
)
_WORD = re.compile(r"(?:\\.|[^\s\\])+|\\$")
_MARK = re.compile(r"# remyx-action: (begin|end) (/.*?)(?: \(.*)?\s*")


class OwnersRule(Struct, frozen=True, kw_only=True):
    """One line that GitHub reads."""

    line: int
    """1-based."""
    pattern: Pattern
    owners: tuple[str, ...]
    """Empty: the files that it matches have no owner."""


class OwnedShare(Struct, frozen=True, kw_only=True):
    """Files of a protected path that one line decides about."""

    owners: tuple[str, ...]
    """Empty: they have none."""
    line: int | None
    """None: no line matches them."""
    example: str
    """One of them, which need not exist yet."""


class Codeowners(Struct, frozen=True, kw_only=True):
    """The rules in the file's order, and its wrong lines."""

    rules: tuple[OwnersRule, ...]
    problems: tuple[Fault, ...]
    """Lines that GitHub skips; line 0: the whole file."""

    def owners_of(self, path: str) -> tuple[str, ...]:
        """Return the owners of one file, by its path below the repository's root; empty: none."""
        return next((rule.owners for rule in reversed(self.rules) if rule.pattern.matches(path)), ())

    def shares_of(self, protected: Pattern) -> tuple[OwnedShare, ...]:
        """Return who owns the files that a protected path means, by the line that decides, later ones first.

        Files that could be added count like those that exist. TooIntricateError where that takes too long.
        """
        decided = deciding(protected, [rule.pattern for rule in self.rules])
        shares = []
        for number, example in decided.items():
            rule = None if number is None else self.rules[number]
            owners, line = (rule.owners, rule.line) if rule else ((), None)
            shares.append(OwnedShare(owners=owners, line=line, example=example))
        return tuple(sorted(shares, key=lambda share: -(share.line or 0)))

    def all_owners(self, protected: Pattern) -> tuple[str, ...]:
        """Return everybody who owns files that a protected path means, each once, sorted."""
        return each_owner_once(sorted(owner for share in self.shares_of(protected) for owner in share.owners))


def _skipped(line: int, message: str) -> Fault:
    return Fault(code="codeowners", line=line, message=message, help="correct the line")


def read_codeowners(content: bytes | str) -> Codeowners:
    """Read every rule in order, and the lines that GitHub skips."""
    data = content.encode() if isinstance(content, str) else content
    if len(data) > CAP_BYTES:
        return Codeowners(rules=(), problems=(_skipped(0, "is larger than 3 MB"),))
    rules, problems = [], []
    for number, line in enumerate(data.decode("utf-8-sig", "replace").split("\n"), start=1):
        words = list(_words(line))
        if not words:
            continue
        wrong = [owner for owner in words[1:] if not is_owner(owner)]
        try:
            pattern = pattern_of(words[0])
        except WrongPatternError as error:
            problems.append(_skipped(number, str(error)))
            continue
        if wrong:
            problems.append(_skipped(number, f"{wrong[0]!r} is no owner"))
            continue
        rules.append(OwnersRule(line=number, pattern=pattern, owners=tuple(words[1:])))
    return Codeowners(rules=tuple(rules), problems=tuple(problems))


def is_owner(word: str) -> bool:
    """Return whether GitHub can read the word as an owner: @user, @org/team or an address."""
    return _OWNER.fullmatch(word) is not None


def each_owner_once(owners: Iterable[str]) -> tuple[str, ...]:
    """Return the owners in order; GitHub tells no letter case apart in any of them."""
    return tuple({owner.lower(): owner for owner in reversed(list(owners))}.values())[::-1]


def are_the_same(some: Iterable[str], others: Iterable[str]) -> bool:
    """Return whether both name the same owners, as GitHub does: whatever their order and letter case."""
    return {owner.lower() for owner in some} == {owner.lower() for owner in others}


def _words(line: str) -> Iterator[str]:
    """Yield pattern and owners, up to a comment."""
    for found in _WORD.finditer(line):
        if found[0].startswith("#"):
            return
        yield found[0]


class BlockError(ValueError):
    """The marks of `lock`'s blocks do not fit together, so that its lines are not clear."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        """1-based."""


def with_block(
    text: str,
    paths: Iterable[str],
    owners: Sequence[str],
    *,
    root: str = "",
    kept: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Return the file with one line for each path in a marked block, where no other line comes later.

    `kept`: the owners of those paths that do not get `owners`.
    Nothing outside the block changes, but for a line break at the end of what comes before a new one. Each
    project of a repository has a block of its own; `root` is its folder, "" or ending in `/`. BlockError
    where the marks are broken.
    """
    before, block, after = split_at_block(text, root=root)
    end = "\r\n" if (before + after or text).partition("\n")[0].endswith("\r") else "\n"
    if not block or any(not _is_idle(line) for line in _outside_blocks(after)):
        before, after = before + after, ""
        before += "" if before.endswith("\n") or not before else end
        before += "" if re.search(r"\n\r?\n\Z", before) or not before.strip() else end
    rows = list(paths)
    width = max(map(len, rows), default=0)
    lines = [f"{path:<{width}} {' '.join((kept or {}).get(path, owners))}" for path in rows]
    folder = f"/{root}"
    marked = [BEGIN.format(folder=folder) + HINT, *lines, END.format(folder=folder), ""]
    return before + end.join(marked) + after


def split_at_block(text: str, *, root: str = "") -> tuple[str, str, str]:
    """Return the text before this project's block, the block with its marks, and the text after it.

    Without a block all of it comes before. BlockError where the marks are broken.
    """
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    begins: list[int] = []
    ends: list[int] = []
    for number, line in enumerate(lines):
        mark = _MARK.fullmatch(line.lstrip("\ufeff"))
        if mark and mark[2] == f"/{root}":
            (begins if mark[1] == "begin" else ends).append(number)
    if not begins and not ends:
        return text, "", ""
    if len(begins) > 1:
        raise BlockError(begins[1] + 1, f"the block of /{root} begins twice: line {begins[0] + 1} and here")
    if not begins or (ends and ends[0] < begins[0]):
        raise BlockError(ends[0] + 1, f"the block of /{root} ends here, and no line begins it")
    inner = [
        number for number in range(begins[0] + 1, (ends or [len(lines)])[0]) if _MARK.fullmatch(lines[number])
    ]
    if not ends or inner:
        raise BlockError(begins[0] + 1, f"the block of /{root} begins here and has no end")
    if len(ends) > 1:
        raise BlockError(ends[1] + 1, f"the block of /{root} ends twice: line {ends[0] + 1} and here")
    start, stop = begins[0], ends[0] + 1
    return "".join(lines[:start]), "".join(lines[start:stop]), "".join(lines[stop:])


def owners_in_block(text: str, *, root: str = "") -> Mapping[str, tuple[str, ...]]:
    """Return the owners of each path that this project's block names, as they are written there."""
    rows = [list(_words(line)) for line in split_at_block(text, root=root)[1].splitlines()]
    return {row[0]: tuple(row[1:]) for row in rows if len(row) > 1}


def _outside_blocks(text: str) -> Iterator[str]:
    """Yield the lines that lie in no block of another project."""
    inside = ""
    for line in text.split("\n"):
        mark = _MARK.fullmatch(line)
        if mark and mark[1] == "begin" and not inside:
            inside = mark[2]
        elif mark and mark[1] == "end" and mark[2] == inside:
            inside = ""
        elif not inside:
            yield line
    if inside:
        yield inside  # a block without an end may hold anybody's lines


def _is_idle(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")
