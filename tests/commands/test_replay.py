"""A verdict follows from its own file: golden verdicts replay byte for byte, and tampering shows.

`REWRITE_GOLDEN=1 uv run pytest tests/commands/test_replay.py` writes the golden verdicts again.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remyx_action.cli import carry_out
from remyx_action.commands.render import render
from remyx_action.commands.replay import replay
from remyx_action.errors import Exit, NotJudged, Refusal
from remyx_action.project.files import json_text as strict_json
from remyx_action.report.report import COMPARED, Report, to_json
from support.reports import REPORTS

GOLDEN = Path(__file__).parents[1] / "golden" / "verdicts"
EXAMPLE = Path(__file__).parents[2] / "examples" / "vqasynth"


def replayed(path: Path) -> tuple[str, Exit]:
    output = replay(path)
    return output.text(), output.exit


@pytest.mark.parametrize("name", REPORTS)
def test_a_verdict_is_the_same_file_every_time(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    written = to_json(REPORTS[name]())
    if os.environ.get("REWRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(written, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == written


@pytest.mark.parametrize("name", REPORTS)
def test_every_golden_verdict_replays_from_another_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(GOLDEN / f"{name}.json", tmp_path / "verdict.json")
    text, code = replayed(Path("verdict.json"))
    assert code == Exit.SHIP, text


def test_a_report_reads_back_as_it_was_written() -> None:
    for made in REPORTS.values():
        written = to_json(made())
        assert written == to_json(Report.model_validate(strict_json.read(written)))


def tampered(change: Callable[[dict[str, Any]], None], folder: Path) -> Path:
    report = json.loads((GOLDEN / "iterate.json").read_text(encoding="utf-8"))
    change(report)
    path = folder / "tampered.json"
    path.write_text(json.dumps(report), encoding="utf-8")
    return path


TAMPERING: dict[str, Callable[[dict[str, Any]], Any]] = {
    "$.verdict": lambda report: report.update(verdict="ship"),
    "$.reason": lambda report: report.update(reason="bar_met"),
    "$.metrics[0].delta": lambda report: report["metrics"][0].update(delta=0.5),
    "$.rules.ship.mark": lambda report: report["rules"]["ship"].update(mark="true"),
    "$.fields.delta_confidence": lambda report: report["fields"].update(delta_confidence=0.999),
}


@pytest.mark.parametrize("place", TAMPERING)
def test_a_tampered_value_is_named(place: str, tmp_path: Path) -> None:
    text, code = replayed(tampered(TAMPERING[place], tmp_path))
    assert Exit.REJECT == code
    assert f"{place}: the file says" in text


def test_a_lowered_bar_gives_another_verdict(tmp_path: Path) -> None:
    def lower(report: dict[str, Any]) -> None:
        report["policy"]["policy"]["ship"]["all"] = report["policy"]["policy"]["ship"]["all"][-1:]

    text, code = replayed(tampered(lower, tmp_path))
    assert Exit.REJECT == code
    assert "$.verdict: the file says 'iterate', its policy and inputs give 'ship'" in text


@pytest.mark.parametrize(
    "change",
    [
        lambda rules: rules["ship"]["conditions"].pop(),
        lambda rules: rules["ship"]["conditions"].append(rules["ship"]["conditions"][0]),
        lambda rules: rules["ship"]["conditions"].insert(0, rules["ship"] | {"conditions": []}),
        lambda rules: rules.update(reject=None),
    ],
)
def test_a_verdict_with_rules_of_another_policy_is_not_drawn(
    change: Callable[[dict[str, Any]], Any], tmp_path: Path
) -> None:
    path = tampered(lambda report: change(report["rules"]), tmp_path)
    with pytest.raises(NotJudged, match="the rules are not those of the policy"):
        render(path)


WRONG = {
    "": "is not strict JSON",
    "[]": "is not a verdict",
    '{"schema": "remyx-verdict/2"}': "is not a verdict",
    '{"schema": "remyx-verdict/1", "schema": 1}': "is not strict JSON",
}


@pytest.mark.parametrize("content", WRONG)
def test_what_is_no_verdict_is_reported_without_a_traceback(content: str, tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(NotJudged, match=WRONG[content]):
        replay(path)


@pytest.mark.parametrize("verdict", ["ship", "reject", "iterate"])
def test_the_order_of_rows_changes_nothing_that_is_compared(
    verdict: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shuffled = json.loads((EXAMPLE / f"reports/{verdict}/benchmark_report.json").read_text(encoding="utf-8"))
    for number, benchmark in enumerate(shuffled["benchmarks"].values()):
        random.Random(number).shuffle(benchmark["per_item"])
    (tmp_path / "benchmark_report.json").write_text(json.dumps(shuffled), encoding="utf-8")

    def judged(variant: Path) -> dict[str, Any]:
        carry_out(
            [
                *("-C", str(EXAMPLE), "judge", "--policy", "default", "--format", "json"),
                *("--variant", str(variant), "--baseline", str(EXAMPLE / "reports/baseline")),
            ]
        )
        report: dict[str, Any] = strict_json.read_as_written(capsys.readouterr().out)
        return {name: report[name] for name in (*COMPARED, "inputs", "samples_changed")}

    assert judged(EXAMPLE / "reports" / verdict) == judged(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=10), children, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_damaged_verdict_ends_in_a_traceback(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any one value of a real verdict replaced by anything: refused, reproduced or said to differ."""
    report = json.loads((GOLDEN / "iterate.json").read_text(encoding="utf-8"))
    parent: Any = report
    while True:
        keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
        key = data.draw(st.sampled_from(keys))
        child = parent[key]
        if not isinstance(child, dict | list) or not child or data.draw(st.integers(0, 3)) == 0:
            break
        parent = child
    parent[key] = data.draw(JSON)
    path = tmp_path_factory.mktemp("damaged") / "verdict.json"
    path.write_text(json.dumps(report), encoding="utf-8", errors="replace")
    with suppress(Refusal):
        text, code = replayed(path)
        assert code == Exit.SHIP or "the file says" in text


def test_what_is_left_out_is_left_out_by_a_process_that_read_nothing_before() -> None:
    """A model that validated something knows later names too: in a test run nearly every one has."""
    fields = "[name for name, field in Report.model_fields.items() if field.exclude_if]"
    ask = f"from remyx_action.report.report import Report; print({fields})"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert "['experiment', 'looks', 'quick_look']\n" == told


@pytest.mark.parametrize("range_", [(0, "1e200"), ("-1e200", 1)])
def test_a_range_beyond_any_number_is_refused(range_: tuple[Any, Any], tmp_path: Path) -> None:
    verdict = json.loads((GOLDEN / "iterate.json").read_text(encoding="utf-8"))
    verdict["policy"]["metrics"][0]["range"] = list(range_)
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps(verdict).replace('"1e200"', "1e200").replace('"-1e200"', "-1e200"))
    with pytest.raises(NotJudged, match="beyond any number"):
        replay(path)
