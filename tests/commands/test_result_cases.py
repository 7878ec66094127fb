"""Result files of other engines, end to end: `read` prints a block, which is pasted, checked and judged."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import Struct
from pyarrow import Table, parquet

from remyx_action.cli import carry_out

EXAMPLES = Path(__file__).parents[1] / "examples" / "presets"


class ReadCase(Struct, frozen=True, kw_only=True):
    """What `read` is given, and what must come of it."""

    id: str
    files: str
    """Below the example's folder of an arm; empty: the folder itself."""
    key: str
    baseline: float
    variant: float
    n: int | None
    paired: bool = True
    missing: float = 0.02
    """`max_missing` of the template."""


def case(id: str, files: str, key: str, baseline: float, variant: float, n: int | None, **more: Any) -> Any:
    return pytest.param(
        ReadCase(id=id, files=files, key=key, baseline=baseline, variant=variant, n=n, **more),
        id=f"{id}-{files or 'folder'}-{key}",
    )


GSM8K = ("samples_gsm8k_2025-09-09T13-42-42.857006.jsonl", "results_2025-09-09T13-42-42.857006.json")
GROUP = "results_2025-10-14T14-44-39.372006.json"
BARE: dict[str, Any] = {"paired": False}


@pytest.mark.parametrize(
    "one",
    [
        case("lm-eval", GSM8K[0], "exact_match", 19 / 24, 16 / 24, 24),
        case("lm-eval", GSM8K[1], "exact_match_strict-match", 19 / 24, 16 / 24, 24),
        case("lm-eval", "", "exact_match_flexible-extract", 20 / 24, 19 / 24, 24),
        case("lm-eval-group", GROUP, "exact_match", 0.3657142857, 0.3764285714, 1400, **BARE),
        case("lm-eval-group", "", "exact_match", 0.3657142857, 0.3764285714, 1400, **BARE),
        case("lm-eval-v0", "results.json", "arc_challenge_acc", 0.3412969283, 0.3712969283, None, **BARE),
        case("inspect", "log.json", "choice", 0.6, 0.8, 5),
        case("inspect-archive", "log.eval", "choice", 0.6, 0.8, 5),
        case("inspect-archive", "", "choice", 0.6, 0.8, 5),
        case("promptfoo", "output.json", "score", 2 / 3, 1, 3),
        case("promptfoo", "output.json", "usd", 0.0000069, 0.0000069, 3),
        case("evalscope", "reviews/model/ifeval_default.jsonl", "inst_level_strict", 29 / 30, 26 / 30, 10),
        case("evalscope", "reviews/model/gpqa_diamond_default.jsonl", "acc", 0.8, 0.9, 10),
        case("evalscope", "", "prompt_level_strict", 0.9, 0.8, 10),
        case("evalscope", "reports/model/ifeval.json", "mean_prompt_level_strict", 0.9, 0.8, 10, **BARE),
        case("ragas", "results.csv", "faithfulness", 0.4047619048, 0.4976190476, 7, missing=0.2),
        case("ragas", "results.csv", "context_recall", 0.6587652235, 0.6587652235, 8),
        case(
            "pytest-benchmark", "output.json", "test_fib_10", 2.408868133e-05, 2.16798132e-05, 38523, **BARE
        ),
        case("hf-trainer", "trainer_state.json", "eval_wer", 53.65408039, 51.0, None, **BARE),
        case("hf-trainer", "all_results.json", "eval_wer", 24.8781973203, 23.5, None, **BARE),
        case("openai-evals", "run.jsonl", "correct", 0.5, 0.75, 4),
        case("deepeval", "", "answer_relevancy", 0.75, 5 / 6, 6),
        case("every-eval-ever", "", "mmlu", 0.375, 0.625, 8),
        case("every-eval-ever", "3f2a_samples.jsonl", "seconds", 0.684, 0.684, 8),
        case("helm", "", "exact_match", 0.6, 0.8, 5),
        case("lmms-eval", "", "exact_match", 0.5, 2 / 3, 6),
        case("swe-bench", "", "resolved", 3 / 7, 5 / 7, 7, missing=0.2),
    ],
)
def test_a_block_of_read_is_pasted_and_both_arms_are_judged(
    one: ReadCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arms = EXAMPLES / one.id
    path = arms / "baseline" / one.files
    assert carry_out(["read", str(path)]) == 0
    text = capsys.readouterr().out
    block = text[text.index("results:\n") :]
    assert len(block.splitlines()) <= 6
    write_project(tmp_path, block, keys_in(text), max_missing=one.missing)
    assert carry_out(["-C", str(tmp_path), "check"]) == 0, capsys.readouterr().out
    capsys.readouterr()
    baseline, variant = ((arms / arm) for arm in ("baseline", "variant"))
    if one.files and len(list(variant.rglob(Path(one.files).name))) == 1:
        baseline, variant = baseline / one.files, variant / one.files
    report = judged(tmp_path, baseline, variant, capsys)
    row = next(row for row in report["metrics"] if row["key"] == one.key)
    assert row["baseline"] == pytest.approx(one.baseline, rel=1e-6)
    assert row["variant"] == pytest.approx(one.variant, rel=1e-6)
    pairs = report["inputs"]["metrics"][one.key]["paired"]
    assert (one.n, one.paired) == (row["n"], pairs is not None)


def keys_in(text: str) -> list[str]:
    """The metrics that `read` printed."""
    lines = text[: text.index("results:\n")].splitlines()
    return [line.partition(":")[0] for line in lines if ": mean " in line or ": value " in line]


def write_project(folder: Path, block: str, keys: Sequence[str], *, max_missing: float = 0.02) -> None:
    """A project around a pasted block, with a policy that guards every metric."""
    lower = {"direction": "lower"}
    metrics = [
        {"key": key, "label": key, "unit": "points", **(lower if key == "usd" else {})} for key in keys
    ]
    template = f"version: 1\nname: t\nruntime: results\nmetrics: {json.dumps(list(keys))}\n{block}"
    template += f"max_missing: {max_missing}\n"
    guards = [f"{key} no_regression 1" for key in keys]
    policy = {"version": 1, "name": "p", "template": "t", "ship": {"all": guards}}
    files = {
        "metrics.yaml": yaml.safe_dump({"version": 1, "metrics": metrics}),
        "templates/t.yaml": template,
        "policies/p.yaml": yaml.safe_dump(policy),
    }
    for name, content in files.items():
        (folder / ".remyx" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / ".remyx" / name).write_text(content)


def judged(folder: Path, baseline: Path, variant: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    arms = [f"--baseline={baseline}", f"--variant={variant}"]
    carry_out(["-C", str(folder), "judge", "--policy=p", *arms, "--format=json"])
    output = capsys.readouterr()
    assert "Traceback" not in output.err
    report: dict[str, Any] = json.loads(output.out)
    return report


def parquet_of(**columns: list[Any]) -> bytes:
    sink = BytesIO()
    parquet.write_table(Table.from_pydict(columns), sink)
    return sink.getvalue()


JUDGE = 'results: {preset: inspect, score: "/scores/judge/value/{metric}"}\n'
REFUSED = [
    ("results: inspect\n", "choice", "inspect/cancelled", None, "run_failed", '"cancelled" at /status'),
    (JUDGE, "correct", "inspect/epochs", "iterate", "incomplete", ""),
    ("results: ragas\n", "faithfulness", "ragas/variant", "iterate", "incomplete", ""),
    (
        "results: promptfoo\n",
        "score",
        "promptfoo/two-prompts",
        "iterate",
        "ship_undetermined",
        "rows of different /promptIdx",
    ),
    ("results: evalscope\n", "acc", "evalscope/baseline", None, "run_failed", "holds 2 files that fit"),
]


@pytest.mark.parametrize(("block", "key", "arm", "verdict", "reason", "said"), REFUSED)
def test_what_must_not_be_judged_says_why(
    block: str,
    key: str,
    arm: str,
    verdict: str | None,
    reason: str,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_project(tmp_path, block, [key])
    report = judged(tmp_path, EXAMPLES / arm, EXAMPLES / arm, capsys)
    assert (verdict, reason) == (report["verdict"], report["reason"])
    assert said in json.dumps(report, ensure_ascii=False).replace('\\"', '"')


def test_epochs_are_judged_where_the_template_lets_that_many_be_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = json.loads((EXAMPLES / "inspect/epochs/log.json").read_text())
    for sample in log["samples"]:
        if sample.get("scores"):
            sample["scores"]["judge"]["value"]["correct"] = 1
    (tmp_path / "log.json").write_text(json.dumps(log))
    write_project(tmp_path, JUDGE, ["correct"], max_missing=0.25)
    report = judged(tmp_path, EXAMPLES / "inspect/epochs", tmp_path, capsys)
    row = next(row for row in report["metrics"] if row["key"] == "correct")
    assert (0.5, 1, 3) == (row["baseline"], row["variant"], row["n"])
    assert "incomplete" != report["reason"]


HOSTILE = [
    ("r.csv", b"id,score\n1,=1+1\n2,1\n", 'scores that are not numbers: 1 ("1": "=1+1")'),
    ("r.csv", b"id,score\n1,1\n1,1\n", "ids that stand more than once: 1"),
    ("r.csv", b"id,score\n1,1,1\n", "has 3 cells where the header has 2"),
    ("r.csv", b'id,score\n"1,1\n', "is not CSV"),
    ("r.csv", b"\xff\xfei\x00", "byte order mark"),
    ("r.jsonl", b'{"id": 1, "score": NaN}\n', "scores that are not numbers"),
    ("r.jsonl", b'{"id": 1, "score": 0, "score": 1}\n', "values whose key occurs twice"),
    ("r.jsonl", b"[" * 100_000, "r.jsonl:1"),
    ("r.jsonl.gz", b"no gzip", "is not a gzip file"),
    ("r.jsonl.gz", gzip.compress(b'{"id": 1, "score": 1}\n' * 9)[:-7], "ends in the middle"),
    ("r.jsonl.gz", gzip.compress(b"\x00" * 1000), "is not JSON"),
    ("r.parquet", b"PAR1", "cannot be read as parquet"),
    ("r.parquet", parquet_of(id=[1, 1], score=[1.0, 1.0]), "ids that stand more than once: 1"),
    ("r.parquet", parquet_of(id=[1, 2], score=[float("nan"), 1.0]), "scores that are not numbers"),
    ("r.parquet", parquet_of(id=[1, 2], score=["1", "="]), "scores that are not numbers: 2"),
    ("r.parquet", parquet_of(id=[1, 2], score=[1.0, 1.0])[:-30], "cannot be read as parquet"),
    ("r.parquet", parquet_of(id=[1, 2], points=[1.0, 1.0]), "holds none of the declared metrics"),
    ("r.eval", b"PK\x03\x04", "is not an archive of inspect's"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "said"), HOSTILE)
def test_no_hostile_file_of_any_format_ships(
    name: str, content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ", rows: /samples" if name.endswith(".eval") else ""
    write_project(tmp_path, f"results: {{file: {name}, id: /id, score: '/{{metric}}'{rows}}}\n", ["score"])
    place = tmp_path / name
    place.write_bytes(content)
    arms = [f"--baseline={place}", f"--variant={place}"]
    exit_code = carry_out(["-C", str(tmp_path), "judge", "--policy=p", *arms, "--format=json"])
    output = capsys.readouterr()
    assert "Traceback" not in output.out + output.err
    report = json.loads(output.out)
    assert {4: None, 2: "iterate"}[exit_code] == report["verdict"]
    assert said in output.out.replace('\\"', '"') + output.err


def test_ids_that_mean_other_questions_are_reported_as_that(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arm, shift in (("baseline", 0), ("variant", 1)):
        rows = [
            {"id": number + shift, "question": f"question {number}", "acc": number % 2}
            for number in range(620)
        ]
        (tmp_path / arm).mkdir()
        (tmp_path / arm / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_project(
        tmp_path, "results: {file: r.jsonl, id: /id, input: /question, score: '/{metric}'}\n", ["acc"]
    )
    report = judged(tmp_path, tmp_path / "baseline", tmp_path / "variant", capsys)
    assert ("iterate", "not_comparable") == (report["verdict"], report["reason"])
    assert "the question text of 619 samples differs" in json.dumps(report)


def test_a_folder_read_as_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert carry_out(["read", str(EXAMPLES / "evalscope" / "baseline"), "--format=json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["metrics"]["acc"] == {
        "mean": 0.8, "ids": 10, "rows": 10, "clusters": None, "missing": 0,
        "first": [{"id": "3", "score": "0.0"}, {"id": "4", "score": "1.0"}, {"id": "9", "score": "1.0"}],
    }  # fmt: skip
    assert [{"preset": "evalscope", "metrics": ["acc"], "file": "**/gpqa_diamond_default.jsonl"}] == [
        one for one in found["results"] if "acc" in one["metrics"]
    ]


def test_a_folder_that_belongs_to_no_engine_is_read_by_its_shape(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.csv").write_text("qid,f1\na,0.5\nb,1\n")
    (tmp_path / "notes.txt").write_text("nothing")
    assert carry_out(["read", str(tmp_path)]) == 0
    assert "f1: mean 0.75 of 2 ids" in capsys.readouterr().out
