"""The first lines that anybody reads: headline, how sure, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from remyx_action.readers.scores import Samples
from remyx_action.report import render
from remyx_action.report.render.cause import cause_of, certainty_of, marked
from remyx_action.report.render.escape import Phrase, plain
from remyx_action.report.render.next_step import next_step, round_up
from remyx_action.report.report import Report
from support.reports import (
    REJECT,
    REPORTS,
    SERVING,
    SHIP,
    ScorePair,
    arm,
    bar_of,
    flips,
    judged,
    proposed,
    spread,
)

SCORES = {
    "spatialscore": flips(1995, 2744, won=208, lost=53),
    "omnispatial": flips(430, 982, won=88, lost=33),
    "space10": flips(1015, 815, won=88, lost=82),
    "mindcube": flips(363, 617, won=34, lost=36),
}


def read(phrase: Phrase) -> str:
    return plain(phrase).replace("\N{NO-BREAK SPACE}", " ")


LOCK = " To ship, also run remyx-action lock."
LOCK_FIRST = "Run remyx-action lock, which a pull request needs to ship. Then merge it."


def first_lines(report: Report) -> tuple[str, str, str]:
    of = marked(report)
    return read(cause_of(of)), read(certainty_of(of)), read(next_step(of))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "ship",
            (
                "SpatialScore +0.031, OmniSpatial +0.036, no limit broken",
                "99 % sure that OmniSpatial gained at least 0.02; shipping needs 80 %",
                "Merge it.",
            ),
        ),
        (
            "reject",
            (
                "MindCube lost 0.046, more than the 0.01 allowed",
                "over 99 % sure that MindCube lost more than 0.01; 90 % is enough to reject",
                "Do not merge. Find why MindCube got worse, and fix or revert the cause.",
            ),
        ),
        (
            "iterate",
            (
                (
                    "SpatialScore +0.023, but only 56 % sure of a gain of 0.02;"
                    " OmniSpatial gained 0.013, 0.02 needed; and one more condition"
                ),
                "only 56 % sure that SpatialScore gained at least 0.02; shipping needs 80 %",
                (
                    "Do not merge yet. Keep working: aim for about +0.056 on SpatialScore and +0.052 on"
                    " OmniSpatial (less does not reliably pass on 300 samples). Also failing:"
                    f" a gain on every target (76 % sure, needs 80 %).{LOCK}"
                ),
            ),
        ),
        (
            "partial",
            (
                "MindCube was not reported",
                "MindCube: results.json does not report it",
                (
                    "Do not merge yet. Let the eval script report MindCube."
                    f" What is not known never ships.{LOCK}"
                ),
            ),
        ),
        (
            "failed",
            (
                "the variant's run crashed (CUDA out of memory)",
                "",
                "Fix the error below and run again. A failed run is never scored.",
            ),
        ),
        (
            "not_comparable",
            (
                "baseline and variant had different inputs",
                "no condition was judged",
                (
                    "Do not merge yet. Measure baseline and variant with the same dataset_revision"
                    ' (baseline "2025-11-03", variant "2025-12-19"), then run again.'
                ),
            ),
        ),
        (
            "workflow",
            (
                (
                    "bar met, but this pull request edits the workflow that judges it;"
                    " this pull request loosens the bar"
                ),
                "99 % sure that OmniSpatial gained at least 0.02; shipping needs 80 %",
                "Do not merge yet. Move the files under .github/ into a pull request of their own.",
            ),
        ),
        (
            "serving",
            (
                "Latency −22.5 ms, Tokens per answer −31.9 tokens, no limit broken",
                "over 99 % sure that Latency dropped at least 10 ms; shipping needs 95 %",
                LOCK_FIRST,
            ),
        ),
        (
            "no_reject_bare",
            ("SpatialScore +0.02, OmniSpatial +0.02, 2 more gained", "", LOCK_FIRST),
        ),
    ],
)
def test_a_verdict_starts_with_its_cause_in_labels_and_numbers(
    kind: str, expected: tuple[str, str, str]
) -> None:
    assert expected == first_lines(REPORTS[kind]())


@pytest.mark.parametrize(
    ("scores", "advice"),
    [
        (flips(0, 0, won=2, lost=0), "these 2 samples cannot confirm any gain in SpatialScore"),
        (flips(100, 99, won=1, lost=0), "aim for about +0.0293 on SpatialScore"),
    ],
)
def test_a_gain_that_the_range_has_no_room_for_is_not_named(scores: ScorePair, advice: str) -> None:
    bar = bar_of({"all": ["spatialscore improves_by 0.002 at 99%"]}, REJECT)
    assert advice in first_lines(judged(bar, {**SCORES, "spatialscore": scores}))[2]


@pytest.mark.parametrize(
    ("caps", "cause"),
    [
        (["lock_stale"], "bar met, but the evaluation's lock is out of date"),
        (["not_locked", "isolation"], "bar met, but the evaluation is not locked"),
        (["isolation"], "bar met, but the evaluation was not sandboxed"),
    ],
)
def test_a_capped_ship_says_that_the_bar_is_met_and_what_is_missing(caps: Sequence[str], cause: str) -> None:
    report = judged(bar_of(SHIP, REJECT), SCORES, caps=caps)
    assert ("iterate", cause) == (report.verdict, first_lines(report)[0])


def test_missing_samples_and_a_missing_lock_are_named_below_the_headline() -> None:
    before, after = SCORES["spatialscore"]
    assert isinstance(after, Samples)
    few = Samples(ids=after.ids[:4300], scores=after.scores[:4300])
    scores = {**SCORES, "spatialscore": (before, few)}
    report = judged(bar_of(SHIP, REJECT), scores, caps=["incomplete"])
    missing = "have a score in the baseline only"
    assert first_lines(report) == (
        "4,300 of 5,000 samples scored on SpatialScore",
        f"SpatialScore: 700 of 5,000 samples {missing}; max_missing allows 2 %",
        f"Do not merge yet. Find why these samples have no score, then evaluate them again.{LOCK}",
    )
    assert 1 == render.comment(report).partition("<details>")[0].count(missing)

    report = judged(bar_of(SHIP, REJECT), SCORES, caps=["not_locked"], lock="unlocked: there is no a.json")
    assert "there is no a.json" == first_lines(report)[1]
    assert "merge .remyx/locks/spatial-suite.json and .github/CODEOWNERS" in first_lines(report)[2]


def test_files_that_neither_arm_ran_with_are_counted() -> None:
    report = judged(bar_of(SHIP, REJECT), SCORES, caps=["not_measured"])
    report = report.model_copy(update={"proposal": proposed(not_measured=["src/a.py", "src/b.py"])})
    assert "bar met, but 2 changed files were not measured" == first_lines(report)[0]


def test_a_reject_over_a_ship_keeps_the_gain_in_sight() -> None:
    ship = {"all": SHIP["all"][:3]}
    scores = {**SCORES, "mindcube": flips(307, 607, won=44, lost=92)}
    cause, _, then = first_lines(judged(bar_of(ship, REJECT), scores))
    assert cause.endswith("MindCube lost 0.046, more than the 0.01 allowed (the ship rule was met too)")
    assert then.endswith("Keep the gain: the ship rule was met.")


def test_a_reject_that_cannot_be_ruled_out_is_no_ship() -> None:
    ship = {"all": SHIP["all"][:2]}
    missing = REPORTS["partial"]()
    report = judged(bar_of(ship, REJECT), SCORES)
    unknown = missing.rules.reject
    assert unknown is not None
    report = report.model_copy(
        update={
            "verdict": "iterate",
            "reason": "reject_undetermined",
            "rules": report.rules.model_copy(update={"reject": unknown}),
        }
    )
    expected = "ship rule met, but a reject cannot be ruled out: MindCube was not reported"
    assert expected == first_lines(report)[0]


GUARD = {"metric": "space10", "op": "no_regression", "threshold": 0.01, "confidence": 0.80}


def test_a_guard_that_is_not_sure_says_what_may_have_happened_and_how_many_samples_would_show_it() -> None:
    scores = {**SCORES, "space10": flips(200, 60, won=19, lost=22)}
    cause, certainty, then = first_lines(judged(bar_of({"all": [GUARD, *SHIP["all"][:1]]}, None), scores))
    assert "SpaCE-10 may have lost more than 0.01" == cause
    assert certainty.endswith(
        " % sure that SpaCE-10 stayed within the allowed loss of 0.01; shipping needs 80 %"
    )
    assert then.startswith(
        "Do not merge yet. Keep working: find why 22 samples got worse on SpaCE-10, and fix the cause"
    )


def test_a_number_of_samples_is_named_only_if_nothing_else_fails_on_its_number() -> None:
    gain, other = SHIP["all"][:2]
    scores = {
        **SCORES,
        "spatialscore": flips(110, 151, won=23, lost=16),
        "omnispatial": flips(80, 190, won=17, lost=13),
    }
    samples = ", or, if +0.023 is the true gain, test about 34,000 samples."
    assert samples in first_lines(judged(bar_of({"all": [gain]}, None), scores))[2]
    assert samples in first_lines(judged(bar_of({"all": [gain, {"any": [other, GUARD]}]}, None), scores))[2]
    assert "test about" not in first_lines(judged(bar_of({"all": [gain, other]}, None), scores))[2]


def test_a_metric_that_should_drop_is_brought_down_by_an_amount() -> None:
    metrics = {**SERVING, "metrics": [each for each in SERVING["metrics"] if each["key"] == "latency"]}
    bar = bar_of({"all": ["latency improves_by 20 at 80%"]}, None, metrics)
    scores = {"latency": spread("184.31", "165.3", "90", 300)}
    then = first_lines(judged(bar, scores))[2]
    assert then.startswith("Do not merge yet. Keep working: aim for about −2")
    assert " ms on Latency (less does not reliably pass on 300 samples)" in then


def test_a_broken_guard_says_how_much_too_much_was_lost() -> None:
    scores = {**SCORES, "space10": flips(200, 60, won=4, lost=36)}
    cause, _, then = first_lines(judged(bar_of({"all": [GUARD]}, None), scores))
    assert "SpaCE-10 lost 0.107, at most 0.01 allowed" == cause
    assert (
        "Do not merge yet. Keep working: SpaCE-10 lost 0.097 too much: find why 36 samples got worse,"
        f" and fix the cause.{LOCK}" == then
    )


def test_a_gain_for_which_the_range_has_no_room_is_not_asked_for() -> None:
    scores = {**SCORES, "spatialscore": flips(19, 0, won=1, lost=0)}
    _, _, then = first_lines(judged(bar_of({"all": [SHIP["all"][0]]}, None), scores))
    assert "needs a gain" not in then
    assert "SpatialScore" in then


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("exit code 1", " (exit code 1)"),
        ("a\nValueError: no column `score`", " (no column `score`)"),
        ("a\nbuiltins.KeyError: 'x'\n\n", " (`'x'`)"),
        ("x" * 300, f" ({'x' * 79}…)"),
        ("", ""),
    ],
)
def test_a_crash_is_named_by_the_last_line_of_its_log(detail: str, shown: str) -> None:
    crashed = arm("remyx/sft-3", state="failed", detail=detail)
    report = judged(bar_of(SHIP, REJECT), SCORES, arms=(arm("base"), crashed))
    assert f"the variant's run crashed{shown.replace('`', '')}" == first_lines(report)[0].replace("`", "")


def test_a_projected_number_of_samples_has_two_digits() -> None:
    assert [100, 3900, 34000, 7] == [round_up(n) for n in (100, 3841, 33_001, 7)]


def test_a_quick_look_is_reported_whatever_the_verdict() -> None:
    report = REPORTS["reject"]().model_copy(update={"quick_look": 100})
    assert first_lines(report)[0].endswith("allowed (quick look: 100 samples at most)")
    capped = judged(bar_of(SHIP, REJECT), SCORES, caps=["quick_look"]).model_copy(update={"quick_look": 200})
    assert "bar met, but on 200 samples only" == first_lines(capped)[0]


def test_more_than_two_causes_are_counted() -> None:
    assert first_lines(REPORTS["many"]())[0].count(";") <= 2


def test_a_gain_that_the_range_has_no_room_for_is_not_asked_for() -> None:
    scores = {**SCORES, "spatialscore": flips(300, 0, won=0, lost=0)}
    then = first_lines(judged(bar_of({"all": SHIP["all"][:1]}, None), scores))[2]
    assert (
        "SpatialScore has too little room left in its range: test on harder samples, or lower the threshold"
        in then
    )
