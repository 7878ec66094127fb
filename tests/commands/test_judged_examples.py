"""Every folder of tests/examples/results, judged by the command line: its exit, its words, never a ship."""

import json
from pathlib import Path

import pytest
import yaml

from remyx_action.cli import carry_out

EXAMPLES = Path(__file__).parents[1] / "examples" / "results"
CASES = sorted(path.parent for path in EXAMPLES.glob("*/expected.yaml"))
EXPECTED = {case.name: yaml.safe_load((case / "expected.yaml").read_text()) for case in CASES}
JUDGED = [case for case in CASES if "cap_bytes" not in EXPECTED[case.name]]
"""The cap is no option of the command line; the readers' own test hands it in."""


@pytest.mark.parametrize("case", JUDGED, ids=lambda case: case.name)
def test_a_folder_of_results_is_judged_as_expected(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = EXPECTED[case.name]
    arms = [f"--{arm}={case / arm}" for arm in ("variant", "baseline")]
    command = ["-C", str(EXAMPLES), "judge", f"--policy={expected['policy']}", *arms, "--format=json"]
    exit_code = carry_out(command)
    output = capsys.readouterr()
    assert "Traceback" not in output.err
    report = json.loads(output.out)
    verdict = {0: "ship", 1: "reject", 2: "iterate", 4: None}[expected["exit"]]
    assert (expected["exit"], verdict) == (exit_code, report["verdict"])
    said = output.out + "\n".join(strings_in(report))
    assert [] == [message for message in expected["messages"] if message not in said]


def strings_in(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for child in children for text in strings_in(child)]


def test_nothing_hostile_ships() -> None:
    shipped = {name for name, expected in EXPECTED.items() if expected["exit"] == 0}
    harmless = {"byte-order-mark", "extra-metric", "pointed-in-part", "pointed-fractional-scores"}
    assert harmless == {name for name in shipped if not name.startswith("ships")}
