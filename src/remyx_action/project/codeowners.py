"""CODEOWNERS as GitHub reads it: whose approval a path needs, and where a line takes that away.

Rules as GitHub documents them: the last match wins; patterns are those of .gitignore without negation and
character ranges; `docs/*` is about files directly in docs; a line without owners leaves its files without
one; a line that is wrong is skipped; a file above 3 MB is not read. Matching is linear in the pattern times
the path, for a file of a pull request may be hostile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

STAR, ANY, DEEP = "*", "?", ("**",)
Segment = tuple[str, ...]
"""One part between slashes: STAR, ANY and single characters, escaped ones as `\\` and the character."""


class WrongPatternError(ValueError):
    """GitHub skips a line with this pattern; the message says why."""


class Pattern(Struct, frozen=True, kw_only=True):
    text: str
    """As written."""
    segments: tuple[Segment, ...]
    about: Literal["either", "folder", "direct", "nothing"]
    """A file or all of a folder; all of a folder; files directly in a folder; nothing at all."""

    def matches(self, path: str) -> bool:
        """Whether the file at `path`, below the repository's root, is meant."""
        names = path.split("/")
        return self._covers_folder(names[:-1]) or (
            self.about in {"either", "direct"} and len(self.segments) in self._after(names)
        )

    def covers(self, other: Pattern) -> bool:
        """Whether every file that `other` may ever match is matched."""
        if self.text == other.text:
            return True
        fixed = other.fixed_names()
        if other.about == "either" and len(fixed) == len(other.segments) and _is_file(fixed[-1]):
            return self.matches("/".join(fixed))
        return self._covers_folder(fixed)

    def may_touch(self, other: Pattern) -> bool:
        """Whether some file may be matched by both; True where it is not known."""
        fixed = other.fixed_names()
        if other.about == "either" and len(fixed) == len(other.segments) and _is_file(fixed[-1]):
            return self.matches("/".join(fixed))
        return self._covers_folder(fixed) or bool(self._after(fixed))

    def fixed_names(self) -> list[str]:
        """The leading names without a wildcard."""
        names: list[str] = []
        for segment in self.segments:
            if segment == DEEP or STAR in segment or ANY in segment:
                break
            names.append("".join(token[-1] for token in segment))
        return names

    def _covers_folder(self, names: list[str]) -> bool:
        """Whether the folder or one above it is matched, with all that it holds."""
        if self.about in {"direct", "nothing"}:
            return False
        end = len(self.segments)
        return any(end in self._after(names[:depth]) for depth in range(len(names) + 1))

    def _after(self, names: Iterable[str]) -> frozenset[int]:
        """Numbers of segments that may stand next once `names` are consumed; empty: no match below."""
        if self.about == "nothing":
            return frozenset()
        states = self._skipping({0})
        for name in names:
            reached = set()
            for state in states - {len(self.segments)}:
                if self.segments[state] == DEEP:
                    reached.add(state)
                elif _is_match(self.segments[state], name):
                    reached.add(state + 1)
            states = self._skipping(reached)
        return frozenset(states)

    def _skipping(self, states: set[int]) -> set[int]:
        """`**` may stand for no folder at all."""
        for state in range(len(self.segments)):
            if state in states and self.segments[state] == DEEP:
                states.add(state + 1)
        return states


def pattern_of(text: str) -> Pattern:
    """Read one pattern; WrongPatternError where GitHub skips it."""
    if text.startswith("!"):
        raise WrongPatternError("`!` does not negate in CODEOWNERS")
    if text.startswith("\\#"):
        raise WrongPatternError("a pattern cannot start with an escaped `#`")
    if "[" in text or "]" in text:
        raise WrongPatternError("`[ ]` is no range in CODEOWNERS")
    parts = text.split("/")
    anchored = "/" in text.rstrip("/")
    words = [part for part in parts if part]
    segments = [DEEP if word == "**" else _tokens(word) for word in words]
    if not segments:
        return Pattern(text=text, segments=(), about="nothing")
    about: Literal["either", "folder", "direct"] = "folder" if text.endswith("/") else "either"
    if about == "either" and segments[-1] == (STAR,) and anchored:
        about = "direct"
    if segments[-1] == DEEP and about == "folder":
        segments.append((STAR,))  # `**/` is every folder, `**` is everything
    while segments and segments[-1] == DEEP:
        segments.pop()
        about = "folder"
    if not anchored:
        segments.insert(0, DEEP)
    return Pattern(text=text, segments=tuple(segments), about=about)


def escaped(path: str) -> str:
    """A path as a pattern that means it alone; WrongPatternError where none can."""
    if "[" in path or "]" in path:
        raise WrongPatternError("a path with [ or ] cannot be written in CODEOWNERS")
    return "".join(f"\\{sign}" if sign in " \t\\*?" else sign for sign in path)


def _is_file(name: str) -> bool:
    """Whether a name is a file's; any other may be a folder's, all of which is then meant."""
    return "." in name or name in {"CODEOWNERS", "Dockerfile", "Makefile"}


def _tokens(word: str) -> Segment:
    tokens: list[str] = []
    signs = iter(word)
    for sign in signs:
        if sign == "\\":
            tokens.append("\\" + next(signs, "\\"))
        elif sign != STAR or tokens[-1:] != [STAR]:
            tokens.append(sign)
    return tuple(tokens)


def _is_match(segment: Segment, name: str) -> bool:
    """Wildcards against one name: on a mismatch only the last `*` takes one more, so no blow-up."""
    at = place = 0
    star, mark = -1, 0
    while at < len(name):
        token = segment[place] if place < len(segment) else ""
        if token == STAR:
            star, mark, place = place, at, place + 1
        elif token and (token == ANY or token[-1] == name[at]):
            place, at = place + 1, at + 1
        elif star >= 0:
            mark += 1
            place, at = star + 1, mark
        else:
            return False
    return all(token == STAR for token in segment[place:])


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
