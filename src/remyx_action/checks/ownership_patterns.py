"""One pattern of CODEOWNERS: which files it matches, and whether it covers or touches another one's."""

from __future__ import annotations

from collections.abc import Iterable
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
