"""Patterns of paths as CODEOWNERS writes them: which files one means, and which of several decides a path.

They are the patterns of .gitignore without negation and character ranges, with `docs/*` for files directly in
docs. Matching one path is linear in the pattern times the path. Comparing patterns walks their automata
together, character by character, within a bound: a file of a pull request may be hostile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

STAR, ANY, DEEP = "*", "?", ("**",)
Segment = tuple[str, ...]
"""One part between slashes: STAR, ANY and single characters, escaped ones as `\\` and the character."""
About = Literal["either", "folder", "direct", "nothing"]
MOST_STEPS = 200_000
"""Of one comparison: about a second; an ordinary one takes some hundred."""


class WrongPatternError(ValueError):
    """GitHub skips a line with this pattern; the message says why."""


class TooIntricateError(ValueError):
    """A comparison of patterns was given up."""


class Pattern(Struct, frozen=True, kw_only=True):
    """A pattern, read."""

    text: str
    """As written."""
    segments: tuple[Segment, ...]
    about: About
    """A file or all of a folder; all of a folder; files of exactly this path; nothing at all."""

    def matches(self, path: str) -> bool:
        """Return whether the file at `path`, below the repository's root, is meant."""
        if self.about == "nothing":
            return False
        end = len(self.segments)
        *folders, name = self._reached(path.split("/"))
        exactly = self.about in {"either", "direct"} and end in name
        below = self.about in {"either", "folder"} and any(end in folder for folder in folders)
        return exactly or below

    def as_file(self) -> Pattern:
        """Return the pattern that means files of exactly this path, and no folder's."""
        return replace(self, about="direct") if self.about == "either" else self

    def as_folder(self) -> Pattern:
        """Return the pattern that means everything below a folder of this path, and no file of that name."""
        return replace(self, about="folder") if self.about == "either" else self

    def _reached(self, names: Iterable[str]) -> Iterator[set[int]]:
        """Yield the numbers of segments that may come next, before the first name and after each."""
        states = self._skipping({0})
        yield states
        for name in names:
            reached = set()
            for state in states - {len(self.segments)}:
                if self.segments[state] == DEEP:
                    reached.add(state)
                elif _is_match(self.segments[state], name):
                    reached.add(state + 1)
            states = self._skipping(reached)
            yield states

    def _skipping(self, states: set[int]) -> set[int]:
        """Add what follows a `**`, which may mean no folder at all."""
        for state, segment in enumerate(self.segments):
            if state in states and segment == DEEP:
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
    anchored = "/" in text.rstrip("/")
    segments = [DEEP if word == "**" else _tokens(word) for word in text.split("/") if word]
    if not segments:
        return Pattern(text=text, segments=(), about="nothing")
    about: About = "folder" if text.endswith("/") else "either"
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
    """Return a path as a pattern that means it alone; WrongPatternError where none can."""
    if "[" in path or "]" in path:
        raise WrongPatternError("a path with [ or ] cannot be written in CODEOWNERS")
    if any(sign in path for sign in "\n\r"):
        raise WrongPatternError("a path with a line break cannot be written in CODEOWNERS")
    return "".join(f"\\{sign}" if sign in " \t\\*?" else sign for sign in path)


def deciding(paths: Pattern, rules: Sequence[Pattern]) -> dict[int | None, str]:
    """Return which rules decide some path that `paths` means, by index, each with such a path.

    The last rule that matches a path decides it; None means that no rule matches the path. Paths that do
    not exist yet count: a path is every text that could be one. TooIntricateError past MOST_STEPS.
    """
    live: list[int] = []
    possible: set[int | None] = {None}
    for index in reversed(range(len(rules))):
        found = _walk(paths, [rules[index]], {0, None})
        if 0 in found:
            live.insert(0, index)
        if None not in found:
            possible.clear()
            break  # it matches all of them, so nothing above it decides
    decided = _walk(paths, [rules[index] for index in live], possible | set(range(len(live))))
    return {None if number is None else live[number]: path for number, path in decided.items()}


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
    """Match wildcards against one name: on a mismatch only the last `*` takes one more, so no blow-up."""
    at = token_at = 0
    star, mark = -1, 0
    while at < len(name):
        token = segment[token_at] if token_at < len(segment) else ""
        if token == STAR:
            star, mark, token_at = token_at, at, token_at + 1
        elif token and (token == ANY or token[-1] == name[at]):
            token_at, at = token_at + 1, at + 1
        elif star >= 0:
            mark += 1
            token_at, at = star + 1, mark
        else:
            return False
    return all(token == STAR for token in segment[token_at:])


Positions = frozenset[tuple[int, int]]
"""Of an automaton within a path: segment and token; token -1 inside a folder that a `**` took."""
NOWHERE: Positions = frozenset()
EVERYTHING: Positions = frozenset({(-1, -1)})
"""Every path that goes on from here is matched."""
OTHERS = [*"xyzabcdefghijklmnopqrstuvw0123456789_-", *map(chr, range(0x4E00, 0x9FFF))]
"""Characters that may stand for all those that no pattern names, the first that it does not name."""


def _enter(pattern: Pattern, segment: int) -> Positions:
    """Return the positions at the start of a name, with `segment` to come next."""
    if segment == len(pattern.segments):
        return EVERYTHING if pattern.about in {"either", "folder"} else NOWHERE
    if pattern.segments[segment] == DEEP:
        after = _enter(pattern, segment + 1)
        return EVERYTHING if after == EVERYTHING else after | {(segment, -1)}
    return _skip_stars(pattern, segment, 0)


def _skip_stars(pattern: Pattern, segment: int, token: int) -> Positions:
    """Return a position within a name and those behind the `*` that it is at: one may mean nothing."""
    tokens = pattern.segments[segment]
    reached = {(segment, token)}
    while token < len(tokens) and tokens[token] == STAR:
        token += 1
        reached.add((segment, token))
    return frozenset(reached)


def _step(pattern: Pattern, positions: Positions, sign: str) -> Positions:
    """Return the positions after one more character of a path."""
    if positions == EVERYTHING:
        return EVERYTHING
    reached: set[tuple[int, int]] = set()
    for segment, token in positions:
        tokens = pattern.segments[segment]
        if sign == "/":
            if token == -1 or token == len(tokens):
                entered = _enter(pattern, segment if token == -1 else segment + 1)
                if entered == EVERYTHING:
                    return EVERYTHING
                reached |= entered
        elif token == -1:
            reached.add((segment, token))
        elif token < len(tokens):
            if tokens[token] == STAR:
                reached |= _skip_stars(pattern, segment, token)
            elif tokens[token] == ANY or tokens[token][-1] == sign:
                reached |= _skip_stars(pattern, segment, token + 1)
    return frozenset(reached)


def _ends(pattern: Pattern, positions: Positions) -> bool:
    """Return whether a path that ends here is matched."""
    if positions == EVERYTHING:
        return True
    last = len(pattern.segments) - 1
    return pattern.about in {"either", "direct"} and (last, len(pattern.segments[-1])) in positions


def _signs(pattern: Pattern, positions: Positions) -> set[str]:
    """Return the characters that this pattern tells from others here."""
    if positions == EVERYTHING:
        return set()
    tokens = [pattern.segments[segment][token : token + 1] for segment, token in positions if token >= 0]
    return {token[0][-1] for token in tokens if token and token[0] not in {STAR, ANY}}


def _walk(paths: Pattern, rules: Sequence[Pattern], possible: set[int | None]) -> dict[int | None, str]:
    """Return which rules decide some path of `paths`, by walking all automata through every kind of path.

    `possible`: the answers that can come; the walk ends once it has found a path for each.
    """
    if paths.about == "nothing":
        return {}
    start = _enter(paths, 0)
    starts = _masked([NOWHERE if one.about == "nothing" else _enter(one, 0) for one in rules])
    queue = deque([(start, starts, "")])
    seen = {(start, starts, True)}
    found: dict[int | None, str] = {}
    steps = 0
    while queue and found.keys() != possible:
        position, live, path = queue.popleft()
        is_name = bool(path) and not path.endswith("/")
        if is_name and _ends(paths, position):
            ending = [number for number, at in live if _ends(rules[number], at)]
            found.setdefault(max(ending, default=None), path)
        signs = _signs(paths, position).union(*(_signs(rules[number], at) for number, at in live)) - {"/"}
        other = next(sign for sign in OTHERS if sign not in signs)
        for sign in [other, *(["/"] if is_name else []), *sorted(signs)]:
            steps += 1 + len(live)
            if steps > MOST_STEPS:
                raise TooIntricateError("its patterns are too intricate to be compared")
            after = _step(paths, position, sign)
            reached = _masked(
                [_step(rules[number], at, sign) for number, at in live], [number for number, _ in live]
            )
            if after and (key := (after, reached, sign == "/")) not in seen:
                seen.add(key)
                queue.append((after, reached, path + sign))
    return found


Live = tuple[tuple[int, Positions], ...]
"""Rules that may still match, by number, each with where its automaton is."""


def _masked(positions: Sequence[Positions], numbers: Sequence[int] | None = None) -> Live:
    """Leave out rules that cannot match any more, and those above one that matches everything."""
    live = [pair for pair in zip(numbers or range(len(positions)), positions, strict=True) if pair[1]]
    last = max((number for number, at in live if at == EVERYTHING), default=0)
    return tuple(pair for pair in live if pair[0] >= last)
