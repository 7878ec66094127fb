"""`read`: engines are recognised, and the block that is printed reads the file when it is pasted."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from pyarrow import parquet

from remyx_action.commands.read import read
from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.models import ResultsMap
from remyx_action.readers.presets import presets
from support.lighteval_runs import a_run

EXAMPLES = Path(__file__).parents[1] / "examples" / "presets"
FILES = [
    ("lm-eval", "samples_gsm8k_2025-09-09T13-42-42.857006.jsonl", "exact_match: mean 0.791667 of 24 ids"),
    ("evalscope", "reviews/model/gpqa_diamond_default.jsonl", "acc: mean 0.8 of 10 ids"),
    ("inspect", "log.json", "choice: mean 0.6 of 5 ids"),
    ("promptfoo", "output.json", "score: mean 0.666667 of 3 ids"),
    ("ragas", "results.csv", "faithfulness: mean 0.404762 of 7 ids, 1 without a score"),
    (
        "pytest-benchmark",
        "output.json",
        "test_fib_10: value 0.00002408868133322941, without samples, n 385",
    ),
    ("hf-trainer", "trainer_state.json", "eval_wer: value 53.65"),
    ("openai-evals", "run.jsonl", "correct: mean 0.5 of 4 ids"),
]


@pytest.mark.parametrize(("engine", "file", "expected"), FILES)
def test_an_engine_is_recognised_and_its_block_works_when_pasted(
    engine: str, file: str, expected: str
) -> None:
    text = read(Path(), EXAMPLES / engine / "baseline" / file, template=None, preset=None).text()
    assert presets()[engine].engine in text
    assert expected in text
    pasted = yaml.safe_load(text[text.index("results:\n") :])["results"]
    assert engine == ResultsMap.model_validate(pasted).preset


ROWS = [{"id": number, "correct": number % 2 == 1, "user": {"id": 3}} for number in range(8)]
QUESTIONS = [{"question": f"What {number}?", "f1": 0.5} for number in range(4)]
SHAPES = [
    ("r.json", {"recall@5": 0.92, "mrr": 0.7, "model": "x"}, "recall_at_5: value 0.92, without samples", {}),
    ("r.json", {"items": [{"id": "a", "hit": 1}, {"id": "b", "hit": 0}]}, "hit: mean 0.5 of 2 ids", {}),
    ("r.json", [{"qid": 1, "f1": 0.5, "text": "?"}], "f1: mean 0.5 of 1 ids", {}),
    ("r.json", ROWS, "correct: mean 0.5 of 8 ids", {"grades": {"true": 1, "false": 0}}),
    ("r.json", {"results": {"version": 2, "results": QUESTIONS}}, "f1: mean 0.5 of 4 ids", {"id": "row"}),
    ("r.json", {"q1": {"score": 1, "answer": "x"}, "q2": {"score": 0, "answer": "y"}}, "score: mean 0.5", {}),
    (
        "r.json",
        {"date": "2025", "metrics": {"f1": 0.7}, "n": 9},
        "f1: value 0.7",
        {"value": "/metrics/{metric}"},
    ),
    ("r.json", {"_step": 9, "_runtime": 3.5, "eval/f1": 0.7}, "eval_f1: value 0.7", {}),
    (
        "r.json",
        {"f1": {"score": 0.7, "standard_error": 0.02}, "total_time_in_seconds": 3.5},
        "f1: value 0.7, without samples, standard error 0.02",
        {"value": "/{metric}/score"},
    ),
    (
        "r.jsonl",
        '{"id": 1, "scores": {"em": 1}}\n{"id": 2, "scores": {"em": 0}}\n',
        "em: mean 0.5 of 2 ids",
        {},
    ),
    ("r.jsonl", '{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.5}\n', "loss: value 1.5", {"take": "last"}),
    ("r.csv", '\ufeff"id";"f1"\r\n"a;b";"0.5"\r\n"c";1\r\n', "f1: mean 0.75 of 2 ids", {}),
    ("r.csv", "id,passed\na,Yes\nb,No\n", "passed: mean 0.5 of 2 ids", {"grades": {"Yes": 1, "No": 0}}),
    (
        "r.json",
        '{"q1": {"score": 1.0}, "q2": {"score": NaN}}',
        'score: scores that are not numbers: 1 ("q2"',
        {},
    ),
    ("r.json", '{"f1": {"score": 1.0}, "em": {"score": NaN}}', 'em: value is not a number: "NaN"', {}),
    (
        "r.json",
        {"q1": 1, "q2": 0, "q3": None},
        "score: mean 0.5 of 2 ids, 1 without",
        {"rows": "", "score": ""},
    ),
    ("r.json", {"q1": {"f1": 0.5}, "q2": None}, "f1: mean 0.5 of 1 ids, 1 without", {"score": "/{metric}"}),
    (
        "r.json",
        {"em": {"What?": True, "Who?": False}, "hit": {"What?": False, "Who?": True}},
        "hit: mean 0.5 of 2 ids",
        {"rows": "/{metric}", "score": "", "grades": {"true": 1, "false": 0}},
    ),
    ("r.json", {"bleu": 0.3, "per_item": {"doc-1": 0.2, "doc-2": 0.4}}, "score: mean 0.3 of 2 ids", {}),
    ("r.json", {"rouge1": 0.3, "rouge2": 0.2}, "rouge2: value 0.2, without samples", {}),
    ("r.csv", ",question,f1\n0,What?,0.5\n1,Who?,1\n", "f1: mean 0.75 of 2 ids", {"id": "row"}),
    (
        "r.json",
        {"summary": {"passed": 1}, "tests": [{"nodeid": "a.py::b", "outcome": "passed"}]},
        "outcome: mean 1 of 1 ids",
        {"id": "/nodeid"},
    ),
    ("r.jsonl", '{"id": 1, "f1": NaN}\n{"id": 2, "f1": 0.5}\n', "f1: scores that are not numbers: 1", {}),
    ("r.csv", "question,faithfulness\nWhat?,0.5\nWho?,\n", "faithfulness: mean 0.5 of 1 ids, 1 without", {}),
]


@pytest.mark.parametrize(("file", "content", "expected", "in_block"), SHAPES)
def test_a_file_of_no_engine_is_read_by_its_shape(
    tmp_path: Path, file: str, content: object, expected: str, in_block: dict[str, object]
) -> None:
    (tmp_path / file).write_text(content if isinstance(content, str) else json.dumps(content))
    text = read(tmp_path, tmp_path / file, template=None, preset=None).text()
    assert "of no engine that is known" in text
    assert expected in text
    pasted = yaml.safe_load(text[text.index("results:\n") :])["results"]
    assert pasted | in_block == pasted
    ResultsMap.model_validate(pasted)


LISTED = [{"name": "f1", "value": 0.5}, {"name": "em", "value": 1}]
DEEPER = [
    ("r.jsonl", [{"id": 1, "scores": LISTED}, {"id": 2, "scores": LISTED[::-1]}], "em: mean 1 of 2 ids, \n"),
    (
        "r.json",
        {"run": [{"id": 1, "evals": LISTED}, {"id": 2, "evals": []}]},
        "f1: mean 0.5 of 1 ids, 1 without",
    ),
    ("r.jsonl", [{"id": 1, "evals": {"f1": {"score": 0.5, "reason": "x"}}}], "f1: mean 0.5 of 1 ids"),
    ("r.csv", "id,metric,value\n1,em,1\n1,f1,0.5\n2,em,0\n2,f1,1\n", "f1: mean 0.75 of 2 ids"),
    (
        "r.jsonl",
        [{"id": 1, "turn": 1, "score": 8}, {"id": 1, "turn": 2, "score": 6}],
        "score: mean 7 of 1 ids, 2",
    ),
    ("r.json", {"id": ["a", "b"], "f1": [0.5, None]}, "f1: mean 0.5 of 1 ids, 1 without"),
    ("r.json", {"columns": ["id", "f1"], "data": [["a", 0.5], ["b", 1]]}, "f1: mean 0.75 of 2 ids"),
    (
        "stats.json",
        [{"name": {"name": "em", "split": "test"}, "count": 1, "mean": 0.7}],
        "em: value 0.7, without",
    ),
]


@pytest.mark.parametrize(("file", "content", "expected"), DEEPER)
def test_scores_in_lists_and_tables_are_found_and_judged_as_the_block_says(
    tmp_path: Path, file: str, content: object, expected: str
) -> None:
    if file.endswith(".jsonl"):
        content = "\n".join(map(json.dumps, content))  # type: ignore[call-overload]
    (tmp_path / file).write_text(content if isinstance(content, str) else json.dumps(content))
    text = read(tmp_path, tmp_path / file, template=None, preset=None).text()
    assert expected.strip(", \n") in text
    pasted = yaml.safe_load(text[text.index("results:\n") :])["results"]
    keys = [line.partition(":")[0] for line in text.split("\nresults:")[0].splitlines()[2:] if line[0] != " "]
    files = {
        ".remyx/metrics.yaml": {"version": 1, "metrics": [{"key": key} for key in keys]},
        ".remyx/templates/t.yaml": {
            "version": 1, "name": "t", "runtime": "results", "metrics": keys, "results": pasted
        },
    }  # fmt: skip
    for path, written in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(yaml.safe_dump(written))
    assert expected.strip(", \n") in read(tmp_path, tmp_path / file, template="t", preset=None).text()


NO_SCORES = [
    ("r.json", '{"accuracy": "0.83", "f1": "81%"}', 'it holds accuracy: "0.83", f1: "81%"'),
    ("r.json", '{"rows": [{"id": 1, "score": "5%"}]}', 'its first row holds id: 1, score: "5%"'),
    ("r.csv", "id;accuracy\na;0,83\n", 'its first row holds id: "a", accuracy: "0,83"'),
    ("r.csv", "id,score\n1,0.5\n2,abc\n", 'its row 2 holds score: "abc", which is no number'),
    ("r.jsonl", '[{"id": 1}]\n', "it holds no rows or values with names"),
    ("r.jsonl", "", "it holds no rows or values with names"),
    ("r.csv", "", "it holds no rows or values with names"),
    ("r.csv", "id,score\n", "it holds no rows or values with names"),
    ("r.txt", "accuracy: 0.83\n", "is not JSON"),
]


@pytest.mark.parametrize(("file", "content", "said"), NO_SCORES)
def test_what_is_no_score_is_shown(tmp_path: Path, file: str, content: str, said: str) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(NotJudged) as wrong:
        read(tmp_path, tmp_path / file, template=None, preset=None)
    assert said in wrong.value.message
    assert "without %" in wrong.value.help or ".jsonl" in wrong.value.help


def test_ids_that_occur_twice_and_what_nothing_reads_lead_to_a_next_step(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"task_id": 1, "passed": true}\n{"task_id": 1, "passed": false}\n')
    text = read(tmp_path, tmp_path, template=None, preset=None).text()
    assert "passed: ids that stand more than once: 1" in text
    assert "`repeat: /KEY`" in text
    (tmp_path / "r.jsonl").rename(tmp_path / "r.xml")
    with pytest.raises(NotJudged, match=r"it holds r\.xml") as wrong:
        read(tmp_path, tmp_path, template=None, preset=None)
    assert "JSON Lines, CSV and parquet can be read" in wrong.value.help
    (tmp_path / "eval.json").write_text(
        '{"eval": {"HumanEval/0": [{"id": 1, "passed": true}], "HumanEval/1": []}}'
    )
    with pytest.raises(NotJudged, match="has no scores"):
        read(tmp_path, tmp_path, template=None, preset=None)


def test_what_has_no_scores_is_reported_without_scores(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"model": "x"}')
    with pytest.raises(NotJudged, match="has no scores"):
        read(tmp_path, tmp_path / "r.json", template=None, preset=None)
    with pytest.raises(WrongUsage, match="there is no preset lm_eval"):
        read(tmp_path, tmp_path / "r.json", template=None, preset="lm_eval")
    with pytest.raises(NotJudged, match="has no scores"):
        read(tmp_path, tmp_path, template=None, preset=None)


def test_hidden_folders_hold_no_results(tmp_path: Path) -> None:
    (tmp_path / ".remyx/schemas").mkdir(parents=True)
    (tmp_path / ".remyx/schemas/policy.json").write_text('{"const": 1}')
    (tmp_path / "results.json").write_text('{"f1": 0.5}')
    text = read(tmp_path, tmp_path, template=None, preset=None).text()
    assert ("f1: value 0.5" in text, "const" in text) == (True, False)


def test_a_parquet_file_is_read_by_its_shape(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"id": [1, 2], "f1": [1.0, 0.5]}), tmp_path / "r.parquet")
    text = read(tmp_path, tmp_path, template=None, preset=None).text()
    assert "f1: mean 0.75 of 2 ids" in text
    (tmp_path / "r.parquet").write_bytes(b"PAR1")
    with pytest.raises(NotJudged, match="cannot be read as parquet"):
        read(tmp_path, tmp_path / "r.parquet", template=None, preset=None)


def test_a_run_of_lighteval_is_recognised(tmp_path: Path) -> None:
    a_run("model-a", tmp_path)
    text = read(tmp_path, tmp_path / "model-a", template=None, preset=None).text()
    assert "lighteval\n" in text
    assert "sums_em: mean 0.05 of 40 ids" in text
    assert text.endswith('results:\n  preset: "lighteval"\n')


def test_of_two_engines_that_fit_alike_one_is_asked_for(tmp_path: Path) -> None:
    case = {"name": "a", "input": "?", "metricsData": [{"name": "f1", "score": 0.5}]}
    both = {"testCases": [case], "log_history": [{"eval_f1": 0.75}], "global_step": 1}
    (tmp_path / "r.json").write_text(json.dumps(both))
    text = read(tmp_path, tmp_path / "r.json", template=None, preset=None).text()
    assert "could be of deepeval or hf-trainer: name one with --preset" in text
    for preset, expected in [("deepeval", "f1: mean 0.5 of 1 ids"), ("hf-trainer", "eval_f1: value 0.75")]:
        text = read(tmp_path, tmp_path / "r.json", template=None, preset=preset).text()
        assert expected in text
        assert f'preset: "{preset}"' in text


def test_a_template_reads_as_it_says_and_an_unknown_one_is_named(tmp_path: Path) -> None:
    metrics = {"version": 1, "metrics": [{"key": "hit", "label": "Hit", "unit": "accuracy"}]}
    template = {"version": 1, "name": "t", "runtime": "results", "metrics": ["hit"]}
    template["results"] = {"file": "r.csv", "id": "/id", "score": "/{metric}", "grades": {"y": 1, "n": 0}}
    for path, content in {"metrics": metrics, "templates/t": template}.items():
        (tmp_path / ".remyx" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f".remyx/{path}.yaml").write_text(json.dumps(content))
    (tmp_path / "r.csv").write_text("id,hit\na,y\nb,n\nc,\n")
    text = read(tmp_path, tmp_path / "r.csv", template="t", preset=None).text()
    assert 'hit: mean 0.5 of 2 ids, 1 without a score\n  for example "a" 1, "b" 0\n' == text
    with pytest.raises(WrongUsage, match="there is no template s"):
        read(tmp_path, tmp_path / "r.csv", template="s", preset=None)


def test_of_two_prompts_the_block_names_the_first() -> None:
    text = read(Path(), EXAMPLES / "promptfoo" / "two-prompts", template=None, preset=None).text()
    assert "score: mean 0.666667 of 3 ids" in text
    assert 'where: {"/promptIdx": 0}' in text
