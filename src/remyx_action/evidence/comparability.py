"""Whether the scores of two arms may be compared at all: same data, same judge, same harness."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from remyx_action.readers.scores import ArmScores, Samples, Scores, Summary

HARNESS = "harness_digest"
"""Taken by this program, where one arm was recorded earlier; `harness` is reported by the harness itself."""
SAME = ("dataset_revision", "judge", "harness", HARNESS, "task_config", "questions", "answers")
"""Provenance that has to be equal in both arms; `model_revision` is what the arms differ in."""
EXAMPLES = 3
ALIKE = 2
"""An arm with fewer than one in this many of the other's samples was hardly evaluated on the same."""


class Comparability(Struct, frozen=True, kw_only=True):
    mismatches: tuple[str, ...]
    """Why the arms are not comparable, one sentence per cause; empty where they are."""
    warnings: tuple[str, ...]
    """Names that only one arm reports, so that they cannot be compared, and sizes that are far apart."""


def compare_provenance(baseline: ArmScores, variant: ArmScores) -> Comparability:
    """Compare the provenance that both arms report, and the inputs of their samples."""
    mismatches: list[str] = []
    warnings: list[str] = []
    for name in SAME:
        ours, theirs = baseline.provenance.get(name), variant.provenance.get(name)
        if ours is None and theirs is None:
            continue
        if ours is None or theirs is None:
            warnings.append(f"{name} is reported by the {'variant' if ours is None else 'baseline'} only")
        elif ours != theirs:
            mismatches.append(f"{name}: baseline {_shown(ours)}, variant {_shown(theirs)}")
    for key, scores in baseline.scores.items():
        other = variant.scores.get(key)
        if isinstance(scores, Samples) and isinstance(other, Samples):
            _compare_inputs(key, scores, other, mismatches, warnings)
        warnings += _sizes_unlike(key, scores, other)
    return Comparability(mismatches=tuple(mismatches), warnings=tuple(warnings))


def _sizes_unlike(key: str, baseline: Scores, variant: Scores | None) -> Iterator[str]:
    """Yield a warning for sample sizes that are far apart, and for unequal numbers of repeats."""
    ours, theirs = _n_of(baseline), _n_of(variant)
    if ours is not None and theirs is not None and min(ours, theirs) * ALIKE < max(ours, theirs):
        yield f"{key}: n is {ours:,} in the baseline and {theirs:,} in the variant"
    if isinstance(baseline, Samples) and isinstance(variant, Samples):
        before, after = _repeats_of(baseline), _repeats_of(variant)
        if len({*before, *after}) > 1:
            found = " and ".join(
                f"{_span(repeats)} in the {arm}"
                for arm, repeats in (("baseline", before), ("variant", after))
            )
            yield f"{key}: an id has {found}; an id's score is the mean of its repeats"


def _n_of(scores: Scores | None) -> int | None:
    """Return the number of ids, or the n of a summary, or None."""
    if isinstance(scores, Samples):
        return len(scores.ids) if scores.repeats is None else len(set(scores.ids))
    return scores.n if isinstance(scores, Summary) else None


def _repeats_of(samples: Samples) -> Mapping[int, int]:
    """Return how many ids have each number of repeats."""
    if samples.repeats is None:
        return {1: len(samples.ids)}
    return Counter(Counter(samples.ids).values())


def _span(repeats: Mapping[int, int]) -> str:
    low, high = min(repeats), max(repeats)
    if low == high:
        return f"{low} {'repeat' if low == 1 else 'repeats'}"
    fewer = sum(ids for count, ids in repeats.items() if count < high)
    return f"{low} to {high} repeats ({fewer:,} of {sum(repeats.values()):,} ids have fewer than {high})"


def _compare_inputs(
    key: str, baseline: Samples, variant: Samples, mismatches: list[str], warnings: list[str]
) -> None:
    if baseline.inputs is None and variant.inputs is None:
        return
    if baseline.inputs is None or variant.inputs is None:
        which = "variant" if baseline.inputs is None else "baseline"
        warnings.append(f"inputs of {key} are reported by the {which} only")
        return
    asked, asked_too = _inputs_by_id(baseline), _inputs_by_id(variant)
    both = [id_ for id_ in asked if id_ in asked_too]
    other = sorted(id_ for id_ in both if asked[id_] != asked_too[id_])
    if other:
        examples = ", ".join(map(_shown, other[:EXAMPLES])) + (", …" if len(other) > EXAMPLES else "")
        what = "sample differs" if len(other) == 1 else "samples differs"
        mismatches.append(
            f"{key}: the question text of {len(other):,} {what},"
            f" of {len(both):,} in baseline and variant ({examples})"
        )


def _inputs_by_id(samples: Samples) -> Mapping[str, frozenset[str]]:
    """Return the set of inputs of each id; repeats of an id may differ (in their seed)."""
    assert samples.inputs is not None
    inputs: dict[str, frozenset[str]] = {}
    for id_, asked in zip(samples.ids, samples.inputs, strict=True):
        if asked is not None:
            inputs[id_] = inputs.get(id_, frozenset()) | {asked}
    return inputs


def _shown(text: str) -> str:
    return json.dumps(text if len(text) <= 60 else text[:59] + "…")
