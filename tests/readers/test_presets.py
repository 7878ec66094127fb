"""Each preset reads its example, with the numbers that are right for it."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest

from remyx_action.evidence.comparability import compare_provenance
from remyx_action.project.models import Template
from remyx_action.project.models.results_map import Preset, ResultsMap
from remyx_action.readers import BrokenResults, read_arm
from remyx_action.readers.loose_json import read_loosely
from remyx_action.readers.opening import spread
from remyx_action.readers.presets import CODE, presets, recognised
from remyx_action.readers.samples import point_of
from remyx_action.readers.scores import ArmScores, Samples, Summary, Unusable
from remyx_action.sources.disk import ResultsFolder
from support.folders import MemoryFolder
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
        ("evalscope", "acc", {"file": "**/gpqa_*.jsonl"}, [(10, 0.8), (10, 0.9)]),
        ("evalscope", "inst_level_strict", {"file": "**/ifeval_*.jsonl"}, [(10, 29 / 30), (10, 26 / 30)]),
        ("inspect", "choice", {}, [(5, 0.6), (5, 0.8)]),
        ("promptfoo", "score", {}, [(3, 2 / 3), (3, 1)]),
        ("ragas", "faithfulness", {}, [(7, 0.4047619048), (7, 0.4976190476)]),
        ("ragas", "context_recall", {}, [(8, 0.6587652235), (8, 0.6587652235)]),
        ("openai-evals", "accuracy", {}, [(4, 0.5), (4, 0.75)]),
        (
            "deepeval",
            "answer_relevancy",
            {"names": {"answer_relevancy": "Answer Relevancy"}},
            [(6, 0.75), (6, 5 / 6)],
        ),
        ("every-eval-ever", "mmlu", {}, [(8, 0.375), (8, 0.625)]),
        ("helm", "exact_match", {}, [(5, 0.6), (5, 0.8)]),
        ("lmms-eval", "exact_match", {}, [(6, 0.5), (6, 2 / 3)]),
        ("lmms-eval", "score", {"score": "/mme_score/{metric}"}, [(6, 0.5), (6, 2 / 3)]),
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


def test_two_prompts_are_distinguished_and_never_mixed() -> None:
    mixed = read("promptfoo/two-prompts", "promptfoo", score={}).scores["score"]
    assert isinstance(mixed, Unusable)
    assert 'rows of different /promptIdx ("0", "1") are not one measure' in mixed.message
    for index, mean in ((0, Fraction(2, 3)), (1, Fraction(1, 2))):
        one = ResultsMap(preset="promptfoo", where={"/promptIdx": index})
        found = read("promptfoo/two-prompts", one, score={}).scores["score"]
        assert isinstance(found, Samples)
        assert mean == point_of(found, None)


def test_a_patch_that_could_not_be_tried_is_missing_and_an_empty_one_is_not_resolved() -> None:
    arms = [read(f"swe-bench/{arm}", "swe-bench", resolved={}) for arm in ("baseline", "variant")]
    before, after = (arm.scores["resolved"] for arm in arms)
    assert isinstance(before, Samples)
    assert isinstance(after, Samples)
    assert (Fraction(3, 7), {"django__django-12419": "error_ids"}) == (point_of(before, None), before.missing)
    assert (Fraction(5, 8), {}) == (point_of(after, None), after.missing)


def test_a_perturbed_instance_of_helm_is_another_measure() -> None:
    perturbed = ResultsMap(
        preset="helm", where={"/stats/name/name": "{metric}", "/perturbation/name": "typos"}
    )
    found = read("helm/baseline", perturbed, exact_match={}).scores["exact_match"]
    assert isinstance(found, Samples)
    assert (5, Fraction(0)) == (len(found.ids), point_of(found, None))


@pytest.mark.parametrize("name", ["mmlu_pro_plus", "exact_match", "exact_match_custom-extract"])
@pytest.mark.parametrize(
    ("arm", "value"), [("baseline", "0.3657142857142857"), ("variant", "0.37642857142857145")]
)
def test_a_group_has_the_spread_between_its_subtasks(arm: str, value: str, name: str) -> None:
    found = read(f"lm-eval-group/{arm}", "lm-eval", **{name: {}}).scores[name]
    assert isinstance(found, Summary)
    assert (Decimal(value), 1400, 14) == (found.value, found.n, found.clusters)
    if arm == "baseline":
        assert float(found.stderr or 0) == pytest.approx(0.036566, abs=1e-6)


def test_a_subtask_has_its_own_standard_error() -> None:
    found = read("lm-eval-group/baseline", "lm-eval", mmlu_pro_plus_law={}).scores["mmlu_pro_plus_law"]
    assert Summary(value=Decimal("0.34"), n=100, stderr=Decimal("0.04760952285695235")) == found


def test_a_file_of_version_0_has_tasks_and_metrics() -> None:
    named = ResultsMap(preset="lm-eval", file="results.json", names={"arc": "arc_challenge/acc"})
    found = read("lm-eval-v0/baseline", named, arc={}, piqa={})
    expected = Summary(value=Decimal("0.3412969283276451"), stderr=Decimal("0.01385583128749772"))
    assert expected == found.scores["arc"]
    several = found.scores["piqa"]
    assert isinstance(several, Unusable)
    assert 'stands for "piqa/acc", "piqa/acc_norm": write one of them in `names`' == several.message


def test_the_samples_of_subtasks_are_those_of_their_group() -> None:
    row = {
        "doc": {"q": "?"},
        "target": "A",
        "resps": [],
        "filtered_resps": [],
        "filter": "none",
        "doc_hash": "x",
    }
    files = {
        f"m/samples_mmlu_{task}_T1.jsonl": "".join(
            json.dumps({**row, "doc_id": number, "acc": score}) + "\n" for number, score in enumerate(scores)
        )
        for task, scores in (("law", [1, 0]), ("math", [1, 1, 0, 0]))
    }
    results = {
        task: {"acc,none": value} for task, value in (("mmlu", 0.5), ("mmlu_law", 0.5), ("mmlu_math", 0.5))
    }
    document = {"results": results, "group_subtasks": {"mmlu": ["mmlu_law", "mmlu_math"]}, "versions": {}}
    folder = MemoryFolder({**files, "m/results_T1.json": json.dumps(document)})
    template = Template(version=1, name="t", runtime="results", metrics=["mmlu"], results="lm-eval")
    found = read_arm(template, {"mmlu": a_metric("mmlu", range=None)}, folder).scores["mmlu"]
    assert isinstance(found, Samples)
    assert (Fraction(1, 2), 6, {"mmlu_law", "mmlu_math"}) == (
        point_of(found, None),
        len(found.ids),
        set(found.clusters or ()),
    )


def test_a_row_that_is_wide_and_long_stays_small() -> None:
    wide = {f"k{number}": 0 for number in range(20_000)}
    stats = [{"name": {"name": f"m{number}", "split": "test"}, "mean": 1} for number in range(20_000)]
    row = {**wide, "instance_id": "a", "train_trial_index": 0, "stats": stats}
    (kept, *_), count = (found := spread([row], "/stats", ["/instance_id", "/stats/mean"])), len(found)
    assert (20_000, {"instance_id", "stats"}) == (count, set(kept))


def test_a_file_of_groups_in_circles_ends() -> None:
    groups = {f"g{one}": [f"g{other}" for other in range(200)] for one in range(200)}
    document = {"results": {"g0": {"acc": 0.5}}, "group_subtasks": groups, "versions": {}}
    folder = MemoryFolder({"results_T.json": json.dumps(document)})
    template = Template(version=1, name="t", runtime="results", metrics=["g0"], results="lm-eval")
    found = read_arm(template, {"g0": a_metric("g0")}, folder).scores["g0"]
    assert isinstance(found, Summary)
    assert Decimal("0.5") == found.value


@pytest.mark.parametrize("preset", [name for name in presets() if name != "ragas"])
def test_an_engine_is_recognised_by_what_its_file_has(preset: str) -> None:
    found = set()
    for path in (EXAMPLES / preset / "baseline").rglob("*.json*"):
        content = path.read_text()
        rows = [read_loosely(content)] if path.suffix == ".json" else map(read_loosely, content.splitlines())
        found |= {one.preset for row in rows for one in recognised(row)}
    assert {preset} == found
