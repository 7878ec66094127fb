"""The runs of one arm, seed by seed and shard by shard, merged into the scores of one arm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import chain, combinations
from typing import TypeVar

from remyx_action.decimals import round_significant
from remyx_action.readers.scores import ArmScores, Empty, Reason, Samples, Scores, Summary, Unusable

from .comparability import SAME
from .pairing import examples_of

Runs = Sequence[tuple[str, ArmScores]]
"""The name of each run, such as `shard 1 of 4` or `seed 7`, and its scores."""
Value = TypeVar("Value")


class NotMergedError(ValueError):
    """Runs that are not parts of one arm; the message says why."""


OF_ALL_SHARDS = (*SAME, "model_revision")
"""Provenance that the shards of one arm must agree in; a seed may train a model of its own."""


def merge_shards(shards: Runs) -> ArmScores:
    """Return the union of the shards' samples.

    Raises NotMergedError where two of them hold one id, or measured another model or other data.
    """
    return _merged(shards, _union, same=OF_ALL_SHARDS)


def merge_seeds(seeds: Sequence[tuple[str, str, ArmScores]]) -> ArmScores:
    """Return all samples of (name, seed, scores), each with its seed; an id scores its mean over them."""
    seed_of = {name: seed for name, seed, _ in seeds}
    runs = [(name, scores) for name, _, scores in seeds]
    return _merged(runs, lambda key, found: _over_seeds(key, found, seed_of), same=SAME)


def _merged(
    runs: Runs, merge: Callable[[str, Mapping[str, Scores]], Scores], *, same: Sequence[str]
) -> ArmScores:
    provenance, differing = _provenance(runs, same)
    keys = list(dict.fromkeys(chain.from_iterable(arm.scores for _, arm in runs)))
    return ArmScores(
        scores={key: merge(key, {name: arm.scores[key] for name, arm in runs}) for key in keys},
        provenance=provenance,
        unnamed=tuple(dict.fromkeys(chain.from_iterable(arm.unnamed for _, arm in runs))),
        warnings=(*told_of((name, arm.warnings) for name, arm in runs), *differing),
    )


def told_of(warnings: Iterable[tuple[str, Iterable[str]]]) -> tuple[str, ...]:
    """Return each warning once, after the names of the runs that have it unless all do."""
    of: dict[str, list[str]] = {}
    every = [(name, list(dict.fromkeys(texts))) for name, texts in warnings]
    for name, texts in every:
        for warning in texts:
            of.setdefault(warning, []).append(name)
    return tuple(
        warning if len(names) == len(every) else f"{', '.join(names)}: {warning}"
        for warning, names in of.items()
    )


def _provenance(runs: Runs, same: Sequence[str]) -> tuple[Mapping[str, str], list[str]]:
    """Return the provenance that all runs agree on, and warnings about the rest.

    Raises NotMergedError where they differ in what must be the `same`.
    """
    names = dict.fromkeys(chain.from_iterable(arm.provenance for _, arm in runs))
    agreed, differing = {}, []
    for name in names:
        values = {arm.provenance.get(name) for _, arm in runs}
        (value,) = values if len(values) == 1 else (None,)
        if value is not None:
            agreed[name] = value
        elif name in same:
            raise NotMergedError(f"its runs were measured under different {name}")
        else:
            differing.append(f"its runs report different {name}")
    return agreed, differing


def _union(key: str, found: Mapping[str, Scores]) -> Scores:
    if len(found) == 1:
        return next(iter(found.values()))
    unusable = _unusable(found)
    if unusable is not None:
        return unusable
    sampled = {name: scores for name, scores in found.items() if isinstance(scores, Samples)}
    if len(sampled) < sum(not isinstance(scores, Empty) for scores in found.values()):
        return _invalid("a shard has no samples of it, and means cannot be merged")
    if not sampled:
        return next(iter(found.values()))
    ids = {name: {*samples.ids, *samples.missing} for name, samples in sampled.items()}
    if len(set().union(*ids.values())) < sum(map(len, ids.values())):
        raise NotMergedError(_overlap(key, ids))
    return _together(list(sampled.values()))


def _overlap(key: str, ids: Mapping[str, set[str]]) -> str:
    one, other = next((a, b) for a, b in combinations(ids, 2) if not ids[a].isdisjoint(ids[b]))
    both = ids[one] & ids[other]
    return f"{one} and {other} overlap: both hold {len(both):,} ids of {key} ({examples_of(both)})"


def _over_seeds(key: str, found: Mapping[str, Scores], seed_of: Mapping[str, str]) -> Scores:
    unusable = _unusable(found)
    if unusable is not None:
        return unusable
    sampled = {name: scores for name, scores in found.items() if isinstance(scores, Samples)}
    if not sampled:
        return _mean_of_means([scores for scores in found.values() if isinstance(scores, Summary)])
    if len(sampled) < len(found):
        return _invalid(f"some seeds have samples of {key}, and some have none")
    return _together([_seeded(samples, seed_of[name]) for name, samples in sampled.items()])


def _seeded(samples: Samples, seed: str) -> Samples:
    repeats = [seed] * len(samples.ids)
    if samples.repeats is not None:
        repeats = [f"{seed}/{repeat}" for repeat in samples.repeats]
    return Samples(
        ids=samples.ids,
        scores=samples.scores,
        clusters=samples.clusters,
        repeats=repeats,
        seeds=[seed] * len(samples.ids),
        inputs=samples.inputs,
        outputs=samples.outputs,
        missing=samples.missing,
    )


def _together(parts: Sequence[Samples]) -> Samples | Unusable:
    for name in ("clusters", "repeats"):
        if len({getattr(part, name) is None for part in parts}) > 1:
            return _invalid(f"some of its runs report {name}, and some do not")

    def joined(columns: Sequence[Sequence[Value] | None]) -> list[Value] | None:
        """Return one column, or None where a part lacks it: inputs are compared as a whole or not at all."""
        if any(column is None for column in columns):
            return None
        return list(chain.from_iterable(column for column in columns if column is not None))

    scored = {id_ for part in parts if part.missing for id_ in chain.from_iterable(one.ids for one in parts)}
    return Samples(
        ids=[id_ for part in parts for id_ in part.ids],
        scores=[score for part in parts for score in part.scores],
        clusters=joined([part.clusters for part in parts]),
        repeats=joined([part.repeats for part in parts]),
        seeds=joined([part.seeds for part in parts]),
        inputs=joined([part.inputs for part in parts]),
        outputs=joined([part.outputs for part in parts]),
        missing={id_: error for part in parts for id_, error in part.missing.items() if id_ not in scored},
    )


def _mean_of_means(summaries: Sequence[Summary]) -> Scores:
    """Return the mean of seeds that reported no samples: a point without a confidence."""
    if len(summaries) == 1:
        return summaries[0]
    total = sum((Fraction(one.value) for one in summaries), Fraction(0))
    value: Decimal = round_significant(total / len(summaries))
    return Summary(value=value)


def _unusable(found: Mapping[str, Scores]) -> Unusable | None:
    """Return the first run without a score that counts, or None; an empty list is a part without samples."""
    for name, scores in found.items():
        if isinstance(scores, Unusable) and not isinstance(scores, Empty):
            return Unusable(reason=scores.reason, message=f"{name}: {scores.message}")
    return None


def _invalid(message: str) -> Unusable:
    return Unusable(reason=Reason.INVALID_VALUE, message=message)
