"""`power` and `noise` on the worked example, as people call them."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from remyx_action.cli.app import app
from remyx_action.commands.assumptions import Assumptions
from remyx_action.commands.noise import of_arms
from remyx_action.commands.planned_samples import price_of_looks
from remyx_action.commands.power import power
from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.load import load_bundle
from remyx_action.report.render.charts import Chart, PageTable, Point, Section, Series, document
from support.pages import ROOT
from support.small_project import HARNESS, UNLOCKED

EXAMPLE = str(ROOT / "examples/vqasynth")


def said(*words: str) -> str:
    result = CliRunner().invoke(app, ["-C", EXAMPLE, *words], standalone_mode=False)
    assert result.exception is None, result.exception
    return result.stdout


def test_power_says_what_the_worked_example_ships_and_rejects() -> None:
    words = ("power", "--policy", "default", "--gain", "0.05")
    counts = ("--samples", "300,1000,5000")
    [answer] = json.loads(said(*words, *counts, "--format", "json"))["policies"]
    found = {row["samples"]: {one["name"]: one for one in row["scenarios"]} for row in answer["at"]}
    # The bare reject rule: n = 300 rejects about four unchanged models in five, as `check` warns.
    assert found[300]["unchanged"]["reject"] == pytest.approx(0.8, abs=0.03)
    assert [0.17, 0.48, 0.89] == [round(found[n]["as hoped"]["ship"], 2) for n in (300, 1000, 5000)]
    assert all(one["unchanged"]["ship"] < 0.01 for one in found.values())
    assert "ships a true gain of 0.05 in SpatialScore and OmniSpatial" in answer["at"][0]["sentence"]


NOT_FINITE = "is not a finite number above 0"
TOO_MUCH = "is more than SpatialScore can change: its range is 1 wide"


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--gain", "nan", NOT_FINITE),
        ("--gain", "-1", NOT_FINITE),
        ("--gain", "0", NOT_FINITE),
        ("--gain", "1.5", TOO_MUCH),
        ("--sd", "inf", NOT_FINITE),
        ("--sd", "1.5", TOO_MUCH),
    ],
)
def test_power_refuses_what_no_change_can_be(option: str, value: str, why: str) -> None:
    words = ["-C", EXAMPLE, "power", "--policy", "default", option, value]
    result = CliRunner().invoke(app, words, standalone_mode=False)
    assert isinstance(result.exception, WrongUsage)
    assert f"{option} {value} {why}" == result.exception.message


ARMS = ("--variant", "reports/ship", "--baseline", "reports/baseline")


def test_a_narrow_terminal_shows_numbers_and_how_to_have_fewer_wrong_rejects() -> None:
    root = Path(EXAMPLE)
    arms = {"baseline": root / "reports/baseline", "variant": root / "reports/ship"}
    shown = [
        power(root, Assumptions(samples=(300,), gain=0.05), policy=None).text(),
        *(
            of_arms(root, policy="default", **arms, boundary=boundary, draws=200).text()
            for boundary in (False, True)
        ),
    ]
    assert [line for text in shown for line in text.splitlines() if len(line) > 80] == []
    for text, fires in zip(shown, (True, True, False), strict=True):
        words = " ".join(text.split())
        assert fires == ("spatialscore.delta < -0.01 and 3 more ask for no confidence" in words)
        assert fires == (words.count("add `at 80%` to each") == 1)


@pytest.mark.parametrize(("policy", "rejects"), [("guarded", 0.02), ("default", 0.44)])
def test_noise_on_the_examples_reports_agrees_with_power_of_their_spread(policy: str, rejects: float) -> None:
    words = ("--policy", policy, *ARMS, "--format", "json")
    found = json.loads(said("noise", *words, "--draws", "2000"))
    [answer] = json.loads(said("power", *words))["policies"]
    [at] = answer["at"]
    unchanged = at["scenarios"][0]
    assert {"spatialscore": 1000, "omnispatial": 800, "space10": 600, "mindcube": 500} == at["sizes"]
    assert "hang together as in the recorded results" in answer["source"]
    assert found["reject_limits"][0] < unchanged["reject"] < found["reject_limits"][1]
    assert rejects == pytest.approx(found["reject"], abs=0.02)
    assert unchanged["ship"] <= found["ship_limits"][1] <= 0.01


def test_noise_takes_one_verdict_in_place_of_its_arms(tmp_path: Path) -> None:
    said("judge", "--policy", "guarded", *ARMS, "--out", str(tmp_path))
    words = ("noise", "--policy", "guarded", "--format", "json")
    verdict = ("--verdict", str(tmp_path / "verdict.json"))
    found, of_arms = (json.loads(said(*words, *more, "--draws", "2000")) for more in (verdict, ARMS))
    assert found["reject"] == pytest.approx(of_arms["reject"], abs=0.015)
    at, at_of_arms = (json.loads(said(*words, *more, "--at", "boundary")) for more in (verdict, ARMS))
    for row, other in zip(at["conditions"], at_of_arms["conditions"], strict=True):
        assert row["rate"] == pytest.approx(other["rate"], abs=0.015)
    with pytest.raises(WrongUsage, match="no recorded verdict"):
        CliRunner().invoke(app, ["-C", EXAMPLE, *words], standalone_mode=False, catch_exceptions=False)


def test_noise_at_the_boundary_names_the_worst_condition() -> None:
    text = said("noise", "--policy", "guarded", *ARMS, "--at", "boundary", "--draws", "2000")
    assert "The worst false ship of the rule is 20" in text


@pytest.mark.parametrize("more", [(), ("--at", "boundary")])
def test_the_page_of_noise_is_one_file(more: tuple[str, ...]) -> None:
    page = said("noise", "--policy", "guarded", *ARMS, *more, "--draws", "200", "--format", "page")
    assert page.count("<svg") == 1
    assert "how often" in page if not more else "its floor allows" in page
    assert "<script" not in page


def test_check_and_plan_say_how_many_samples_to_plan() -> None:
    sentence = (
        "default: With 500 to 1,000 samples this bar ships a true gain of 0.04 in SpatialScore and "
        "OmniSpatial in 24 of 100 runs; plan 3,800 samples for 80."
    )
    assert sentence in " ".join(said("check").split())
    assert sentence == json.loads(said("check", "--format", "json"))["power"][0]
    assert f"# {sentence}" == said("plan", "--shards", "2").splitlines()[0]
    assert sentence == json.loads(said("plan", "--format", "json"))["power"][0]


NOISY = HARNESS.replace("int(i < RIGHT[asset])", "int(i < 100 or (i < 300 and os.urandom(1)[0] < 128))")
"""Half of the 400 ids are answered by the toss of a coin."""


def test_the_baseline_is_measured_anew_to_see_how_noisy_its_ids_are(tmp_path: Path) -> None:
    for path, text in {**UNLOCKED, "evaluation/evaluate.py": NOISY}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(str(text))
    words = ["-C", str(tmp_path), "noise", "--run", "3"]
    result = CliRunner().invoke(app, [*words, "--format", "json"], standalone_mode=False)
    assert result.exception is None, result.exception
    [found] = json.loads(result.stdout)["policies"]
    [row] = found["metrics"]
    assert (3, 3) == (found["measured"], found["pairs"])
    assert row["disagree"] == pytest.approx(0.25, abs=0.08)
    assert row["within"] == pytest.approx((0.25 / 2) ** 0.5, abs=0.06)
    assert 0 <= row["scaled_square"] < 12


def test_recorded_arms_beside_new_runs_are_refused() -> None:
    words = ["-C", EXAMPLE, "noise", "--policy", "guarded", "--run", "3", "--baseline", "reports/baseline"]
    result = CliRunner().invoke(app, words, standalone_mode=False)
    assert isinstance(result.exception, WrongUsage)
    assert "--asset" in result.exception.help


def test_the_page_of_power_is_one_file_with_a_drawing() -> None:
    page = said("power", "--policy", "guarded", "--samples", "300", "--format", "page")
    assert page.count("<svg") == page.count("</svg>") == 1
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_hostile_text_is_inert_on_a_page() -> None:
    evil = "\"><img src=x onerror=alert(1)><script>alert(1)</script>&amp;'\u202e\x00" * 3000
    chart = Chart(
        title=evil,
        series=[Series(name=evil, points=[Point(x=0, y=1, title=evil, kind=evil)], kind=evil, joined=False)],
        x_label=evil,
        marks=[(0, evil)],
        x_ticks=[(0, evil)],
    )
    page = document(
        evil, [evil], [Section(title=evil, parts=[evil, chart, PageTable(header=[evil], rows=[[evil]])])]
    )
    tags = Tags(page)
    assert {"img", "script"}.isdisjoint(tags.found)
    assert all(not name.startswith("on") for name in tags.attributes)
    assert "\u202e" not in page
    assert len(page) < 30_000


class Tags(HTMLParser):
    """Names of the tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_power_takes_the_spread_of_a_verdict(tmp_path: Path) -> None:
    judged = ("judge", "--policy", "guarded", "--variant", "reports/ship", "--baseline", "reports/baseline")
    said(*judged, "--out", str(tmp_path))
    words = ("power", "--policy", "guarded", "--samples", "300", "--format", "json")
    [assumed] = json.loads(said(*words))["policies"]
    [recorded] = json.loads(said(*words, "--verdict", str(tmp_path)))["policies"]
    assert {"assumed"} == {one["source"] for one in assumed["spreads"].values()}
    assert {"recorded"} == {one["source"] for one in recorded["spreads"].values()}
    assert "changes spread as in the verdict of 20" in recorded["source"]


GAINS = "{metric: accuracy, op: improves_by, threshold: 0.02, confidence: 0.80}"


@pytest.mark.parametrize(
    ("written", "instead", "more"),
    [
        ("improves_by, threshold: 0.02", "improves_by, threshold: 0.6", ()),
        ("improves_by, threshold: 0.02", "improves_by, threshold: 0.3", ()),
        ("no_regression, threshold: 0.01", "no_regression, threshold: 0.6", ()),
        (GAINS, "accuracy improves_by 2% of baseline at 80%", ("--gain", "0.6", "--changed", "0.2")),
    ],
)
def test_a_change_beyond_the_range_counts_as_the_whole_range(
    tmp_path: Path, written: str, instead: str, more: tuple[str, ...]
) -> None:
    policy = str(UNLOCKED[".remyx/policies/default.yaml"])
    assert written in policy
    for path, text in {**UNLOCKED, ".remyx/policies/default.yaml": policy.replace(written, instead)}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(str(text))
    for words in (["check"], ["power", "--samples", "50", *more]):
        result = CliRunner().invoke(app, ["-C", str(tmp_path), *words], standalone_mode=False)
        assert result.exception is None, result.exception
    assert "Accuracy cannot change by more than its range, 1: true" in " ".join(result.stdout.split())


def test_bare_numbers_of_another_job_are_neither_swapped_nor_measured(folder: Path) -> None:
    """Nothing of them swaps, so that each draw would have the same verdict."""
    written = {
        ".remyx/metrics.yaml": json.dumps(
            {"version": 1, "metrics": [{"key": "mrr", "label": "MRR", "unit": "fraction"}]}
        ),
        ".remyx/templates/t.yaml": "version: 1\nname: t\nruntime: results\nmetrics: [mrr]\n"
        "results: {file: scores.json, value: '/{metric}'}\n",
        ".remyx/policies/default.yaml": "version: 1\nname: default\ntemplate: t\n"
        "ship: {all: [mrr.delta >= 0.01]}\nreject: {any: [mrr.delta < 0]}\n",
        "old/scores.json": '{"mrr": 0.7}',
        "new/scores.json": '{"mrr": 0.8}',
    }
    for name, content in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    arms = ["--baseline", str(folder / "old"), "--variant", str(folder / "new")]
    judged = CliRunner().invoke(
        app,
        ["-C", str(folder), "judge", "--policy", "default", *arms, "--out", str(folder / "out")],
        standalone_mode=False,
    )
    assert (folder / "out/verdict.json").exists(), judged.output
    for given in (arms, ["--verdict", str(folder / "out/verdict.json")]):
        result = CliRunner().invoke(app, ["-C", str(folder), "noise", *given], standalone_mode=False)
        assert isinstance(result.exception, WrongUsage), result.output
        assert "read a score of each sample" in result.exception.help
    words = ["-C", str(folder), "power", "--samples", "300"]
    result = CliRunner().invoke(app, words, standalone_mode=False)
    assert "luck alone meets it: read a score of each sample, or" in " ".join(result.stdout.split())
    planned = CliRunner().invoke(app, ["-C", str(folder), "plan"], standalone_mode=False)
    assert planned.stdout.startswith("nothing to measure: template t runs nothing: ")
    repeated = CliRunner().invoke(app, ["-C", str(folder), "noise", "--run", "2"], standalone_mode=False)
    assert isinstance(repeated.exception, NotJudged)
    assert "the template t runs nothing" == repeated.exception.message


@pytest.mark.parametrize(("guard", "is_known"), [("", True), (", lat no_regression 0.1 at 80%", False)])
def test_looks_have_a_price_in_ships_only_where_spreads_are_known(guard: str, *, is_known: bool) -> None:
    texts = {
        "metrics.yaml": "version: 1\nmetrics:\n  - {key: lat, label: Latency, unit: s, direction: lower}\n"
        "  - {key: accuracy, label: Accuracy, unit: accuracy, scores: binary}\n",
        "templates/t.yaml": "version: 1\nname: t\nscript: e.py\nmetrics: [accuracy, lat]\n",
        "policies/default.yaml": "version: 1\nname: default\ntemplate: t\n"
        f"ship: {{all: [accuracy improves_by 0.02 at 80%{guard}]}}\n",
    }
    bundle = load_bundle({f".remyx/{path}": text.encode() for path, text in texts.items()})
    price = price_of_looks(bundle, "default") or ""
    assert price.startswith("at 80 % the first look needs ")
    assert is_known == ("100 runs" in price)
