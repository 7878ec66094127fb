"""Runs of lighteval, read: samples of its details, without them values alone, and what is never believed."""

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from math import sqrt
from pathlib import Path
from random import Random
from statistics import median, stdev
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.commands.run.arms import read_handed_in
from remyx_action.errors import Problem
from remyx_action.evidence.comparability import compare_provenance
from remyx_action.project.files.json_text import read_as_written
from remyx_action.project.models import Template
from remyx_action.readers import BrokenResults, read_arm
from remyx_action.readers.arm_files import ArmFiles
from remyx_action.readers.lighteval import read_lighteval
from remyx_action.readers.lighteval.details import id_of, input_of, read_details
from remyx_action.readers.samples import point_of
from remyx_action.readers.scores import ArmScores, Reason, Samples, Summary, Unusable
from remyx_action.report.verdict import Arm
from remyx_action.runtimes.lighteval.child.documents import identify
from remyx_action.sources.disk import ResultsFolder
from support.folders import MemoryFolder
from support.lighteval_runs import a_run, details_of, results_of, rewrite
from support.metrics import a_metric

Change = Callable[[list[Any]], object]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lighteval")
    for model in ("model-a", "model-b"):
        a_run(model, folder)
    return folder


@pytest.fixture
def run(unpacked: Path, tmp_path: Path) -> Path:
    """A copy of model-a's run, to be changed."""
    return Path(shutil.copytree(unpacked / "model-a", tmp_path / "run"))


def read(path: Path, *keys: str) -> Arm:
    template = Template(
        version=1, name="suite", script="evaluate.py", metrics=list(keys), results="lighteval"
    )
    return read_handed_in(template, {key: a_metric(key) for key in keys}, path)


def scores(path: Path, *keys: str) -> ArmScores:
    arm = read(path, *keys)
    assert arm.report.state == "handed_in", arm.report.detail
    return arm.scores


def detail(path: Path, *keys: str) -> str:
    arm = read(path, *keys)
    assert arm.report.state == "failed"
    assert arm.report.detail is not None
    return arm.report.detail


def change(file: Path, how: Callable[[Any], None]) -> None:
    document = json.loads(file.read_text())
    how(document)
    file.write_text(json.dumps(document))


def without_details(run: Path) -> Path:
    shutil.rmtree(run / "details")
    return run


def own(run: Path, task: str) -> dict[str, float]:
    values: dict[str, float] = json.loads(results_of(run).read_text())["results"][task]
    return values


# with details


def test_samples_of_a_task_have_the_mean_that_lighteval_reports(unpacked: Path) -> None:
    for model in ("model-a", "model-b"):
        run = unpacked / model
        for key in ("em", "extractive_match", "length", "mrr"):
            found = scores(run, key).scores[key]
            assert isinstance(found, Samples)
            reported = own(run, "digits:low|0" if key == "mrr" else "sums|0")[key]
            assert float(point_of(found, None)) == pytest.approx(reported, abs=1e-12)


def test_ids_that_repeat_over_splits_are_distinguished(unpacked: Path) -> None:
    found = scores(unpacked / "model-a", "em").scores["em"]
    assert isinstance(found, Samples)
    numbers = [id_.partition("-")[0] for id_ in found.ids]
    assert (40, 24) == (len(set(found.ids)), len(set(numbers)))


def test_two_runs_pair_sample_by_sample(unpacked: Path) -> None:
    arms = [scores(unpacked / model, "em") for model in ("model-a", "model-b")]
    ids = [set(arm.scores["em"].ids) for arm in arms]  # type: ignore[union-attr]
    assert ids[0] == ids[1]
    assert ((), ()) == (compare_provenance(*arms).mismatches, compare_provenance(*arms).warnings)


def test_a_memory_address_in_a_metric_is_not_a_part_of_its_name(unpacked: Path) -> None:
    raw = {model: set(own(unpacked / model, "both|0")) for model in ("model-a", "model-b")}
    assert raw["model-a"] != raw["model-b"]
    for model in raw:
        found = scores(unpacked / model, "em_normalize_gold_stripped").scores.values()
        assert [Samples] == [type(one) for one in found]


def test_a_group_is_pooled_sample_by_sample_and_clustered_by_subtask(unpacked: Path) -> None:
    found = scores(unpacked / "model-a", "digits_acc").scores["digits_acc"]
    assert isinstance(found, Samples)
    assert {"digits:low": 24, "digits:high": 15} == Counter(found.clusters or ())
    assert 39 == len(set(found.ids))
    low, high = (own(unpacked / "model-a", f"digits:{part}|0")["acc"] for part in ("low", "high"))
    assert float(point_of(found, None)) == pytest.approx((24 * low + 15 * high) / 39, abs=1e-12)
    assert float(point_of(found, None)) != pytest.approx(
        own(unpacked / "model-a", "digits:_average|0")["acc"]
    )


def test_a_metric_that_a_subtask_lacks_is_not_0_there(unpacked: Path) -> None:
    """lighteval writes an mcc of 0 for the subtask without one, and averages that."""
    assert 0.0 == own(unpacked / "model-a", "digits:low|0")["mcc"]
    arm = scores(unpacked / "model-a", "mrr", "mcc")
    assert isinstance(arm.scores["mrr"], Samples)
    assert 24 == len(arm.scores["mrr"].ids)
    assert "mrr: 1 of 2 subtasks of the group do not have this metric" in arm.warnings
    assert isinstance(arm.scores["mcc"], Summary)
    assert "mcc: 1 of 2 subtasks of the group do not have this metric" in arm.warnings


def test_a_task_whose_metrics_are_asked_in_two_ways_gives_each_its_own_rows(unpacked: Path) -> None:
    arm = scores(unpacked / "model-a", "both_acc", "both_em_normalize_gold_stripped")
    assert [24, 24] == [len(found.ids) for found in arm.scores.values() if isinstance(found, Samples)]


@pytest.mark.parametrize("key", ["length_fifth", "length_median", "mcc"])
def test_what_is_no_mean_of_its_samples_counts_as_a_bare_number(unpacked: Path, key: str) -> None:
    arm = scores(unpacked / "model-b", key)
    task = "digits:high|0" if key == "mcc" else "sums|0"
    assert Summary(value=Decimal(repr(own(unpacked / "model-b", task)[key]))) == arm.scores[key]
    assert any("so its standard error is not used" in warning for warning in arm.warnings)


def test_a_bootstrapped_standard_error_is_some_31_times_too_small(unpacked: Path) -> None:
    """Why none is used: lighteval writes that of the mean of 1,000 resamples, for that of one."""
    found = scores(unpacked / "model-b", "length").scores["length"]
    assert isinstance(found, Samples)
    values = [float(score) for score in found.scores]
    chance = Random(7)
    resampled = [median(chance.choices(values, k=len(values))) for _ in range(4000)]
    written = own(unpacked / "model-b", "sums|0")["length_median_stderr"]
    assert 25 < stdev(resampled) / written < 40


def test_a_mean_in_the_name_of_a_fold_makes_no_standard_error_of_a_mean(unpacked: Path) -> None:
    """lighteval takes `mean_fifth` for a mean: the fifth has the standard error of the whole."""
    values = own(unpacked / "model-b", "sums|0")
    assert values["length_fifth_stderr"] == values["length_stderr"] > 0
    found = scores(unpacked / "model-b", "length_fifth").scores["length_fifth"]
    assert isinstance(found, Summary)
    assert found.stderr is None


# without details


def test_without_details_a_mean_keeps_its_standard_error_and_nothing_else(
    unpacked: Path, tmp_path: Path
) -> None:
    run = without_details(Path(shutil.copytree(unpacked / "model-b", tmp_path / "run")))
    arm = scores(run, "em")
    values = own(run, "sums|0")
    assert arm.scores["em"] == Summary(
        value=Decimal(repr(values["em"])), stderr=Decimal(repr(values["em_stderr"]))
    )
    samples = scores(unpacked / "model-b", "em").scores["em"]
    assert isinstance(samples, Samples)
    each = [float(score) for score in samples.scores]
    assert values["em_stderr"] == pytest.approx(stdev(each) / sqrt(len(each)), rel=1e-9)
    lost = "nothing pairs and n is unknown: run lighteval with --save-details"
    assert [True] == [lost in warning for warning in arm.warnings]


def test_without_details_a_group_is_unknown(run: Path) -> None:
    found = scores(without_details(run), "digits_acc", "em").scores["digits_acc"]
    assert isinstance(found, Unusable)
    assert Reason.INVALID_VALUE == found.reason
    assert "a group's own value weighs every subtask alike" in found.message


def test_a_group_with_the_details_of_one_subtask_is_unknown(run: Path) -> None:
    details_of(run, "digits:high|0").unlink()
    found = scores(run, "digits_acc", "em").scores["digits_acc"]
    assert isinstance(found, Unusable)
    assert 'no details of "digits:high|0"' in found.message


def test_the_average_of_everything_is_no_task(run: Path) -> None:
    assert "holds none of the declared metrics all_acc" in detail(run, "all_acc")
    assert "holds none of the declared metrics" in detail(run, "digits__average_acc")


# names


def test_a_metric_of_several_tasks_has_to_be_distinguished(unpacked: Path) -> None:
    found = scores(unpacked / "model-a", "acc", "em").scores["acc"]
    assert isinstance(found, Unusable)
    assert 'several tasks: "both", "digits"; put the task before it, such as both_acc' in found.message


@pytest.mark.parametrize(
    ("key", "count"), [("digits_low_acc", 24), ("digits_acc", 39), ("sums_em", 40), ("em", 40)]
)
def test_a_key_may_name_the_task_or_the_group(unpacked: Path, key: str, count: int) -> None:
    found = scores(unpacked / "model-a", key).scores[key]
    assert isinstance(found, Samples)
    assert count == len(found.ids)


def test_what_nobody_asks_for_is_listed_with_its_task(unpacked: Path) -> None:
    listed = scores(unpacked / "model-a", "em").unnamed
    assert {"digits:low/mrr", "sums/length", "both/em:normalize_gold=stripped"} < set(listed)
    assert "sums/em" not in listed


def test_file_names_that_an_artifact_store_took_apart_are_known_again(run: Path) -> None:
    for path in list(run.rglob("*.parquet")):
        path.rename(path.with_name(path.name.replace("|", "_").replace(":", "-")))
    assert isinstance(scores(run, "em").scores["em"], Samples)


# comparability


def test_addresses_in_a_configuration_make_no_difference(unpacked: Path) -> None:
    keys = "both_em_normalize_gold_stripped", "mcc"
    configs = [json.loads(results_of(unpacked / model).read_text()) for model in ("model-a", "model-b")]
    assert configs[0]["config_tasks"] != configs[1]["config_tasks"]
    arms = [scores(unpacked / model, *keys) for model in ("model-a", "model-b")]
    assert () == compare_provenance(*arms).mismatches


def test_the_same_answers_by_another_number_of_examples_are_not_comparable(unpacked: Path, run: Path) -> None:
    def one_example(document: Any) -> None:
        document["config_tasks"]["sums|0"]["num_fewshots"] = 1

    change(results_of(run), one_example)
    mismatches = compare_provenance(scores(unpacked / "model-a", "em"), scores(run, "em")).mismatches
    assert ["task_config"] == [mismatch.partition(":")[0] for mismatch in mismatches]


def test_other_questions_are_not_comparable_even_without_details(unpacked: Path, run: Path) -> None:
    def other_hash(document: Any) -> None:
        document["summary_tasks"]["sums|0"]["hashes"]["hash_examples"] = "0" * 16

    change(results_of(run), other_hash)
    arms = scores(unpacked / "model-a", "em"), scores(without_details(run), "em")
    mismatches = compare_provenance(*arms).mismatches
    assert ["questions"] == [mismatch.partition(":")[0] for mismatch in mismatches]


def test_other_right_answers_are_not_comparable(unpacked: Path, run: Path) -> None:
    rewrite(details_of(run, "sums|0"), lambda rows: rows[0]["doc"].update(gold_index=3))
    mismatches = compare_provenance(scores(unpacked / "model-a", "em"), scores(run, "em")).mismatches
    assert ["answers"] == [mismatch.partition(":")[0] for mismatch in mismatches]


def test_another_instruction_is_another_input(unpacked: Path, run: Path) -> None:
    def instruct(rows: list[Any]) -> None:
        for row in rows:
            row["doc"]["instruction"] = "Think twice."

    rewrite(details_of(run, "sums|0"), instruct)
    mismatches = compare_provenance(scores(unpacked / "model-a", "em"), scores(run, "em")).mismatches
    assert ["em: the question text of 40 samples differs, of 40 in baseline and variant"] == [
        one.partition(" (")[0] for one in mismatches
    ]


def test_a_run_says_which_model_it_was(unpacked: Path) -> None:
    told = scores(unpacked / "model-b", "em").provenance
    assert ("org/model-b", "main", "sums|0 version 1") == tuple(
        told[name] for name in ("model", "model_revision", "tasks")
    )


# what is given


def test_a_results_file_finds_its_details_beside_its_folder(unpacked: Path) -> None:
    arm = read(results_of(unpacked / "model-a"), "em")
    assert isinstance(arm.scores.scores["em"], Samples)
    assert 2 == len(arm.report.digests)


def test_a_results_file_alone_is_read_alone(run: Path, tmp_path: Path) -> None:
    alone = shutil.copy(results_of(run), tmp_path)
    assert isinstance(scores(Path(alone), "em").scores["em"], Summary)


def test_of_two_runs_none_is_chosen(run: Path) -> None:
    results = results_of(run)
    shutil.copy(results, results.with_name("results_2026-01-01T00-00-00.000000.json"))
    said = detail(run, "em")
    assert "holds the results of 2 runs of lighteval: " in said
    assert "name one of these files" in said
    assert isinstance(read(results, "em").scores.scores["em"], Samples)


def test_details_of_another_run_are_not_read(run: Path) -> None:
    results = results_of(run)
    results.rename(results.with_name("results_2026-01-01T00-00-00.000000.json"))
    assert isinstance(scores(run, "em").scores["em"], Summary)


def test_a_folder_without_results_says_what_to_name(run: Path) -> None:
    assert "holds no results_<time>.json, which lighteval writes" in detail(run / "details", "em")


def test_a_task_that_was_dropped_is_unknown_and_not_0(run: Path) -> None:
    """lighteval goes on without a task that it could not load, and exits 0."""
    change(results_of(run), lambda document: document["results"].pop("sums|0"))
    found = scores(run, "em", "mrr").scores["em"]
    assert isinstance(found, Unusable)
    assert 'lighteval was to evaluate "sums|0", and reports nothing of it' in found.message


# hostile


def test_a_value_that_its_details_do_not_give_fails_the_arm(run: Path) -> None:
    change(results_of(run), lambda document: document["results"]["sums|0"].update(em=0.9))
    assert 'the value 0.9 of "sums|0" contradicts the mean of its details, 0.05' in detail(run, "em")


def test_a_value_of_a_subtask_is_held_against_its_details_too(run: Path) -> None:
    change(results_of(run), lambda document: document["results"]["digits:low|0"].update(acc=0.9))
    assert 'the value 0.9 of "digits:low|0" contradicts' in detail(run, "digits_acc")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda rows: rows[0]["metric"].update(em=2.0), "scores outside [0, 1]: 1"),
        (lambda rows: rows[0]["metric"].update(em=float("nan")), "scores that are not numbers: 1"),
        (lambda rows: rows[0]["metric"].update(em=float("inf")), "scores that are not numbers: 1"),
        (
            lambda rows: rows[0]["metric"].update(em=1e300),
            "scores beyond ±1e15, 30 digits or 100 decimals: 1",
        ),
        (lambda rows: rows[0]["metric"].update(em=None), 'samples without "score": 1'),
        (lambda rows: rows.append(rows[3]), "ids that stand more than once: 1"),
        (lambda rows: rows.extend(rows[:]), "ids that stand more than once: 40"),
    ],
    ids=["out of range", "nan", "infinite", "enormous", "missing", "one twice", "all twice"],
)
def test_a_bad_score_makes_its_metric_unknown(
    run: Path, how: Callable[[list[Any]], object], said: str
) -> None:
    rewrite(details_of(run, "sums|0"), how)
    arm = scores(run, "em", "length")
    found = arm.scores["em"]
    assert isinstance(found, Unusable)
    assert said in found.message
    assert isinstance(arm.scores["length"], Unusable if "ids" in said else Samples)


def test_scores_that_are_texts_are_none(run: Path) -> None:
    def as_text(rows: list[Any]) -> None:
        for row in rows:
            row["metric"]["em"] = "1"

    rewrite(details_of(run, "sums|0"), as_text)
    found = scores(run, "em", "length").scores["em"]
    assert isinstance(found, Unusable)
    assert "scores that are not numbers: 40" in found.message


def test_true_and_false_are_1_and_0(run: Path) -> None:
    def as_truth(rows: list[Any]) -> None:
        for row in rows:
            row["metric"]["em"] = bool(row["metric"]["em"])

    rewrite(details_of(run, "sums|0"), as_truth)
    found = scores(run, "em").scores["em"]
    assert isinstance(found, Samples)
    assert {"0", "1"} == set(found.scores)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda rows: rows[0]["doc"].update(task_name="gsm8k|0"), 'rows of another task than "sums|0": 1'),
        (lambda rows: [row["doc"].pop("query") for row in rows], "rows whose doc has no id and query: 40"),
        (lambda rows: [row.pop("metric") for row in rows], "rows without doc and metric: 40"),
    ],
    ids=["another task", "no question", "no metric"],
)
def test_rows_that_are_no_details_fail_the_arm(
    run: Path, how: Callable[[list[Any]], object], said: str
) -> None:
    rewrite(details_of(run, "sums|0"), how)
    assert said in detail(run, "em")


def test_details_that_are_there_twice_fail_the_arm(run: Path) -> None:
    details = details_of(run, "sums|0")
    shutil.copy(details, details.with_name(details.name.replace("|", "_")))
    assert 'holds the details of "sums|0" twice' in detail(run, "em")


@pytest.mark.parametrize("which", [results_of, lambda run: details_of(run, "sums|0")])
def test_links_are_not_followed(run: Path, which: Callable[[Path], Path]) -> None:
    file = which(run)
    file.rename(run / "elsewhere")
    file.symlink_to(run / "elsewhere")
    assert "is a symbolic link" in detail(run, "em")


def test_a_folder_that_is_a_link_is_not_entered(run: Path) -> None:
    (run / "details").rename(run.parent / "elsewhere")
    (run / "details").symlink_to(run.parent / "elsewhere")
    assert isinstance(scores(run, "em").scores["em"], Summary)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "is not an object"),
        ("{}", "is not an object, as in a results file of lighteval"),
        ('{"results": {"a": 1, "b": 2}, "config_tasks": [], "config_general": {}}', "(and 1 more like it)"),
        ('{"results": {"a|0": {"em": NaN}}, "config_tasks": {}, "config_general": {}}', "NaN"),
        ('{"results": {}, "results": {}}', "results"),
        (
            '{"results": {}, "config_tasks": {}, "config_general": {}}',
            "holds none of the declared metrics em",
        ),
    ],
    ids=["a list", "nothing", "shapes", "nan", "a key twice", "no task"],
)
def test_a_results_file_that_is_none_fails_the_arm(run: Path, text: str, said: str) -> None:
    results_of(run).write_text(text)
    assert said in detail(run, "em")


def test_two_metrics_of_one_name_are_reported_and_not_chosen_from(run: Path) -> None:
    def same_name(document: Any) -> None:
        metrics = document["config_tasks"]["both|0"]["metrics"]
        for address in ("0x7f00", "0x7f01"):
            metrics.append({"metric_name": f"f=<function f at {address}>", "corpus_level_fn": "mean"})

    change(results_of(run), same_name)
    found = scores(run, "f_f", "em").scores["f_f"]
    assert isinstance(found, Unusable)
    assert 'called so more than once by "both|0"' in found.message


def test_one_task_with_two_numbers_of_examples_is_not_pooled(run: Path) -> None:
    def again(document: Any) -> None:
        for part in ("results", "config_tasks"):
            document[part]["sums|5"] = document[part]["sums|0"]

    change(results_of(run), again)
    found = scores(run, "em", "mrr").scores["em"]
    assert isinstance(found, Unusable)
    assert 'with several numbers of examples: "sums|0", "sums|5"' in found.message


def test_without_pyarrow_the_error_says_what_to_install(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "uv tool install '.[lighteval]'" in detail(run, "em")
    assert isinstance(scores(without_details(run), "em").scores["em"], Summary)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=6), inside, max_size=3),
    max_leaves=8,
)
METRIC = st.fixed_dictionaries(
    {},
    optional={"metric_name": st.sampled_from(["em", "f1"]) | JSON, "corpus_level_fn": st.just("mean") | JSON},
)
TASK = st.sampled_from(["sums|0", "a:b|0", "a:c|0", "all", "|", "x"])
DOCUMENT = st.fixed_dictionaries(
    {
        "config_general": st.dictionaries(st.sampled_from(["model_name", "model_config"]), JSON),
        "config_tasks": st.dictionaries(
            TASK, st.fixed_dictionaries({}, optional={"metrics": st.lists(METRIC, max_size=3) | JSON})
        ),
        "results": st.dictionaries(
            TASK, st.dictionaries(st.sampled_from(["em", "f1", "em_stderr"]), st.floats(0, 1) | JSON)
        ),
    },
    optional={"summary_tasks": JSON},
)


@given(DOCUMENT | JSON)
def test_any_results_file_ends_in_scores_or_in_an_error_that_says_why(document: Any) -> None:
    folder = MemoryFolder({"results_2026-01-01T00-00-00.json": json.dumps(document)})
    template = Template(version=1, name="a", script="b", metrics=["em"], results="lighteval")
    problems: tuple[Problem, ...] = ()
    try:
        arm = read_arm(template, {"em": a_metric("em")}, folder)
    except BrokenResults as broken:
        problems = broken.problems
    else:
        assert not isinstance(arm.scores["em"], Samples)
        assert all(isinstance(value, str) for value in arm.provenance.values())
    assert all(problem.message and problem.help for problem in problems)


DOC = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["0", "1"]) | JSON,
        "query": st.text(max_size=4) | JSON,
        "task_name": st.just("sums|0") | JSON,
        "choices": st.lists(st.text(max_size=3)) | JSON,
        "gold_index": st.integers(-3, 3) | JSON,
        "fewshot_samples": st.lists(JSON) | JSON,
    },
)
ROW = st.fixed_dictionaries(
    {}, optional={"doc": DOC | JSON, "metric": st.dictionaries(st.just("em"), st.floats(0, 1) | JSON) | JSON}
)


@given(st.lists(ROW | JSON, max_size=6))
def test_any_rows_end_in_samples_or_in_an_error_that_says_why(rows: list[Any]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    problems: tuple[Problem, ...] = ()
    try:
        found = read_details("details.parquet", iter([text]), task="sums|0", metrics=["em"])
    except BrokenResults as broken:
        problems = broken.problems
    else:
        assert len(found.columns["em"].ids) >= len(found.answers)
    assert all(problem.message and problem.help for problem in problems)


@given(st.permutations(range(40)))
@settings(max_examples=10)
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    rows = [
        {
            "doc": {"id": str(number // 2), "query": f"{number}?", "task_name": "t|0"},
            "metric": {"em": number % 2},
        }
        for number in range(40)
    ]
    lines = [json.dumps(rows[place]).encode() + b"\n" for place in order]
    found = read_details("d.parquet", iter(lines), task="t|0", metrics=["em"])
    pairs = sorted(zip(found.columns["em"].ids, found.columns["em"].scores, strict=True))
    expected = read_details(
        "d.parquet", iter([json.dumps(row).encode() + b"\n" for row in rows]), task="t|0", metrics=["em"]
    )
    assert sorted(zip(expected.columns["em"].ids, expected.columns["em"].scores, strict=True)) == pairs
    assert sorted(expected.answers) == sorted(found.answers)


def test_samples_have_the_ids_and_inputs_that_an_arm_run_here_gives_them() -> None:
    """So that a recorded baseline pairs with a run made elsewhere."""
    example = {"query": "1 + 1 =", "choices": ["2", "3"], "gold_index": [0]}
    doc = {
        "id": "7",
        "query": "2 + 2 = é",
        "instruction": "Add.",
        "choices": [" 4", " 5"],
        "gold_index": 0,
        "unconditioned_query": None,
        "specific": None,
        "images": None,
    }
    one_example = SimpleNamespace(**example, get_golds=lambda: ["2"])
    (expected,) = identify("sums", [SimpleNamespace(**doc, fewshot_samples=[one_example])], in_group=False)
    found = read_as_written(json.dumps({**doc, "fewshot_samples": [example]}))
    assert (expected.id, expected.input) == (id_of(found), input_of(found))


def read_wanted(path: Path, tasks: dict[str, str]) -> ArmScores:
    """`acc` of these tasks, by the metric's name in each, as a template asks that names its task."""
    with ResultsFolder(path) as folder:
        metrics = {"acc": a_metric("acc")}
        return read_lighteval(ArmFiles(folder), folder.names(), metrics, wanted={"acc": tasks})


def test_a_template_that_names_its_task_gets_that_task_and_no_other(unpacked: Path) -> None:
    alone = read_wanted(unpacked / "model-a", {"digits:low|0": "acc"}).scores["acc"]
    group = read_wanted(unpacked / "model-a", {"digits:low|0": "acc", "digits:high|0": "acc"}).scores["acc"]
    assert isinstance(alone, Samples)
    assert isinstance(group, Samples)
    assert (24, None) == (len(alone.ids), alone.clusters)
    assert (39, {"digits:low", "digits:high"}) == (len(group.ids), set(group.clusters or ()))


def test_a_part_of_a_group_is_not_the_group(unpacked: Path) -> None:
    found = read_wanted(unpacked / "model-a", {"digits:low|0": "acc", "digits:middle|0": "acc"}).scores["acc"]
    assert isinstance(found, Unusable)
    assert 'is not in the run of "digits:middle|0"' == found.message


def test_another_number_of_examples_is_another_task(unpacked: Path) -> None:
    found = read_wanted(unpacked / "model-a", {"sums|5": "em"}).scores["acc"]
    assert isinstance(found, Unusable)
    assert 'is not in the run of "sums|5"; it evaluated "sums|0"' == found.message


def test_a_task_that_nobody_ran_reports_nothing(unpacked: Path) -> None:
    with pytest.raises(BrokenResults, match="holds none of the declared metrics acc"):
        read_wanted(unpacked / "model-a", {"gsm8k|0": "acc"})


def test_bad_scores_of_several_subtasks_are_reported_together(run: Path) -> None:
    for part in ("low", "high"):
        rewrite(details_of(run, f"digits:{part}|0"), lambda rows: rows[0]["metric"].update(acc=None))
    found = scores(run, "digits_acc", "em").scores["digits_acc"]
    assert isinstance(found, Unusable)
    assert found.message.startswith('samples without "score": 2 (')


def test_a_group_of_what_is_no_mean_is_unknown(run: Path) -> None:
    def largest(document: Any) -> None:
        for part in ("low", "high"):
            document["config_tasks"][f"digits:{part}|0"]["metrics"][0]["corpus_level_fn"] = "max"

    change(results_of(run), largest)
    found = scores(run, "digits_acc", "em").scores["digits_acc"]
    assert isinstance(found, Unusable)
    assert 'lighteval reports "max" of this metric\'s, not their mean' in found.message


def test_a_key_that_could_mean_two_metrics_means_none(run: Path) -> None:
    def another(document: Any) -> None:
        document["config_tasks"]["both|0"]["metrics"].append(
            {"metric_name": "f@1", "corpus_level_fn": "mean"}
        )
        document["config_tasks"]["both|0"]["metrics"].append(
            {"metric_name": "f:1", "corpus_level_fn": "mean"}
        )

    change(results_of(run), another)
    found = scores(run, "f_1", "em").scores["f_1"]
    assert isinstance(found, Unusable)
    assert 'stands for "f@1", "f:1"' in found.message


def test_metrics_that_are_computed_together_are_distinguished(run: Path) -> None:
    """lighteval writes a list of names, and a fold for each or one for all."""

    def together(document: Any) -> None:
        metrics = document["config_tasks"]["sums|0"]["metrics"]
        names = [metric["metric_name"] for metric in metrics[:2]]
        metrics[:2] = [{"metric_name": names, "corpus_level_fn": {"em": "mean", names[1]: "max"}}]

    change(results_of(run), together)
    arm = scores(run, "em", "extractive_match")
    assert [Samples, Summary] == [type(found) for found in arm.scores.values()]


def test_a_results_file_of_another_name_has_no_details(run: Path) -> None:
    renamed = results_of(run).rename(run / "mine.json")
    assert isinstance(scores(renamed, "em").scores["em"], Summary)


def a_lighteval_template(task: str, **changes: Any) -> Template:
    fields: dict[str, Any] = {
        "version": 1,
        "name": "suite",
        "runtime": "lighteval",
        "task": task,
        "custom_tasks": "evaluation/tasks.py",
        "model": {"backend": "accelerate"},
        "metrics": ["em"],
    }
    return Template(**(fields | changes))


def handed_in(template: Template, path: Path) -> Arm:
    return read_handed_in(template, {key: a_metric(key) for key in template.metrics}, path)


def test_a_template_of_lighteval_takes_what_lighteval_left_elsewhere(unpacked: Path) -> None:
    template = a_lighteval_template("sums", metrics=["right"], names={"right": "em"})
    for path in (unpacked / "model-a", results_of(unpacked / "model-a")):
        found = handed_in(template, path).scores.scores["right"]
        assert isinstance(found, Samples)
        assert 40 == len(found.ids)


def test_and_not_what_it_left_with_another_number_of_examples(unpacked: Path) -> None:
    found = handed_in(a_lighteval_template("sums", few_shot=5), unpacked / "model-a").scores.scores["em"]
    assert isinstance(found, Unusable)
    assert 'not in the run of "sums|5"; it evaluated "sums|0"' in found.message


def test_a_template_of_lighteval_takes_what_an_arm_left_here(unpacked: Path, tmp_path: Path) -> None:
    elsewhere = handed_in(a_lighteval_template("sums"), unpacked / "model-a").scores
    there = elsewhere.scores["em"]
    assert isinstance(there, Samples)
    assert there.inputs is not None
    rows = [
        {"id": id_, "score": float(score), "input": asked}
        for id_, score, asked in zip(there.ids, there.scores, there.inputs, strict=True)
    ]
    document = {"schema": "remyx-results/1", "metrics": {"em": {"samples": rows}}}
    (tmp_path / "results.json").write_text(json.dumps(document))
    for path in (tmp_path, tmp_path / "results.json"):
        here = handed_in(a_lighteval_template("sums"), path).scores
        assert isinstance(here.scores["em"], Samples)
        assert () == compare_provenance(here, elsewhere).mismatches


def test_a_group_of_the_list_has_to_be_whole(run: Path) -> None:
    """mmlu has 57 subtasks: a run of some of them is another measure."""

    def some(document: Any) -> None:
        for part in ("results", "config_tasks"):
            document[part] = {f"mmlu:{name}|5": document[part]["sums|0"] for name in ("anatomy", "astronomy")}

    change(results_of(run), some)
    template = a_lighteval_template("mmlu", few_shot=5, custom_tasks=None)
    found = handed_in(template, run).scores.scores["em"]
    assert isinstance(found, Unusable)
    assert 'is not in the run of "mmlu:abstract_algebra|5"' in found.message
    assert "and 50 more" in found.message
