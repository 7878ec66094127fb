"""Every folder of tests/examples/results, read; and arbitrary files, which end in scores or BrokenResults."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.errors import NotJudged
from remyx_action.evidence.comparability import compare_provenance
from remyx_action.project.files.json_text import NumberText
from remyx_action.project.models import ResultsMap, Template
from remyx_action.project.models.metrics import ExactBaseline, RecordedBaseline
from remyx_action.readers import CAP_BYTES, BrokenResults, read_arm, recorded_baseline
from remyx_action.readers.entry import Contradiction, Entry, scored
from remyx_action.readers.samples import beyond_limits, beyond_range, point_of
from remyx_action.readers.scores import ArmScores, Exact, Reason, Samples, Summary, Unusable
from remyx_action.sources.disk import ResultsFolder
from support.folders import MemoryFolder
from support.metrics import a_metric

EXAMPLES = Path(__file__).parents[1] / "examples" / "results"
CASES = sorted(path.parent for path in EXAMPLES.glob("*/expected.yaml"))


def a_template(results: ResultsMap | Literal["lighteval"] | None = None) -> Template:
    return Template(
        version=1, name="suite", script="evaluate.py", metrics=["spatialscore", "mindcube"], results=results
    )


METRICS = {
    "spatialscore": a_metric("spatialscore", scores="binary"),
    "mindcube": a_metric("mindcube"),
}
POINTED = ResultsMap(
    file="benchmark_report.json",
    rows="/benchmarks/{metric}/per_item",
    id="/id",
    score="/score",
    value="/summary/{metric}",
    n="/benchmarks/{metric}/total",
)
TEMPLATES = {
    "native": a_template(),
    "pointed": a_template(POINTED),
    "lighteval": a_template("lighteval"),
}


def opener(**files: bytes | str) -> MemoryFolder:
    """A folder in memory; `results` stands for results.json, other names have `__` for the dot."""
    named = {"results.json" if name == "results" else name.replace("__", "."): files[name] for name in files}
    return MemoryFolder(named)


def read(document: Any, **siblings: str) -> ArmScores:
    return read_arm(TEMPLATES["native"], METRICS, opener(results=json.dumps(document), **siblings))


def read_pointed(document: Any) -> ArmScores:
    return read_arm(TEMPLATES["pointed"], METRICS, opener(benchmark_report__json=json.dumps(document)))


def results(**metrics: Any) -> dict[str, Any]:
    return {"schema": "remyx-results/1", "metrics": metrics}


def test_there_are_enough_hostile_results() -> None:
    assert len(CASES) >= 35


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_folder_of_results_is_read_as_expected(case: Path) -> None:
    expected = yaml.safe_load((case / "expected.yaml").read_text())
    template = TEMPLATES[expected["policy"]]

    def read_one(arm: str) -> ArmScores:
        with ResultsFolder(case / arm) as folder:
            return read_arm(template, METRICS, folder, cap_bytes=expected.get("cap_bytes", CAP_BYTES))

    if expected["exit"] == 4:
        with pytest.raises(NotJudged) as caught:
            list(map(read_one, ("baseline", "variant")))
        said = f"{caught.value.message}\n{caught.value.help}"
    else:
        baseline, variant = read_one("baseline"), read_one("variant")
        reasons = {
            key: str(scores.reason) for key, scores in variant.scores.items() if isinstance(scores, Unusable)
        }
        assert expected.get("reasons", {}) == reasons
        if "unnamed" in expected:
            assert expected["unnamed"] == list(variant.unnamed)
        unusable = [scores.message for scores in variant.scores.values() if isinstance(scores, Unusable)]
        said = "\n".join([*unusable, *variant.warnings, *compare_provenance(baseline, variant).mismatches])
    assert [] == [message for message in expected["messages"] if message not in said], said


def test_samples_keep_their_literals() -> None:
    text = (
        '{"schema":"remyx-results/1","metrics":{"mindcube":{"value":0.5,"samples":['
        '{"id":7,"score":1e-1,"cluster":3,"output":"é"},{"id":"b","score":0.90,"cluster":"x","input":[1]}]}}}'
    )
    arm = read_arm(TEMPLATES["native"], METRICS, opener(results=text))
    assert arm.scores["mindcube"] == Samples(
        ids=["7", "b"],
        scores=["1e-1", "0.90"],
        clusters=["3", "x"],
        inputs=[None, "[1]"],
        outputs=["é", None],
    )


def test_numbers_without_samples_become_a_summary_and_pass_an_odd_standard_error_on() -> None:
    arm = read(results(mindcube={"value": 0.5, "n": 10, "stderr": -0.2, "clusters": 4}))
    assert arm.scores["mindcube"] == Summary(value=Decimal("0.5"), n=10, stderr=Decimal("-0.2"), clusters=4)
    assert arm.scores["spatialscore"] == Unusable(
        reason=Reason.MISSING_METRIC, message="results.json does not report it"
    )


def test_what_nothing_reads_is_reported() -> None:
    arm = read(
        {**results(mindcube={"value": 0.5, "vlaue": 1}, bleu={}), "extra": 1, "provenance": {"judge": "m"}}
    )
    assert arm.unnamed == ("bleu",)
    assert arm.warnings == (
        'keys at the top that nothing reads: "extra"',
        'keys in mindcube that nothing reads: "vlaue"',
    )
    assert arm.provenance == {"judge": "m"}


def test_every_contradiction_and_every_bad_path_is_reported_at_once() -> None:
    contradiction = {"value": 0.9, "samples": [{"id": "a", "score": 1}, {"id": "b", "score": 0}]}
    with pytest.raises(BrokenResults) as caught:
        read(results(mindcube=contradiction, spatialscore=contradiction))
    assert [problem.code for problem in caught.value.problems] == ["value-contradicts-samples"] * 2
    with pytest.raises(BrokenResults) as caught:
        read(results(mindcube={"samples": "../a"}, spatialscore={"samples": "b"}))
    assert sorted(problem.code for problem in caught.value.problems) == ["no-file", "not-beside"]


def test_an_opener_that_fails_is_a_broken_arm() -> None:
    class Refusing(MemoryFolder):
        def __call__(self, name: str) -> Iterator[bytes]:
            raise PermissionError(13, "Permission denied", name)

    with pytest.raises(BrokenResults, match=r"results.json:1:1: cannot be read: permission denied"):
        read_arm(TEMPLATES["native"], METRICS, Refusing({}))


def test_another_file_is_read_where_it_is_named() -> None:
    arm = read_arm(
        TEMPLATES["native"],
        METRICS,
        opener(mine__json=json.dumps(results(mindcube={"value": 0.5}))),
        file="mine.json",
    )
    assert arm.scores["mindcube"] == Summary(value=Decimal("0.5"))


@pytest.mark.parametrize(
    ("mapping", "document", "expected", "unnamed"),
    [
        ({"value": "/{metric}"}, {"mindcube": 0.5, "x": 1}, Summary(value=Decimal("0.5")), ("x",)),
        ({"value": "/acc_{metric}_mean"}, {"acc_mindcube_mean": 0.5, "acc_b_mean": 1, "c": 2},
         Summary(value=Decimal("0.5")), ("b",)),
        ({"value": "/0/{metric}/a~1b~0c"}, [{"mindcube": {"a/b~c": 0.5}}], Summary(value=Decimal("0.5")), ()),
        ({"value": "/v", "stderr": "/s"}, {"v": 0.5, "s": 0.1},
         Summary(value=Decimal("0.5"), stderr=Decimal("0.1")), ()),
        ({"value": "/{metric}", "names": {"mindcube": "mindcube/tiny"}},
         {"mindcube/tiny": 0.5, "mindcube": 1},
         Summary(value=Decimal("0.5")), ("mindcube",)),
        ({"rows": "/{metric}", "id": "/qid", "score": "/hit", "cluster": "/kind"},
         {"mindcube": [{"qid": 1, "hit": 1, "kind": "a", "repeat": 1}]},
         Samples(ids=["1"], scores=["1"], clusters=["a"]), ()),
    ],
)  # fmt: skip
def test_a_mapping_reads_foreign_files(
    mapping: dict[str, Any], document: Any, expected: Any, unnamed: tuple[str, ...]
) -> None:
    template = a_template(ResultsMap(file="r.json", **mapping))
    metrics = {"mindcube": METRICS["mindcube"]}
    arm = read_arm(template, metrics, opener(r__json=json.dumps(document)))
    assert (arm.scores["mindcube"], arm.unnamed) == (expected, unnamed)


@pytest.mark.parametrize("pointer", ["/00/x", "/01", "/-1", "/2", "/1/x", "/x"])
def test_a_pointer_that_finds_nothing_leaves_the_metric_out(pointer: str) -> None:
    template = a_template(ResultsMap(file="r.json", value=pointer))
    with pytest.raises(BrokenResults, match="holds none of the declared metrics"):
        read_arm(template, METRICS, opener(r__json="[1, 2]"))


@pytest.mark.parametrize(
    ("value", "agrees"),
    [
        ("0.3", True),
        ("0.33", True),
        ("0.333", True),
        ("0.34", False),
        ("0.333333333", True),
        ("0.33333333433", True),
        ("0.33333333533", False),
        ("33.3e-2", True),
        ("0", True),
        ("1", False),
    ],
)
def test_a_value_agrees_with_its_samples_to_half_a_unit_of_its_last_digit(value: str, agrees: bool) -> None:
    text = (
        '{"schema":"remyx-results/1","metrics":{"mindcube":{"value":%s,"samples":['
        '{"id":1,"score":1},{"id":2,"score":0},{"id":3,"score":0}]}}}'
    )
    open_file = opener(results=text % value)
    if agrees:
        assert isinstance(read_arm(TEMPLATES["native"], METRICS, open_file).scores["mindcube"], Samples)
    else:
        with pytest.raises(BrokenResults, match="contradicts the mean"):
            read_arm(TEMPLATES["native"], METRICS, open_file)


def test_the_point_is_the_mean_of_means_or_the_declared_quantile() -> None:
    samples = Samples(
        ids=["a", "b", "a", "c"], scores=["1", "0.5", "0", "0.10"], repeats=["1", "1", "2", "1"]
    )
    assert str(point_of(samples, None)) == "11/30"
    assert str(point_of(samples, "p50")) == "1/2"
    assert str(point_of(samples, "p1")) == "1/10"
    latencies = Samples(ids=list("abcdefghij"), scores=[str(n) for n in range(10, 0, -1)])
    assert [point_of(latencies, p) for p in ("p10", "p11", "p50", "p95", "p99")] == [1, 2, 5, 10, 10]
    with pytest.raises(Contradiction, match="contradicts the p50 of its samples, 5"):
        scored(
            Entry(numbers={"value": NumberText("6")}, samples=_columns(latencies)),
            a_metric("latency", range=None, aggregate="p50"),
        )


def _columns(samples: Samples) -> Any:
    from remyx_action.readers.columns import Columns

    return Columns(ids=list(samples.ids), scores=list(samples.scores))


def test_a_count_that_is_not_the_number_of_samples_is_reported() -> None:
    arm = read(results(mindcube={"n": 9, "samples": [{"id": 1, "score": 1}, {"id": 2, "score": 1}]}))
    assert arm.warnings == ("mindcube: n says 9, there are samples of 2 ids",)


@given(st.from_regex(r"\A-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,5})?\Z"))
@settings(derandomize=True, deadline=None, max_examples=400)
def test_limits_are_exactly_what_they_say(literal: str) -> None:
    mantissa, _, exponent = literal.lower().partition("e")
    value = Decimal(literal)
    digits = len(value.as_tuple().digits)
    decimals = len(mantissa.partition(".")[2]) - int(exponent or 0)
    beyond = bool(value) and (abs(value) > Decimal(10) ** 15 or digits > 30 or decimals > 100)
    if value and len(exponent) <= 4:
        assert ({literal} if beyond else set()) == beyond_limits([literal])


@given(st.lists(st.decimals(min_value=-3, max_value=3, places=20)))
@settings(derandomize=True, deadline=None)
def test_ranges_are_held_exactly(values: list[Decimal]) -> None:
    low, high = Decimal("-0.1"), Decimal(1)
    literals = [f"{value:f}" for value in [*values, low, high, Decimal("1.00000000000000000001")]]
    expected = {literal for literal in literals if not low <= Decimal(literal) <= high}
    assert expected == beyond_range(literals, low, high)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["s.jsonl", "../s.jsonl", "remyx-results/1"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=4)
            | st.sampled_from(
                ["schema", "metrics", "provenance", "spatialscore", "mindcube", "samples", "value"]
            )
            | st.sampled_from(
                ["id", "score", "cluster", "repeat", "input", "output", "n", "stderr", "clusters"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


def _reads_or_breaks(template: str, document: bytes | str, sibling: bytes | str) -> bool:
    """Whether it ends in every metric's scores, or in problems that can be shown; anything else is raised."""
    open_file = opener(results=document, benchmark_report__json=document, s__jsonl=sibling)
    try:
        arm = read_arm(TEMPLATES[template], METRICS, open_file, cap_bytes=4000)
    except BrokenResults as broken:
        said = broken
    else:
        return list(arm.scores) == list(METRICS)
    return bool(said.problems) and all(line.isprintable() for line in said.message.split("\n"))


@given(st.sampled_from(["native", "pointed"]), st.binary(), st.binary())
@settings(derandomize=True, deadline=None)
def test_arbitrary_bytes_end_in_scores_or_broken_results(
    template: str, document: bytes, sibling: bytes
) -> None:
    assert _reads_or_breaks(template, document, sibling)


@pytest.mark.slow
@given(JSON, JSON, JSON, st.lists(JSON, max_size=3))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_arbitrary_trees_end_in_scores_or_broken_results(
    entry: Any, other: Any, provenance: Any, rows: list[Any]
) -> None:
    native = {**results(spatialscore=entry, mindcube=other), "provenance": provenance}
    lines = "\n".join(map(json.dumps, rows))
    assert _reads_or_breaks("native", json.dumps(native), lines)
    assert _reads_or_breaks("native", json.dumps({**native, "provenance": {}}), lines)
    assert _reads_or_breaks(
        "native", json.dumps(results(mindcube={"value": entry, "samples": "s.jsonl"})), lines
    )
    assert _reads_or_breaks("native", json.dumps(results(mindcube={"samples": rows, "n": entry})), lines)
    pointed = {"summary": {"mindcube": entry}, "benchmarks": {"mindcube": {"per_item": rows, "total": other}}}
    assert _reads_or_breaks("pointed", json.dumps(pointed), lines)
    assert _reads_or_breaks("pointed", json.dumps(entry), lines)


def _baseline(**changes: Any) -> bytes:
    document = {
        "schema": "remyx-baseline/1",
        "template": "suite",
        "metrics": {"mindcube": {"value": 0.5, "samples": [{"id": 1, "score": 0}, {"id": 2, "score": 1}]}},
        "provenance": {"judge": "m"},
    }
    return json.dumps(document | changes).encode()


def test_a_recorded_baseline_is_an_arm() -> None:
    arm = recorded_baseline("suite", _baseline(), METRICS).scores
    assert arm.scores["mindcube"] == Samples(ids=["1", "2"], scores=["0", "1"])
    assert isinstance(arm.scores["spatialscore"], Unusable)
    assert arm.provenance == {"judge": "m"}


@pytest.mark.parametrize(
    ("recorded", "message"),
    [
        (b"{", "ends in the middle of a value"),
        (_baseline(schema="remyx-results/1"), 'is "remyx-results/1", not "remyx-baseline/1"'),
        (_baseline(template="other"), 'is of the template "other", not suite'),
        (_baseline(when="yesterday"), 'unknown key "when"'),
        (_baseline(metrics={"mindcube": {"samples": "s.jsonl"}}), '"s.jsonl" is not a file in the folder of'),
        (_baseline(metrics={}), "holds none of the declared metrics"),
    ],
)
def test_a_recorded_baseline_that_is_wrong_is_not_used(recorded: bytes, message: str) -> None:
    with pytest.raises(BrokenResults) as caught:
        recorded_baseline("suite", recorded, METRICS)
    assert message in caught.value.message
    assert ".remyx/baselines/suite.json" in caught.value.message


def test_without_a_recorded_baseline_the_declared_numbers_count() -> None:
    metrics = {
        "bare": a_metric("bare", baseline=Decimal("0.42")),
        "measured": a_metric(
            "measured", baseline=RecordedBaseline(value=Decimal("0.31"), n=500, stderr=Decimal("0.02"))
        ),
        "bar": a_metric("bar", baseline=ExactBaseline(value=Decimal("0.9"), exact=True)),
        "none": a_metric("none"),
    }
    assert recorded_baseline("suite", None, metrics).scores.scores == {
        "bare": Summary(value=Decimal("0.42")),
        "measured": Summary(value=Decimal("0.31"), n=500, stderr=Decimal("0.02")),
        "bar": Exact(value=Decimal("0.9")),
        "none": Unusable(reason=Reason.NO_BASELINE, message="metrics.yaml gives it no baseline"),
    }


@settings(derandomize=True, deadline=None, max_examples=80)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "id": st.sampled_from(["a", "b", "c", "d", "e", 1, None]),
                "score": st.sampled_from([0, 1, 0.5, 7, "x", None]),
                "cluster": st.sampled_from(["k", 2.5]),
                "repeat": st.integers(0, 2),
            },
        ),
        min_size=1,
        max_size=9,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_does_not_change_the_report_on_them(
    rows: list[dict[str, Any]], random: Random
) -> None:
    shuffled = random.sample(rows, len(rows))
    said = []
    for order in (rows, shuffled):
        try:
            found = read_pointed({"benchmarks": {"mindcube": {"per_item": order}}}).scores["mindcube"]
        except BrokenResults as broken:
            said.append(broken.message)
        else:
            said.append(found.message if isinstance(found, Unusable) else "")
    assert said[0] == said[1]


def test_faulty_rows_are_numbered_in_the_warnings_alone() -> None:
    rows = [{"id": "b", "score": 1}, {"score": 1}, {"id": "a", "score": "x"}]
    arm = read_pointed({"benchmarks": {"mindcube": {"per_item": rows}}})
    found = arm.scores["mindcube"]
    assert isinstance(found, Unusable)
    assert 'samples without an id: 1; scores that are not numbers: 1 ("a": "x")' == found.message
    assert "mindcube: faulty samples by number: 2, 3" in arm.warnings


def test_a_fault_of_a_native_file_fails_the_arm() -> None:
    with pytest.raises(BrokenResults, match='mindcube: scores that are not numbers: 1 \\("a": "x"\\)'):
        read(results(mindcube={"samples": [{"id": "a", "score": "x"}, {"id": "b", "score": 1}]}))


def test_a_sample_with_an_error_or_a_null_is_missing_and_no_score() -> None:
    rows: list[dict[str, Any]] = [
        {"id": "a", "score": 1}, {"id": "b", "score": None}, {"id": "c", "error": "timed out"},
        {"id": "d", "score": 0, "error": {"message": "judge failed"}}, {"id": "e", "score": 0, "error": None},
        {"id": "f", "repeat": 1, "score": 1}, {"id": "f", "repeat": 2, "error": "out of memory"},
    ]  # fmt: skip
    for row in rows[:5]:
        row["repeat"] = 1
    arm = read(results(mindcube={"samples": rows}))
    found = arm.scores["mindcube"]
    assert isinstance(found, Samples)
    assert (["a", "e", "f"], ["1", "0", "1"]) == (list(found.ids), list(found.scores))
    assert {"b": "", "c": "timed out", "d": "judge failed"} == found.missing
    assert arm.warnings == (
        "mindcube: 1 repeat of an id has no score; the id's score is the mean of its other repeats",
    )
