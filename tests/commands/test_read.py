"""`read`: engines are recognised, and the block that is printed reads the file when it is pasted."""

import json
from pathlib import Path

import pytest
import yaml

from remyx_action.commands.read import read
from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.models import ResultsMap
from remyx_action.readers.presets import presets

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


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("r.json", {"recall@5": 0.92, "mrr": 0.7, "model": "x"}, "recall_at_5: value 0.92, without samples"),
        ("r.json", {"items": [{"id": "a", "hit": 1}, {"id": "b", "hit": 0}]}, "hit: mean 0.5 of 2 ids"),
        ("r.json", [{"qid": 1, "f1": 0.5, "text": "?"}], "f1: mean 0.5 of 1 ids"),
    ],
)
def test_a_file_of_no_engine_is_read_by_its_shape(
    tmp_path: Path, file: str, content: object, expected: str
) -> None:
    (tmp_path / file).write_text(json.dumps(content))
    text = read(tmp_path, tmp_path / file, template=None, preset=None).text()
    assert "of no engine that is known" in text
    assert expected in text
    ResultsMap.model_validate(yaml.safe_load(text[text.index("results:\n") :])["results"])


def test_what_has_no_scores_is_said_to_have_none(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"model": "x"}')
    with pytest.raises(NotJudged, match="has no scores"):
        read(tmp_path, tmp_path / "r.json", template=None, preset=None)
    with pytest.raises(WrongUsage, match="there is no preset lm_eval"):
        read(tmp_path, tmp_path / "r.json", template=None, preset="lm_eval")
    with pytest.raises(NotJudged, match="has no scores"):
        read(tmp_path, tmp_path, template=None, preset=None)


def test_the_columns_of_a_parquet_file_are_for_a_map_to_name(tmp_path: Path) -> None:
    (tmp_path / "r.parquet").write_bytes(b"PAR1")
    with pytest.raises(NotJudged, match="is a parquet file"):
        read(tmp_path, tmp_path / "r.parquet", template=None, preset=None)


def test_of_two_prompts_the_block_names_the_first() -> None:
    text = read(Path(), EXAMPLES / "promptfoo" / "two-prompts", template=None, preset=None).text()
    assert "score: mean 0.666667 of 3 ids" in text
    assert 'where: {"/promptIdx": 0}' in text
