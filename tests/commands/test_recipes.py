"""A template with seeds: each arm once per seed, read as one arm, and claims about the recipe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from remyx_action.commands import baseline
from remyx_action.commands.judge import judge_files
from remyx_action.commands.run.request import World
from remyx_action.evidence.evidence import SeedSums
from remyx_action.runtimes import Started
from support.jobs import jobs_on
from support.places import Place, arm
from support.small_project import FILES, HARNESS, TEMPLATE, UNLOCKED, locked

SEEDED = TEMPLATE + "seeds: [3, 14, 15]\n"
LUCKY = HARNESS.replace(
    "int(i < RIGHT[asset])}",
    'int((i * 7 + int(os.environ["REMYX_SEED"]) * 11) % 400 < RIGHT[asset] + int(os.environ["REMYX_SEED"]))}',
)
"""Other samples are right for each seed, and more of them for larger ones."""
RECIPE = locked({**UNLOCKED, ".remyx/templates/small.yaml": SEEDED, "evaluation/evaluate.py": LUCKY})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, RECIPE)


def test_each_arm_is_run_once_per_seed_and_judged_as_one(place: Place) -> None:
    report = place.run()
    assert ["baseline"] * 3 + ["variant"] * 3 == place.ran()
    assert ("ship", "complete", 400) == (report.verdict, report.run_state, report.metrics[0].n)
    assert str(report.metrics[0].variant) == "0.676666666667"  # 260 + (3 + 14 + 15)/3 of 400
    sums = SeedSums(decimals=0, n=[400, 400, 400], totals=["274", "275", "263"])
    assert sums == report.inputs.metrics["accuracy"].seeds["variant"]
    assert ["seed-14/results.json", "seed-15/results.json", "seed-3/results.json"] == sorted(
        arm(report).digests
    )
    assert (place.out / "arms" / "variant" / "seed-14" / "harness.log").exists()


def test_seeds_make_a_claim_about_the_recipe_less_sure(place: Place) -> None:
    recipe = place.run("slightly")
    place.write({".remyx/templates/small.yaml": TEMPLATE + "seeds: [3]\n"})
    checkpoint = place.run("slightly")
    sure, surer = (report.metrics[0].confidence_improved or 0 for report in (recipe, checkpoint))
    assert 0 < sure < surer
    assert "a single seed" in (checkpoint.metrics[0].note or "")
    assert recipe.metrics[0].note is None


def test_every_seed_of_the_baseline_is_kept_and_reused(place: Place) -> None:
    first = place.run()
    assert 3 == len(place.entries())
    second = place.run()
    assert ["variant"] * 3 == place.ran()
    assert (first.metrics, first.inputs) == (second.metrics, second.inputs)
    (place.entries()[0] / "results.json").write_text("{}")
    third = place.run()
    assert ["baseline"] + ["variant"] * 3 == place.ran()
    assert first.metrics == third.metrics


def test_a_seed_that_fails_fails_the_arm_and_ends_the_run(place: Place) -> None:
    crash = "if os.environ['REMYX_SEED'] == '14' and asset == 'better': sys.exit('no luck')\n"
    place.write({"evaluation/evaluate.py": LUCKY.replace("rows =", f"{crash}rows =")})
    report = place.run()
    assert (None, "run_failed", "failed") == (report.verdict, report.reason, arm(report, "variant").state)
    assert (arm(report, "variant").detail or "").startswith("seed 14: exit code 1")
    assert 4 == len([event for event in place.events if isinstance(event, Started)])


def test_a_seed_with_a_score_out_of_range_fails_the_arm(place: Place) -> None:
    bad = "rows = [{**row, 'score': 7} for row in rows] if os.environ['REMYX_SEED'] == '3' else rows\n"
    place.write({"evaluation/evaluate.py": LUCKY.replace("results =", f"{bad}results =", 1)})
    report = place.run()
    assert (None, "failed") == (report.verdict, report.run_state)
    assert (arm(report).detail or "").startswith("seed 3: ")


def test_seeds_without_samples_have_a_mean_and_no_confidence(place: Place) -> None:
    bare = LUCKY.replace('{"samples": rows}', '{"value": sum(row["score"] for row in rows) / 400}')
    place.write({"evaluation/evaluate.py": bare})
    report = place.run()
    row = report.metrics[0]
    assert ("0.676666666667", "no_uncertainty") == (str(row.variant), row.reason)


def test_a_recorded_recipe_keeps_its_seeds(place: Place) -> None:
    measured = place.run()
    baseline.record(place.baseline(), place.world(), lambda _: None)
    place.write({".remyx/templates/small.yaml": f"{SEEDED}baseline: recorded\n"})
    recorded = place.run()
    assert ["variant"] * 3 == place.ran()
    assert measured.inputs.metrics == recorded.inputs.metrics


def test_folders_of_seeds_are_judged_where_they_lie(place: Place) -> None:
    measured = place.run()
    arms = place.out / "arms"
    judged = judge_files(
        place.root, World(), policy="default", variant=arms / "variant", baseline=arms / "baseline"
    )
    assert (measured.verdict, measured.inputs.metrics) == (judged.verdict, judged.inputs.metrics)


def test_seeds_survive_the_handover_between_two_jobs(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, RECIPE):
        measured, published = jobs.evaluate()
        told = json.loads((measured.out / "run.json").read_text())["arms"]["variant"]
        assert ("completed", "ship") == (told["state"], published.report["verdict"])
        assert 3 == len(published.report["inputs"]["metrics"]["accuracy"]["seeds"]["variant"]["n"])
        assert told["seconds"] == published.report["arms"]["variant"]["seconds"]
        assert told["digests"] == published.report["arms"]["variant"]["digests"]


LOSES_ITS_MACHINE = """
import signal, time
tries = pathlib.Path(__file__).parents[2] / f"tries-{os.environ['REMYX_ARM']}"
tries.write_text((tries.read_text() if tries.exists() else "") + "x")
print("try", len(tries.read_text()))
(pathlib.Path(os.environ["REMYX_OUTPUT_DIR"]) / "half-written").mkdir()
"""


def lossy(ending: str, *, on: int) -> str:
    """A harness whose variant ends so on its first few tries."""
    code = LOSES_ITS_MACHINE + f"if asset == 'better' and len(tries.read_text()) <= {on}: {ending}\n"
    return HARNESS.replace("rows =", f"{code}rows =")


@pytest.mark.parametrize(
    ("ending", "what"),
    [
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", "killed by SIGTERM"),
        ("os.kill(os.getpid(), signal.SIGKILL); time.sleep(9)", "killed by SIGKILL"),
        ("os._exit(75)", "exit code 75"),
        ("os._exit(143)", "exit code 143 (SIGTERM)"),
    ],
)
def test_what_the_machine_did_is_tried_again_and_reported(tmp_path: Path, ending: str, what: str) -> None:
    place = Place(
        tmp_path,
        {
            **FILES,
            "evaluation/evaluate.py": lossy(ending, on=2),
            ".remyx/templates/small.yaml": TEMPLATE + "retries: 2\n",
        },
    )
    report = place.run()
    assert "ship" == report.verdict
    first, second = arm(report, "variant").warnings
    assert first.startswith(f"attempt 1 of 3 was lost: {what}")
    assert second.startswith(f"attempt 2 of 3 was lost: {what}")
    left = sorted(path.name for path in (place.out / "arms" / "variant").iterdir())
    assert ["half-written", "harness-1.log", "harness-2.log", "harness.log", "results.json"] == left
    assert "try 1\n" == (place.out / "arms" / "variant" / "harness-1.log").read_text()
    assert "x" == (tmp_path / "tries-baseline").read_text()


@pytest.mark.parametrize(
    "ending",
    [
        "sys.exit(1)",
        "os.abort()",
        "os.kill(os.getpid(), signal.SIGSEGV); time.sleep(9)",
        "raise MemoryError",
        "print('CUDA out of memory'); os._exit(75)",
    ],
)
def test_what_the_harness_did_is_never_tried_again(tmp_path: Path, ending: str) -> None:
    place = Place(
        tmp_path,
        {
            **FILES,
            "evaluation/evaluate.py": lossy(ending, on=9),
            ".remyx/templates/small.yaml": TEMPLATE + "retries: 5\n",
        },
    )
    report = place.run()
    assert (None, []) == (report.verdict, arm(report, "variant").warnings)
    assert "x" == (tmp_path / "tries-variant").read_text()


def test_retries_end_and_the_last_failure_counts(tmp_path: Path) -> None:
    place = Place(
        tmp_path,
        {
            **FILES,
            "evaluation/evaluate.py": lossy("os._exit(75)", on=9),
            ".remyx/templates/small.yaml": TEMPLATE + "retries: 1\n",
        },
    )
    report = place.run()
    assert "run_failed" == report.reason
    assert ["attempt 1 of 2 was lost: exit code 75"] == arm(report, "variant").warnings
    assert "xx" == (tmp_path / "tries-variant").read_text()
