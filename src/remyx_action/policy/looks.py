"""Looks at a pull request: what a measurement is known by, and which number it has among them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from remyx_action.evidence.evidence import Inputs, MetricEvidence, SummaryState
from remyx_action.evidence.sums import ArmSums, PairedSums
from remyx_action.project.models.field_types import Spec

LookId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}(?![\s\S])")]
FAILED = frozenset({"failed", "timed_out"})


class Look(Spec):
    """One measurement of a pull request, as it was judged under a policy."""

    id: LookId
    """A digest of what was measured, by what, and of the sums that came out."""
    verdict: Literal["ship", "reject", "iterate"] | None = None
    """Null where nothing but the id is known."""
    delta: Annotated[str, Field(pattern=r"^[-+0-9.]{0,40}(?![\s\S])")] | None = None
    """The change of the first metric, such as `-0.02`; null where it is not known."""


def identity_of(inputs: Inputs, content: str, *, scored: str | None = None) -> str | None:
    """Return what this measurement is known by; None where nothing of the variant was scored.

    `content`: a digest of what was measured and of what measured it, without commits. Bar and policy do not
    count: the same numbers judged anew are the same look. `scored`: a digest of the scores of a variant that
    failed afterwards; one that fails by itself wherever its scores are poor would else try for nothing.
    """
    evidence = inputs.metrics
    if inputs.arms["baseline"] in FAILED:
        return None
    if not any(map(_has_variant, evidence.values())):
        return None if scored is None else _digest([content, scored])
    return _digest([content, {key: _sums_of(evidence[key]) for key in sorted(evidence)}])


def _digest(known: Sequence[object]) -> str:
    return sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


def number_of(identity: str, known: Sequence[str]) -> int:
    """Return which look this is, from 1; `known`: the ids before it, oldest first.

    A measurement that is published again keeps its number: its verdict follows from the same sums.
    """
    others = [one for one in dict.fromkeys(known) if one != identity]
    return known.index(identity) + 1 if identity in known else len(others) + 1


def _has_variant(evidence: MetricEvidence) -> bool:
    return evidence.paired is not None or isinstance(evidence.variant, ArmSums | SummaryState)


def _sums_of(evidence: MetricEvidence) -> Mapping[str, object]:
    """The sums as they are by value, so that no scale, range or claim of the bar counts."""
    facts = {arm: [facts.ids, facts.missing] for arm, facts in sorted(evidence.facts.items())}
    if evidence.paired is not None:
        paired = evidence.paired
        once = (paired.variant, paired.baseline)
        squared = (paired.variant_squares, paired.products, paired.baseline_squares)
        return {"paired": _rows(paired, once, squared), "facts": facts}
    states = {"baseline": evidence.baseline, "variant": evidence.variant}
    return {"facts": facts} | {
        arm: _rows(state, [state.scores], [state.squares])
        if isinstance(state, ArmSums)
        else json.loads(state.model_dump_json(exclude={"message"}))
        for arm, state in states.items()
        if state is not None
    }


def _rows(
    sums: ArmSums | PairedSums, once: Sequence[Sequence[str]], squared: Sequence[Sequence[str]]
) -> list[object]:
    """Return n, the sums and the sums of squares of each cluster with scored ids, and how many have them.

    With as few decimals as they need: the bar's range may bring more.
    """
    singles, squares = ([list(map(int, column)) for column in columns] for columns in (once, squared))
    tenths = 0
    while tenths < sums.decimals and _are_whole(singles, 10) and _are_whole(squares, 100):
        singles = [[number // 10 for number in column] for column in singles]
        squares = [[number // 100 for number in column] for column in squares]
        tenths += 1
    counted: Counter[tuple[int, ...]] = Counter()
    for count, n, *row in zip(sums.counts, sums.n, *singles, *squares, strict=True):
        if n:
            counted[n, *row] += count
    rows = [[str(count), *map(str, row)] for row, count in sorted(counted.items())]
    return [sums.decimals - tenths, sums.parts, *rows]


def _are_whole(columns: Sequence[Sequence[int]], step: int) -> bool:
    return all(number % step == 0 for column in columns for number in column)
