"""Our numbers are lighteval's own, on both arms, to the last digit; shards and limits are parts of them."""

from __future__ import annotations

from typing import Any

import pytest

from support.lighteval.running import Bench

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lighteval")]

KEYS = {
    "em": ("written", "em"),
    "f1": ("written", "f1"),
    "print": ("written", "print"),
    "acc": ("choice", "acc"),
}


def test_means_are_lightevals_own_to_the_last_digit_on_both_arms(bench: Bench) -> None:
    models = ("models/a", "models/b")
    found = bench.stock(
        *({"model": model, "tasks": task} for model in models for task in ("written", "choice"))
    )
    for model, written, choice in zip(models, found[::2], found[1::2], strict=True):
        theirs = {**written.results, **choice.results}
        ended = bench.child(
            tasks=["written", "choice"],
            metrics={key: {task: name} for key, (task, name) in KEYS.items()},
            model={"name": model},
        )
        assert 0 == ended.code, ended.said
        assert {key: digits(theirs[f"{task}|0"][name]) for key, (task, name) in KEYS.items()} == {
            key: digits(ended.mean(key)) for key in KEYS
        }


def digits(value: float) -> str:
    """All that a binary float holds: 15 decimal digits."""
    return f"{value:.15g}"


def test_shards_are_disjoint_and_together_the_whole(bench: Bench) -> None:
    def part(**changes: Any) -> tuple[dict[str, float], dict[str, str]]:
        ended = bench.child(few_shot=1, metrics={"print": {"written": "print"}}, **changes)
        assert 0 == ended.code, ended.said
        return ended.scores("print"), ended.document["provenance"]

    whole, said = part(samples=9)
    (first, said_first), (second, said_second) = (
        part(samples=9, shard=number, shards=2) for number in range(2)
    )
    assert (9, 5, 4) == (len(whole), len(first), len(second))
    assert whole == first | second
    assert said == said_first == said_second


def test_an_empty_shard_is_no_failure(bench: Bench) -> None:
    ended = bench.child(samples=2, shard=2, shards=3)
    assert (0, []) == (ended.code, ended.rows("em"))
