"""Which child of a rule became which; a wrong guess costs precision, never soundness."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from .normal import Atom, Gate, Part, atoms_of


class Pairing(Struct, frozen=True, kw_only=True):
    pairs: tuple[tuple[Part, Part], ...]
    """Before and after, in the order of after."""
    removed: tuple[Part, ...]
    added: tuple[Part, ...]


def pair_up(before: Sequence[Part], after: Sequence[Part]) -> Pairing:
    """Pair what is the same, then what is about the same, each in the file's order."""
    left, right = dict(enumerate(before)), dict(enumerate(after))
    pairs: list[tuple[int, int]] = []
    for key in (_identity, _subject, _metrics_of_gate):
        _pair_equal(left, right, pairs, key)
    _pair_overlapping(left, right, pairs, together=lambda one, other: _overlap(one, other, same_kind=True))
    _pair_overlapping(left, right, pairs, together=lambda one, other: _overlap(one, other, same_kind=False))
    _pair_equal(left, right, pairs, _about)
    return Pairing(
        pairs=tuple((before[one], after[other]) for one, other in sorted(pairs, key=lambda pair: pair[::-1])),
        removed=tuple(left.values()),
        added=tuple(right.values()),
    )


def _pair_equal(
    left: dict[int, Part],
    right: dict[int, Part],
    pairs: list[tuple[int, int]],
    key: Callable[[Part], object],
) -> None:
    waiting: dict[object, list[int]] = {}
    for place, part in right.items():
        waiting.setdefault(key(part), []).append(place)
    waiting.pop(None, None)
    for place, part in list(left.items()):
        found = waiting.get(key(part))
        if found:
            _join(left, right, pairs, place, found.pop(0))


def _pair_overlapping(
    left: dict[int, Part],
    right: dict[int, Part],
    pairs: list[tuple[int, int]],
    together: Callable[[Part, Part], int],
) -> None:
    for place, part in list(left.items()):
        best = max(right, key=lambda other: together(part, right[other]), default=None)
        if best is not None and together(part, right[best]) > 0:
            _join(left, right, pairs, place, best)


def _join(
    left: dict[int, Part], right: dict[int, Part], pairs: list[tuple[int, int]], one: int, other: int
) -> None:
    pairs.append((one, other))
    del left[one], right[other]


def _identity(part: Part) -> object:
    return part.identity


def _subject(part: Part) -> object:
    return part.subject if isinstance(part, Atom) else None


def _about(part: Part) -> object:
    return (part.about, part.is_field) if isinstance(part, Atom) else None


def _metrics_of_gate(part: Part) -> object:
    return frozenset(atom.subject for atom in atoms_of(part)) if isinstance(part, Gate) else None


def _overlap(one: Part, other: Part, *, same_kind: bool) -> int:
    """How many subjects two parts share; between two conditions none, those are paired otherwise."""
    if isinstance(one, Atom) and isinstance(other, Atom):
        return 0
    if (isinstance(one, Gate) and isinstance(other, Gate)) != same_kind:
        return 0
    subjects = [{atom.subject for atom in atoms_of(part)} for part in (one, other)]
    return len(subjects[0] & subjects[1])
