"""What a condition asks, what came out and how sure that is, in words."""

from __future__ import annotations

from typing import Any

import pytest

from remyx_action.readers.scores import Reason, Unusable
from remyx_action.report.render.cause import marked, views_in
from remyx_action.report.render.condition_words import ConditionView
from remyx_action.report.render.escape import Phrase, plain
from support.reports import SERVING, ScorePair, bar_of, bare, flips, judged, spread

MISSING = Unusable(reason=Reason.MISSING_METRIC, message="the variant does not report mindcube")
SCORES: dict[str, ScorePair] = {
    "spatialscore": flips(110, 151, won=23, lost=16),
    "omnispatial": flips(400, 540, won=45, lost=15),
    "space10": flips(440, 480, won=30, lost=50),
    "mindcube": (flips(100, 175, won=12, lost=13)[0], MISSING),
}
HUNDRED = tuple(
    type(arm)(ids=arm.ids, scores=[str(100 * int(score)) for score in arm.scores])  # type: ignore[union-attr,call-arg]
    for arm in flips(700, 440, won=32, lost=28)
)
SERVED: dict[str, ScorePair] = {
    "exact_match": HUNDRED,  # type: ignore[dict-item]
    "latency": spread("184.31", "162.07", "90", 1200),
    "tokens": spread("412.6", "381.25", "220", 1200),
    "log_loss": bare("0.412", "0.43"),
}


def read(phrase: Phrase) -> str:
    return plain(phrase).replace("\N{NO-BREAK SPACE}", " ")


def view_of(condition: dict[str, Any], role: str = "ship") -> ConditionView:
    key = str(condition["metric"]).partition(".")[0]
    metrics, scores = (SERVING, SERVED) if key in SERVED else (None, SCORES)
    always = {"field": "coverage", "op": ">=", "threshold": 0}
    ship = {"all": [condition if role == "ship" else always]}
    reject = {"any": [condition]} if role == "reject" else None
    bar = bar_of(ship, reject, metrics) if metrics else bar_of(ship, reject)
    of = marked(judged(bar, scores))
    return views_in(of.ship if role == "ship" else of.reject)[0]


GAIN = {"metric": "spatialscore.delta", "op": ">=", "threshold": 0.02, "confidence": 0.80}


@pytest.mark.parametrize(
    ("condition", "asks", "headline", "certainty"),
    [
        (
            GAIN,
            "gain at least 0.02",
            "SpatialScore +0.023, but only 56 % sure of a gain of 0.02",
            "56 % sure, shipping needs 80 %",
        ),
        (
            {"metric": "spatialscore", "op": "improves_by", "threshold": 0.05, "confidence": 0.8},
            "gain at least 0.05",
            "SpatialScore gained 0.023, 0.05 needed",
            "10 % sure, shipping needs 80 %",
        ),
        (
            {"metric": "space10", "op": "improves_by", "threshold": 0.02},
            "gain at least 0.02",
            "SpaCE-10 lost 0.020, a gain of 0.02 needed",
            "",
        ),
        (
            {"metric": "space10", "op": "no_regression", "threshold": 0.01, "confidence": 0.8},
            "lose at most 0.01",
            "SpaCE-10 lost 0.020, at most 0.01 allowed",
            "13 % sure, shipping needs 80 %",
        ),
        (
            {"metric": "space10", "op": "no_regression", "threshold": 0.02, "confidence": 0.8},
            "lose at most 0.02",
            "SpaCE-10 may have lost more than 0.02",
            "50 % sure, shipping needs 80 %",
        ),
        (
            {"metric": "space10", "op": "no_regression", "threshold": 0},
            "not lose",
            "SpaCE-10 lost 0.020, nothing allowed",
            "",
        ),
        (
            {"metric": "omnispatial", "op": "no_regression", "threshold": 0.01},
            "lose at most 0.01",
            "OmniSpatial gained 0.030, at most 0.01 allowed",
            "no certainty needed",
        ),
        (
            {"metric": "omnispatial.value", "op": ">=", "threshold": 0.9},
            "be at least 0.9",
            "OmniSpatial is 0.445, at least 0.9 needed",
            "",
        ),
        (
            {"metric": "mindcube", "op": "improves_by", "threshold": 0},
            "gain",
            "MindCube was not reported",
            "not known: not reported",
        ),
        (
            {"metric": "mindcube", "op": "improves_by", "threshold": 0, "on_unknown": "violated"},
            "gain",
            "MindCube was not reported",
            "not known: not reported, which counts against it",
        ),
        (
            {"metric": "latency", "op": "improves_by", "threshold": 30, "confidence": 0.9},
            "drop at least 30 ms",
            "Latency dropped 22.5 ms, 30 ms needed",
            "under 1 % sure, shipping needs 90 %",
        ),
        (
            {"metric": "latency.delta", "op": "<=", "threshold": 5},
            "rise at most 5 ms",
            "Latency dropped 22.5 ms, at most 5 ms allowed",
            "no certainty needed",
        ),
        (
            {"metric": "tokens", "op": "improves_by", "threshold": 0.1, "mode": "relative"},
            "drop at least 10 % of the baseline",
            "Tokens per answer dropped 7.7 % of the baseline, 10 % of the baseline needed",
            "",
        ),
        (
            {"metric": "exact_match", "op": "improves_by", "threshold": 1, "confidence": 0.8},
            "gain at least 1 point",
            "Exact match gained 0.3 points, 1 point needed",
            "15 % sure, shipping needs 80 %",
        ),
        (
            {"metric": "log_loss", "op": "no_regression", "threshold": 0.01},
            "rise at most 0.01",
            "Log-loss rose 0.018, at most 0.01 allowed",
            "",
        ),
    ],
)
def test_a_condition_of_ship_reads_as_people_say_it(
    condition: dict[str, Any], asks: str, headline: str, certainty: str
) -> None:
    view = view_of(condition)
    assert (asks, headline, certainty) == (read(view.asks), read(view.headline), read(view.certainty))


@pytest.mark.parametrize(
    ("condition", "glyph", "asks", "headline"),
    [
        (
            {"metric": "space10.delta", "op": "<", "threshold": -0.01},
            "✗",
            "reject if it loses more than 0.01",
            "SpaCE-10 lost 0.020, more than the 0.01 allowed",
        ),
        (
            {"metric": "space10", "op": "no_regression", "threshold": 0.01},
            "✗",
            "reject if it loses more than 0.01",
            "SpaCE-10 lost 0.020, more than the 0.01 allowed",
        ),
        (
            {"metric": "space10", "op": "no_regression", "threshold": 0.01, "confidence": 0.99},
            "✓",
            "reject if it loses more than 0.01",
            "",
        ),
        (
            {"metric": "omnispatial.delta", "op": "<", "threshold": -0.01},
            "✓",
            "reject if it loses more than 0.01",
            "",
        ),
        (
            {"metric": "mindcube", "op": "no_regression"},
            "·",
            "reject if it loses",
            "MindCube was not reported",
        ),
        (
            {"metric": "latency", "op": "no_regression", "threshold": 10},
            "✓",
            "reject if it rises more than 10 ms",
            "",
        ),
        (
            {"metric": "omnispatial.value", "op": "<", "threshold": 0.5},
            "✗",
            "reject if it is less than 0.5",
            "OmniSpatial is 0.445, less than 0.5",
        ),
    ],
)
def test_a_condition_of_reject_says_what_rejects(
    condition: dict[str, Any], glyph: str, asks: str, headline: str
) -> None:
    view = view_of(condition, "reject")
    assert (glyph, asks) == (view.glyph, read(view.asks))
    if headline:
        assert headline == read(view.headline)


def fields(*conditions: dict[str, Any]) -> list[ConditionView]:
    ship = {"all": [GAIN, *conditions]}
    return views_in(marked(judged(bar_of(ship, None), SCORES)).ship)[1:]


@pytest.mark.parametrize(
    ("condition", "asks", "headline"),
    [
        (
            {"field": "delta_confidence", "op": ">=", "threshold": 0.9},
            "every target gains more than 0",
            "only 86 % sure that every target gained more than 0, 90 % needed",
        ),
        (
            {"field": "delta_confidence", "op": ">=", "threshold": 0.9, "metric": "spatialscore"},
            "SpatialScore gained more than 0",
            "only 86 % sure that SpatialScore gained more than 0, 90 % needed",
        ),
        (
            {"field": "sample_size", "op": ">=", "threshold": 1000},
            "at least 1,000 samples",
            "300 samples, at least 1,000 needed",
        ),
        ({"field": "sample_size", "op": "<", "threshold": 300}, "fewer than 300 samples", None),
        ({"field": "coverage", "op": ">=", "threshold": 1}, "every sample scored", None),
        ({"field": "coverage", "op": ">=", "threshold": 0.95}, "at least 95 % of samples scored", None),
    ],
)
def test_a_field_reads_as_people_say_it(condition: dict[str, Any], asks: str, headline: str | None) -> None:
    [view] = fields(condition)
    assert asks == read(view.asks)
    if headline is not None:
        assert headline == read(view.headline)


@pytest.mark.parametrize(
    ("rule", "line", "asks", "headline"),
    [
        (
            "ship",
            "worse(space10) <= 3",
            "at most 3 samples worse",
            "50 samples got worse on SpaCE-10, at most 3 allowed",
        ),
        (
            "ship",
            "better(space10) >= 40",
            "at least 40 samples better",
            "30 samples got better on SpaCE-10, at least 40 needed",
        ),
        (
            "reject",
            "worse(space10, by 0.1) > 9",
            "reject if more than 9 samples worse by more than 0.1",
            "50 samples got worse on SpaCE-10; the bar rejects if more than 9 samples worse by more than 0.1",
        ),
        (
            "reject",
            "sample_size < 500",
            "reject if fewer than 500 samples",
            "300 samples; the bar rejects if fewer than 500 samples",
        ),
    ],
)
def test_a_count_of_samples_reads_as_people_say_it(rule: str, line: str, asks: str, headline: str) -> None:
    ship = {"all": [GAIN, line] if rule == "ship" else [GAIN]}
    of = marked(judged(bar_of(ship, {"any": [line]} if rule == "reject" else None), SCORES))
    view = views_in(of.ship if rule == "ship" else of.reject)[-1]
    assert (asks, headline) == (read(view.asks), read(view.headline))


def test_where_floors_are_shared_the_written_and_the_needed_one_are_both_given() -> None:
    guards = [
        {"metric": key, "op": "no_regression", "threshold": 0.01, "confidence": 0.80}
        for key in ("space10", "omnispatial")
    ]
    of = marked(judged(bar_of({"all": [GAIN]}, {"any": guards, "floors": "shared"}), SCORES))
    [view, _] = views_in(of.reject)
    assert "87 % sure, rejecting needs 90 %" == read(view.certainty)
    said = "The policy asks for 80 %; two reject conditions share the risk, so each needs 90 %."
    assert said == view.raised.replace("\N{NO-BREAK SPACE}", " ")


def test_a_percent_that_is_as_written_needs_no_sentence() -> None:
    assert "" == view_of(GAIN).raised


def test_a_confidence_never_contradicts_its_floor() -> None:
    view = view_of({**GAIN, "confidence": 0.5604})
    assert "56 % sure, shipping needs 56.04 %" == read(view.certainty)
