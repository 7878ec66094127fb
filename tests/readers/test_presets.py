"""Each preset reads its example, with the numbers that are right for it."""

from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest

from remyx_action.evidence.comparability import compare_provenance
from remyx_action.project.models import Template
from remyx_action.project.models.results_map import Preset, ResultsMap
from remyx_action.readers import BrokenResults, read_arm
from remyx_action.readers.loose_json import read_loosely
from remyx_action.readers.presets import CODE, presets, recognised
from remyx_action.readers.samples import point_of
from remyx_action.readers.scores import ArmScores, Samples, Summary, Unusable
from remyx_action.sources.disk import ResultsFolder
from support.metrics import a_metric

EXAMPLES = Path(__file__).parents[1] / "examples" / "presets"


def read(example: str, results: ResultsMap | str, **metrics: Any) -> ArmScores:
    template = Template(version=1, name="t", script="s.py", metrics=list(metrics), results=results)  # type: ignore[arg-type]
    bars = {key: a_metric(key, range=None, **changes) for key, changes in metrics.items()}
    with ResultsFolder(EXAMPLES / example) as folder:
        return read_arm(template, bars, folder)


def means(preset: str, metric: str, **changes: Any) -> list[tuple[int, float]]:
    """Number of samples and mean of baseline and variant, each id with a score in both."""
    results = ResultsMap(preset=preset, **changes)  # type: ignore[arg-type]
    arms = [read(f"{preset}/{arm}", results, **{metric: {}}) for arm in ("baseline", "variant")]
    found = [arm.scores[metric] for arm in arms]
    assert isinstance(found[0], Samples)
    assert isinstance(found[1], Samples)
    assert sorted(found[0].ids) == sorted(found[1].ids)
    assert () == compare_provenance(*arms).mismatches
    return [(len(one.ids), float(point_of(one, None))) for one in found if isinstance(one, Samples)]


def test_every_preset_has_its_file_and_its_example() -> None:
    assert set(get_args(Preset)) == {*presets(), *CODE}
    assert [] == [name for name, one in presets().items() if not (EXAMPLES / one.example).is_dir()]


FLEXIBLE = {"where": {"/filter": "flexible-extract"}}


@pytest.mark.parametrize(
    ("preset", "metric", "changes", "expected"),
    [
        ("lm-eval", "exact_match", {}, [(24, 19 / 24), (24, 16 / 24)]),
        (
            "lm-eval",
            "exact_match",
            {"where": {"/filter": "flexible-extract"}},
            [(24, 20 / 24), (24, 19 / 24)],
        ),
        ("evalscope", "acc", {}, [(10, 0.8), (10, 0.9)]),
        ("inspect", "choice", {}, [(5, 0.6), (5, 0.8)]),
        ("promptfoo", "score", {}, [(3, 2 / 3), (3, 1)]),
        ("ragas", "faithfulness", {}, [(7, 0.4047619048), (7, 0.4976190476)]),
        ("ragas", "context_recall", {}, [(8, 0.6587652235), (8, 0.6587652235)]),
        ("openai-evals", "accuracy", {}, [(4, 0.5), (4, 0.75)]),
    ],
)
def test_samples_pair_and_have_the_engines_own_mean(
    preset: str, metric: str, changes: dict[str, Any], expected: list[tuple[int, float]]
) -> None:
    found = means(preset, metric, **changes)
    assert [count for count, _ in expected] == [count for count, _ in found]
    assert [mean for _, mean in found] == pytest.approx([mean for _, mean in expected], abs=1e-10)


def test_an_empty_cell_is_a_missing_sample() -> None:
    found = read("ragas/baseline", "ragas", faithfulness={}).scores["faithfulness"]
    assert isinstance(found, Samples)
    assert {"8": ""} == found.missing


def test_the_spread_of_rounds_becomes_the_standard_error_of_their_mean() -> None:
    arm = read("pytest-benchmark/baseline", "pytest-benchmark", test_fib_10={}, test_fib_20={})
    found = arm.scores["test_fib_10"]
    assert isinstance(found, Summary)
    assert found.n == 38523
    assert float(found.value) == pytest.approx(2.408868e-05)
    assert float(found.stderr or 0) == pytest.approx(3.146e-08, rel=1e-3)


@pytest.mark.parametrize(("arm", "value"), [("baseline", 53.654), ("variant", 51.0)])
def test_the_last_entry_of_a_training_log_counts(arm: str, value: float) -> None:
    found = read(f"hf-trainer/{arm}", "hf-trainer", eval_wer={}).scores["eval_wer"]
    assert isinstance(found, Summary)
    assert float(found.value) == pytest.approx(value, abs=1e-3)


def test_epochs_are_repeats_and_a_sample_that_errored_is_missing() -> None:
    results = ResultsMap(preset="inspect", score="/scores/judge/value/{metric}")
    found = read("inspect/epochs", results, correct={}).scores["correct"]
    assert isinstance(found, Samples)
    assert (Fraction(1, 2), {"4": "text"}) == (point_of(found, None), found.missing)


def test_a_cancelled_run_fails_the_arm() -> None:
    with pytest.raises(BrokenResults, match=r'has "cancelled" at /status, and "success" is required'):
        read("inspect/cancelled", "inspect", choice={})


@pytest.mark.parametrize(("arm", "mean"), [("baseline", Fraction(3, 5)), ("variant", Fraction(4, 5))])
def test_an_archive_of_inspect_is_read_as_its_json(arm: str, mean: Fraction) -> None:
    results = ResultsMap(preset="inspect", file="*.eval")
    found = read(f"inspect-archive/{arm}", results, choice={}).scores["choice"]
    assert isinstance(found, Samples)
    assert (mean, 5) == (point_of(found, None), len(found.ids))


def test_time_and_cost_of_each_sample_are_metrics_like_others() -> None:
    score = {"score": "/score", "seconds": "/latencyMs * 0.001", "usd": "/cost"}
    results = ResultsMap(preset="promptfoo", score=score)
    arm = read("promptfoo/baseline", results, score={}, seconds={"aggregate": "p95"}, usd={})
    seconds, usd = arm.scores["seconds"], arm.scores["usd"]
    assert isinstance(seconds, Samples)
    assert isinstance(usd, Samples)
    assert ["0.573", "0.859", "0.907"] == list(seconds.scores)
    assert point_of(seconds, "p95") == Fraction("0.907")
    assert point_of(usd, None) == Fraction("0.0000069")


def test_two_prompts_are_told_apart_and_never_mixed() -> None:
    mixed = read("promptfoo/two-prompts", "promptfoo", score={}).scores["score"]
    assert isinstance(mixed, Unusable)
    assert "ids that stand more than once" in mixed.message
    for index, mean in ((0, Fraction(2, 3)), (1, Fraction(1, 2))):
        one = ResultsMap(preset="promptfoo", where={"/promptIdx": index})
        found = read("promptfoo/two-prompts", one, score={}).scores["score"]
        assert isinstance(found, Samples)
        assert mean == point_of(found, None)


@pytest.mark.parametrize("preset", [name for name in presets() if name != "ragas"])
def test_an_engine_is_recognised_by_what_its_file_has(preset: str) -> None:
    found = set()
    for path in (EXAMPLES / preset / "baseline").rglob("*.json*"):
        content = path.read_text()
        rows = [read_loosely(content)] if path.suffix == ".json" else map(read_loosely, content.splitlines())
        found |= {name for row in rows for name in recognised(row)}
    assert {preset} == found
