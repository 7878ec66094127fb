"""A quick look: fewer samples than there are, said wherever the verdict stands, and no ship by itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from remyx_action.errors import Exit
from remyx_action.github.settings import parse_settings
from remyx_action.policy.judgement import is_enough
from remyx_action.project.models.shard import Shard
from remyx_action.report import render
from remyx_action.report.conclusion import of_report
from support.bars import bar
from support.places import Place, arm
from support.small_project import FILES, HARNESS, POLICY

CAPPED = HARNESS.replace(
    "for i in range(400)]", 'for i in range(0, 400, 400 // int(os.environ["REMYX_SAMPLES"]))]'
)
COVERED = POLICY.replace('    - {field: coverage, op: ">=", threshold: 1}\n', "")
QUICK = {**FILES, "evaluation/evaluate.py": CAPPED, ".remyx/policies/default.yaml": COVERED}
PROGRAM = Path(sys.executable).with_name("remyx-action")
LOOK = Shard(samples=100)


def suffices(samples: int) -> dict[str, str | None]:
    """A ship rule that says how few samples are enough."""
    enough = f'    - {{field: sample_size, op: ">=", threshold: {samples}}}\nreject:'
    return {**QUICK, ".remyx/policies/default.yaml": COVERED.replace("reject:", enough)}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, QUICK)


def test_a_quick_look_meets_the_bar_and_does_not_ship(place: Place) -> None:
    whole = place.run()
    assert ("ship", 400, None) == (whole.verdict, whole.metrics[0].n, whole.quick_look)
    look = place.run(shard=LOOK)
    assert ("iterate", "quick_look", 100) == (look.verdict, look.reason, look.metrics[0].n)
    assert ["quick_look"] == look.inputs.caps
    assert ["baseline", "variant"] == place.ran()
    place.run(shard=LOOK)
    assert ["variant"] == place.ran()


def test_it_is_reported_wherever_the_verdict_is(place: Place) -> None:
    report = place.run("worse", shard=LOOK)
    assert "reject" == report.verdict
    words = "quick look: 100 samples at most"
    section = of_report(report, places={}, path="policy", report_only=False)
    both = render.comment(report, report, limit=60_000)
    told = [render.comment(report), render.summary(report), render.text(report, width=100), section.title]
    assert [True] * 4 == [words in one.splitlines()[0] for one in told]
    assert 2 <= both.count(words)
    written = json.loads((place.out / "verdict.json").read_text())
    assert (100, 100) == (written["quick_look"], json.loads((place.out / "run.json").read_text())["samples"])
    assert "quick_look" not in json.loads(Place.text_of(place.run("worse")))


@pytest.mark.parametrize(("needed", "verdict"), [(100, "ship"), (101, "iterate")])
def test_the_policy_may_say_that_so_few_suffice(tmp_path: Path, needed: int, verdict: str) -> None:
    report = Place(tmp_path, suffices(needed)).run(shard=LOOK)
    assert (verdict, 100) == (report.verdict, report.quick_look)
    assert ([] if verdict == "ship" else ["quick_look"]) == report.inputs.caps


SIZE = {"field": "sample_size", "op": ">=", "threshold": 50}
GAIN = {"metric": "a", "op": "improves_by", "threshold": 0}


@pytest.mark.parametrize(
    ("ship", "enough"),
    [
        ({"all": [GAIN, SIZE]}, True),
        ({"all": [GAIN, {"all": [SIZE]}]}, True),
        ({"all": [GAIN, SIZE | {"op": ">"}]}, False),
        ({"all": [GAIN, SIZE | {"op": "<="}]}, False),
        ({"all": [GAIN, SIZE | {"metric": "a"}]}, False),
        ({"all": [GAIN, SIZE | {"field": "coverage", "threshold": 1}]}, False),
        ({"any": [GAIN, SIZE]}, False),
        ({"all": [GAIN, {"any": [GAIN, SIZE]}]}, False),
        ({"at_least": 2, "of": [GAIN, SIZE]}, True),
        ({"at_least": 1, "of": [GAIN, SIZE]}, False),
        ({"all": [GAIN]}, False),
    ],
)
def test_only_a_size_that_every_ship_needs_allows_it(ship: Mapping[str, Any], *, enough: bool) -> None:
    rule = bar(ship).rules.ship
    assert enough == is_enough(rule, 50)
    assert not is_enough(rule, 49)


def test_as_many_as_there_are_is_no_quick_look(place: Place) -> None:
    assert (None, "ship") == ((report := place.run(shard=Shard(samples=400))).quick_look, report.verdict)


def test_a_harness_that_does_not_look_is_reported(tmp_path: Path) -> None:
    report = Place(tmp_path).run(shard=LOOK)
    (warning,) = arm(report).warnings
    assert "400 samples were scored, and 100 were asked for" in warning
    assert "quick_look" == report.reason


def test_the_command_line_and_a_job_ask_for_it(place: Place) -> None:
    words = ["-C", str(place.root), "run", "--variant", "better", "--samples", "100", "--format", "json"]
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)
    assert (Exit.ITERATE, "quick_look") == (done.returncode, json.loads(done.stdout)["reason"])
    assert "--samples 100" in json.loads(done.stdout)["judged_under"]["reproduce"]
    none = subprocess.run([PROGRAM, *words[:-3], "0"], capture_output=True, text=True, check=False)
    assert Exit.USAGE == none.returncode


COST = HARNESS.replace('"metrics":', '"cost": {"usd": 1.25, "tokens": 120000}, "metrics":')


def test_what_an_arm_took_and_cost_is_reported(tmp_path: Path) -> None:
    place = Place(tmp_path, {**FILES, "evaluation/evaluate.py": COST})
    report = place.run()
    for drawn in (render.comment(report), render.text(report, width=100, verbose=True)):
        lines = [line for line in drawn.splitlines() if "usd" in line]
        assert 2 == len(lines)
        for line in lines:
            assert re.search(r", 0\.\d s, 1\.25 usd, 120,000 tokens", line.replace("`", "")), line
    place.write(
        {".remyx/templates/small.yaml": (FILES[".remyx/templates/small.yaml"] or "") + "seeds: [1, 2]\n"}
    )
    assert {"usd": "2.5", "tokens": "240000"} == {
        unit: f"{amount:f}".rstrip("0").rstrip(".") if "." in f"{amount:f}" else f"{amount:f}"
        for unit, amount in arm(place.run()).cost.items()
    }


COSTS = ['"free"', '{"usd": -1}', '{"usd": "1"}', '{"": 1}', "[1]", '{"usd": 1e99}']


@pytest.mark.parametrize("cost", COSTS)
def test_a_cost_that_is_none_is_reported_and_never_fails_an_arm(tmp_path: Path, cost: str) -> None:
    told = json.dumps(f'"cost": {cost}, "metrics"')
    text = f"json.dumps(results).replace('\"metrics\"', {told}, 1)"
    harness = HARNESS.replace("json.dumps(results)", text)
    place = Place(tmp_path, {**FILES, "evaluation/evaluate.py": harness})
    report = place.run()
    assert ("ship", {}) == (report.verdict, arm(report).cost)
    assert arm(report).warnings[0].startswith("cost holds what is no amount of a unit: ")


RUNNER = {
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_RUN_ID": "1",
    "GITHUB_RUN_ATTEMPT": "1",
}
PUSH = {
    "ref": "refs/heads/main",
    "before": "a" * 40,
    "after": "b" * 40,
    "repository": {"default_branch": "main"},
}


def test_a_job_gets_its_part_by_its_environment() -> None:
    given = RUNNER | {"REMYX_SHARD": "3/8", "REMYX_SAMPLES": "50"}
    runner = parse_settings(given, PUSH).runner
    assert runner is not None
    assert Shard(samples=50, index=3, count=8) == runner.shard
    plain = parse_settings(RUNNER, PUSH).runner
    assert plain is not None
    assert plain.shard is None
