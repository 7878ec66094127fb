"""Baseline arms are measured once: kept by what they follow from, hashed again, never believed blindly."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from remyx_action.commands import baseline
from remyx_action.commands.run.baseline_cache import baseline_key
from remyx_action.commands.run.context import open_context
from remyx_action.commands.run.measure import _moved_images
from remyx_action.commands.run.request import CacheSettings, Request, World
from remyx_action.errors import Exit, NotJudged
from remyx_action.github.settings import is_trusted
from remyx_action.project.models.shard import WHOLE
from remyx_action.report.run_record import age_days, age_in_words
from remyx_action.runtimes import Note, Outcome
from remyx_action.sources.disk.cache import CacheFolder
from remyx_action.sources.disk.cache_key import CacheEntry, CacheKey
from remyx_action.sources.git import Sources
from support.jobs import jobs_on
from support.places import Place, arm
from support.repositories import commit, git
from support.small_project import FILES, HARNESS, METRICS, POLICY, TEMPLATE


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


SLOW = HARNESS.replace("results = {", 'import time; time.sleep(1.5 if asset == "half" else 0.1)\nresults = {')


@pytest.mark.slow
def test_a_second_run_reuses_the_baseline(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    place = Place(tmp_path, {**FILES, "evaluation/evaluate.py": SLOW})
    took, reports = [], []
    for _ in range(2):
        began = time.monotonic()
        reports.append(place.run())
        took.append(time.monotonic() - began)
    assert ["variant"] == place.ran()
    first, second = reports
    assert (first.verdict, first.metrics, first.inputs) == (second.verdict, second.metrics, second.inputs)
    assert (None, "kept") == (arm(first).origin, getattr(arm(second).origin, "kind", None))
    assert arm(first).seconds == arm(second).seconds
    assert any(isinstance(event, Note) and "reused: measured" in event.text for event in place.events)
    record_property(
        "reuse",
        f"a second run of an unchanged template: {took[1]:.1f} s instead of {took[0]:.1f} s, "
        f"ratio {took[1] / took[0]:.2f}",
    )


def forge_score(entry: Path) -> None:
    path = entry / "results.json"
    path.write_text(path.read_text().replace('"score": 1', '"score": 0', 100))


def forge_score_and_digest(entry: Path) -> None:
    """A whole entry of another arm under this arm's name."""
    told = json.loads((entry / "entry.json").read_text())
    told["facts"]["asset"] = '"worse"'
    (entry / "entry.json").write_text(json.dumps(told))


def break_the_entry(entry: Path) -> None:
    (entry / "entry.json").write_text("{")


def claim_an_age_below_nothing(entry: Path) -> None:
    told = json.loads((entry / "entry.json").read_text())
    (entry / "entry.json").write_text(json.dumps({**told, "seconds": -5}))


def claim_a_month_that_is_none(entry: Path) -> None:
    told = json.loads((entry / "entry.json").read_text())
    (entry / "entry.json").write_text(json.dumps({**told, "clock": "2026-13-01T00:00:00Z"}))


def claim_endless_seconds(entry: Path) -> None:
    told = json.loads((entry / "entry.json").read_text())
    (entry / "entry.json").write_text(json.dumps({**told, "seconds": 1e300}))


def lose_a_file(entry: Path) -> None:
    (entry / "results.json").unlink()


def link_a_file(entry: Path) -> None:
    shutil.move(entry / "results.json", entry.parent / "elsewhere.json")
    (entry / "results.json").symlink_to(entry.parent / "elsewhere.json")


def name_a_file_outside(entry: Path) -> None:
    text = (entry / "entry.json").read_text()
    (entry / "entry.json").write_text(text.replace("results.json", "../../../secret"))


@pytest.mark.parametrize(
    ("poison", "said"),
    [
        (forge_score, "results.json is not what was measured"),
        (forge_score_and_digest, "it was measured under another asset"),
        (break_the_entry, "its entry.json is not what this program writes"),
        (claim_an_age_below_nothing, "its entry.json is not what this program writes"),
        (claim_a_month_that_is_none, "its entry.json is not what this program writes"),
        (claim_endless_seconds, "its entry.json is not what this program writes"),
        (lose_a_file, "results.json cannot be read"),
        (link_a_file, "results.json cannot be read"),
        (name_a_file_outside, "secret cannot be read"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_poisoned_entry_is_refused_reported_and_replaced(
    place: Place, poison: Callable[[Path], None], said: str
) -> None:
    honest = place.run("worse")
    (entry,) = place.entries()
    poison(entry)
    report = place.run("worse")
    assert ["baseline", "variant"] == place.ran()
    (warning,) = arm(report).warnings
    assert warning.startswith(f"the kept baseline {entry.name[:12]} was refused, and measured anew: ")
    assert warning.endswith(said)
    assert (honest.verdict, honest.metrics) == (report.verdict, report.metrics)
    place.run("worse")
    assert ["variant"] == place.ran()


@pytest.mark.parametrize(
    "changes",
    [
        {"evaluation/evaluate.py": HARNESS + "\n# changed\n"},
        {
            ".remyx/templates/small.yaml": TEMPLATE.replace(
                "script:", "command: [python3, -B, evaluation/evaluate.py]\nscript:"
            )
        },
        {".remyx/templates/small.yaml": TEMPLATE.replace("half", "slightly")},
        {".remyx/templates/small.yaml": TEMPLATE.replace("samples: 400", "samples: 401")},
        {".remyx/templates/small.yaml": f"{TEMPLATE}env: [QUALITY]\n"},
    ],
    ids=["harness", "command", "asset", "samples", "env"],
)
def test_a_changed_input_is_measured_anew(place: Place, changes: dict[str, str]) -> None:
    place.run()
    place.write(changes)
    place.run()
    assert ["baseline", "variant"] == place.ran()
    assert len(place.entries()) == 2


def test_another_value_of_a_variable_is_measured_anew(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write({".remyx/templates/small.yaml": f"{TEMPLATE}env: [QUALITY, JUDGE_API_KEY]\n"})
    for quality, key, ran in (
        ("0.5", "the-first-key", ["baseline", "variant"]),
        ("0.5", "another-key", ["variant"]),
        ("0.9", "another-key", ["baseline", "variant"]),
    ):
        monkeypatch.setenv("QUALITY", quality)
        monkeypatch.setenv("JUDGE_API_KEY", key)
        place.run()
        assert ran == place.ran(), (quality, key)
    monkeypatch.delenv("QUALITY")
    place.run()
    assert ["baseline", "variant"] == place.ran()


def test_what_decides_no_score_keeps_the_cached_arm(place: Place) -> None:
    place.run()
    template = TEMPLATE.replace("timeout: 60", "timeout: 61\nretries: 1").replace("src/**", "src/*")
    place.write({".remyx/templates/small.yaml": template, "README.md": "Other words.\n"})
    place.run()
    assert ["variant"] == place.ran()


def test_where_no_harness_is_written_every_tracked_file_may_decide(tmp_path: Path) -> None:
    template = TEMPLATE.replace("harness: [evaluation/**]\n", "")
    place = Place(tmp_path, {**FILES, ".remyx/templates/small.yaml": template, "data/labels.csv": "1\n"})
    place.run()
    (warning,) = arm(place.run()).warnings
    assert "nothing says which files decide a score: write `harness`, or commit them" in warning
    git(place.root, "init", "-q")
    commit(place.root, {})
    place.run()
    place.run()
    assert ["variant"] == place.ran()
    place.write({"model.yaml": "model: better\n", ".remyx/policies/default.yaml": f"{POLICY}notes: x\n"})
    place.run()
    assert ["variant"] == place.ran()
    for change in ("0\n", "2\n"):
        place.write({"data/labels.csv": change})
        place.run()
        assert ["baseline", "variant"] == place.ran()
    commit(place.root, {"data/more.csv": "1\n"})
    place.run()
    assert ["baseline", "variant"] == place.ran()


def test_packages_that_are_chosen_when_a_script_runs_are_not_cached(tmp_path: Path) -> None:
    metadata = "# /// script\n# dependencies = []\n# ///\n"
    place = Place(tmp_path, {**FILES, "evaluation/evaluate.py": metadata + HARNESS})
    (warning,) = arm(place.run()).warnings
    assert "`uv lock --script` pins them" in warning
    assert [] == place.entries()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
@pytest.mark.parametrize("asked", ["--version", "python"])
def test_another_uv_or_python_of_a_script_is_measured_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    metadata = "# /// script\n# dependencies = []\n# ///\n"
    place = Place(tmp_path, {**FILES, "evaluation/evaluate.py": metadata + HARNESS})
    monkeypatch.setenv("UV_OFFLINE", "1")
    uv = shutil.which("uv") or ""
    subprocess.run([uv, "lock", "--quiet", "--script", "evaluation/evaluate.py"], cwd=place.root, check=True)
    assert ["baseline", "variant"] == (place.run() and place.ran())
    assert ["variant"] == (place.run() and place.ran())
    other = tmp_path / "bin" / "uv"
    other.parent.mkdir()
    other.write_text(f'#!/bin/sh\n[ "$1" = {asked} ] && echo /other && exit\nexec {uv} "$@"\n')
    other.chmod(0o755)
    monkeypatch.setenv("PATH", f"{other.parent}:{os.environ['PATH']}")
    assert ["baseline", "variant"] == (place.run() and place.ran())


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        ({"FROM base": "1"}, {"FROM base": "2"}, "FROM base was 1 then, and is 2"),
        ({"predict: FROM base": "1"}, {"predict: FROM base": "2"}, "predict: FROM base was 1 then, and is 2"),
        ({"FROM base": "unknown"}, {"FROM base": "unknown"}, "FROM base was unknown then, and is unknown"),
        ({"FROM base": "1"}, {"FROM other": "1"}, "FROM base was 1 then, and is unknown"),
        ({"FROM base": "1", "image": "3"}, {"FROM base": "1", "image": "4"}, None),
    ],
)
def test_a_cached_arm_beside_another_image_is_measured_anew(
    then: dict[str, str], now: dict[str, str], said: str | None
) -> None:
    entry = CacheEntry(
        schema="remyx-kept/1",
        facts={},
        files={"results.json": f"sha256:{'0' * 64}"},
        clock="2026-01-02T03:04:05Z",
        seconds=Decimal(1),
        version="1",
        images=then,
    )
    assert said == _moved_images(entry, Outcome(state="completed", elapsed_seconds=1.0, images=now))


def test_an_asset_that_is_a_file_is_distinguished_by_its_content(tmp_path: Path) -> None:
    harness = HARNESS.replace('os.environ["REMYX_ASSET"]', 'open(os.environ["REMYX_ASSET"]).read().strip()')
    template = TEMPLATE.replace("baseline_asset: half", "baseline_asset: models/old.txt")
    files = {**FILES, "evaluation/evaluate.py": harness, ".remyx/templates/small.yaml": template}
    place = Place(tmp_path, {**files, "models/old.txt": "half\n", "models/new.txt": "better\n"})
    place.run("models/new.txt")
    place.run("models/new.txt")
    assert ["variant"] == place.ran()
    place.write({"models/old.txt": "better\n"})
    assert "0.65" == str(place.run("models/new.txt").metrics[0].baseline)
    assert ["baseline", "variant"] == place.ran()
    (place.root / "models" / "old.txt").unlink()
    (place.root / "models" / "old.txt").symlink_to("new.txt")
    report = place.run("models/new.txt")
    assert ["the baseline is neither reused nor kept: old.txt is a link or no regular file"] == arm(
        report
    ).warnings


LIGHTEVAL = """version: 1
name: small
runtime: lighteval
task: gsm8k
baseline_asset: models/old@{COMMIT}
model: {backend: accelerate}
metrics: auto
"""
GSM8K_POLICY = """version: 1
name: default
template: small
ship: {all: [{field: coverage, op: ">=", threshold: 1}]}
"""


def test_a_folder_under_a_commits_name_is_distinguished_by_its_content(tmp_path: Path) -> None:
    commit = "00" * 20
    policies = dict.fromkeys((path for path in FILES if "/policies/" in path), GSM8K_POLICY)
    template = {".remyx/templates/small.yaml": LIGHTEVAL.replace("{COMMIT}", commit)}
    weights = {"models/old/weights": "1"}
    place = Place(tmp_path, {**FILES, **policies, **template, **weights})

    def key() -> CacheKey:
        request = Request(root=place.root, out=place.out, template="small", variant="org/new")
        with open_context(request) as context:
            ((chosen, _),) = context.choices
            asset = f"models/old@{commit}"
            found = baseline_key(
                context, chosen, asset, sources=Sources(folders={}), world=World(), seed=0, shard=WHOLE
            )
        assert isinstance(found, CacheKey)
        return found

    first = key()
    assert first.digest == key().digest
    place.write({"models/old/weights": "2"})
    assert first.digest != key().digest


SECOND = "  - {key: speed, unit: ratio, range: [0, 1]}\n"


def test_a_broken_or_partial_arm_is_never_kept(place: Place) -> None:
    place.run(baseline="crashes")
    assert [] == place.entries()
    place.write({".remyx/metrics.yaml": METRICS + SECOND})
    place.write({".remyx/templates/small.yaml": TEMPLATE.replace("[accuracy]", "[accuracy, speed]")})
    assert "partial" == place.run().run_state
    assert [] == place.entries()


def test_what_changes_after_it_was_laid_out_fails_the_arm(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.run("worse")
    place.write(
        {
            "evaluation/evaluate.py": HARNESS
            + "\nif asset == 'worse': (pathlib.Path(os.environ['REMYX_OUTPUT_DIR']).parent / 'baseline'"
            " / 'results.json').write_text(json.dumps(results))\n"
        }
    )
    place.run("better")
    report = place.run("worse")
    assert ("failed", "the kept results changed during the run") == (
        report.run_state,
        (arm(report).detail or "").splitlines()[0],
    )


def test_fresh_measures_anew_and_no_folder_keeps_nothing(place: Place) -> None:
    place.run()
    place.run(cache=CacheSettings(folder=place.kept, may_get=False))
    assert ["baseline", "variant"] == place.ran()
    shutil.rmtree(place.kept)
    place.run(cache=CacheSettings(folder=None))
    place.run(cache=CacheSettings(folder=place.kept, may_put=False))
    assert not place.kept.exists()


@pytest.mark.slow
def test_a_pull_request_reads_what_the_default_branch_kept_and_writes_nothing(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path):
        kept = tmp_path / "runner" / "remyx-cache"
        jobs.inputs = {"RUNNER_TEMP": str(kept.parent)}
        first = jobs.step("run")
        assert (Exit.SHIP, False) == (first.exit, kept.exists())
        main = jobs.clone(tmp_path / "main", "refs/heads/main")
        said: list[str] = []
        world = World()
        request = Request(root=main, out=tmp_path / "out", cache=CacheSettings(folder=kept))
        baseline.keep(request, world, said.append)
        baseline.keep(request, world, said.append)
        assert [True, True] == ["measured and kept" in said[0], "kept already" in said[1]]
        before = sorted(kept.rglob("*"))
        second = jobs.step("run")
        assert first.report["metrics"] == second.report["metrics"]
        assert "kept" == second.report["arms"]["baseline"]["origin"]["kind"]
        assert "reused, measured the same day" in jobs.ours()[0].body
        for path in kept.rglob("results.json"):
            path.write_text(path.read_text().replace('"score": 1', '"score": 0'))
        third = jobs.step("run")
        assert "was refused, and measured anew" in third.report["arms"]["baseline"]["warnings"][0]
        assert first.report["metrics"] == third.report["metrics"]
        assert before == sorted(kept.rglob("*"))


def test_a_kept_arm_survives_the_handover_between_two_jobs(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path):
        kept = tmp_path / "runner" / "remyx-cache"
        jobs.inputs = {"RUNNER_TEMP": str(kept.parent)}
        main = jobs.clone(tmp_path / "main", "refs/heads/main")
        world = World()
        request = Request(root=main, out=tmp_path / "out", cache=CacheSettings(folder=kept))
        baseline.keep(request, world, lambda _: None)
        _, published = jobs.evaluate()
        assert "kept" == published.report["arms"]["baseline"]["origin"]["kind"]
        assert "ship" == published.report["verdict"]


def event_file(folder: Path, payload: object) -> str:
    path = folder / "event.json"
    path.write_text(json.dumps(payload))
    return str(path)


@pytest.mark.parametrize(
    ("name", "ref", "trusted"),
    [
        ("push", "refs/heads/main", True),
        ("schedule", "refs/heads/main", True),
        ("workflow_dispatch", "refs/heads/main", True),
        ("push", "refs/heads/feature", False),
        ("pull_request", "refs/heads/main", False),
        ("pull_request", "refs/pull/1/merge", False),
        ("merge_group", "refs/heads/main", False),
        ("workflow_run", "refs/heads/main", False),
    ],
)
def test_only_the_default_branch_is_trusted(tmp_path: Path, name: str, ref: str, *, trusted: bool) -> None:
    payload = {"repository": {"default_branch": "main"}}
    environment = {"GITHUB_EVENT_NAME": name, "GITHUB_REF": ref}
    assert not is_trusted(environment)
    environment["GITHUB_EVENT_PATH"] = event_file(tmp_path, payload)
    assert trusted == is_trusted(environment)
    environment["GITHUB_EVENT_PATH"] = event_file(tmp_path, [])
    assert not is_trusted(environment)
    assert is_trusted({})


def test_a_recorded_baseline_says_when_and_under_what(place: Place) -> None:
    said: list[str] = []
    numbers = METRICS.replace("{value: 0.5, n: 400}", "{value: 0.48, n: 300}")
    place.write({".remyx/metrics.yaml": numbers})
    proposed = baseline.record(place.baseline(), place.world(), said.append)
    assert said[0].startswith("small: wrote .remyx/baselines/small.json (half, ")
    assert "+    baseline: {value: 0.5, n: 400}" in proposed
    patch = subprocess.run(["git", "apply"], input=proposed, text=True, cwd=place.root, check=False)
    assert 0 == patch.returncode
    assert METRICS == (place.root / ".remyx" / "metrics.yaml").read_text()

    place.write({".remyx/templates/small.yaml": f"{TEMPLATE}baseline: recorded\n"})
    report = place.run()
    assert ["variant"] == place.ran()
    assert ("recorded", "half", "ship") == (arm(report).state, arm(report).asset, report.verdict)
    assert ("paired", "0.15") == (report.metrics[0].method, str(report.metrics[0].delta))
    assert ["the template changed since it was recorded"] == arm(report).warnings

    place.write({"evaluation/evaluate.py": HARNESS + "\n"})
    changed = place.run()
    assert ("iterate", "not_comparable") == (changed.verdict, changed.reason)
    assert changed.inputs.not_comparable[0].startswith("harness_digest: baseline ")


def test_an_old_record_is_reported_as_old(place: Place) -> None:
    baseline.record(place.baseline(), place.world(), lambda _: None)
    path = place.root / ".remyx" / "baselines" / "small.json"
    told = json.loads(path.read_text())
    told["measured"] |= {"clock": "2020-01-01T00:00:00Z", "asset": "other"}
    path.write_text(json.dumps(told))
    place.write({".remyx/templates/small.yaml": f"{TEMPLATE}baseline: recorded\n"})
    old, other, template = arm(place.run()).warnings
    assert "days before: `remyx-action baseline record` renews it" in old
    assert "recorded of the asset other, and the template now names another" == other
    assert "the template changed since it was recorded" == template
    told["measured"]["clock"] = {"nested": 1}
    path.write_text(json.dumps(told))
    broken = place.run()
    assert "$.measured: is not what `baseline record` writes" in (arm(broken).detail or "")


def test_nothing_is_recorded_of_a_broken_baseline_or_on_a_pull_request(place: Place) -> None:
    with pytest.raises(NotJudged, match="is not whole: exit code 1"):
        baseline.record(place.baseline(baseline="crashes"), place.world(), lambda _: None)
    untrusted = CacheSettings(folder=place.kept, may_put=False)
    for command in (baseline.record, baseline.keep):
        with pytest.raises(NotJudged, match="on the default branch only"):
            command(place.baseline(cache=untrusted), place.world(), lambda _: None)
    assert not (place.root / ".remyx" / "baselines").exists()


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        ("2026-03-01T10:00:00Z", "1 day before"),
        ("2026-03-02T10:00:00Z", "the same day"),
        ("2025-03-02T10:00:00Z", "365 days before"),
        ("2024-02-29T10:00:00Z", "732 days before"),
        ("2026-03-03T10:00:00Z", "later than this run, as its clock says"),
        ("yesterday", "nobody knows when"),
        (None, "nobody knows when"),
    ],
)
def test_ages_are_counted_in_calendar_days(measured: str | None, words: str) -> None:
    assert words == age_in_words(measured, "2026-03-02T09:00:00Z")


def test_an_age_agrees_with_the_calendar() -> None:
    from datetime import UTC, datetime, timedelta

    first = datetime(1999, 12, 31, tzinfo=UTC)
    for days in range(0, 20_000, 7):
        later = (first + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert days == age_days("1999-12-31T00:00:00Z", later)


def test_the_folder_of_kept_arms_does_not_grow_for_ever(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("{}")
    digest = {"results.json": f"sha256:{sha256(b'{}').hexdigest()}"}
    kept = CacheFolder(tmp_path / "kept", most_entries=2)
    for moment, key in enumerate("abc"):
        kept.put(key * 64, "{}", digest, tmp_path)
        os.utime(tmp_path / "kept" / (key * 64), (moment, moment))
    kept.put("d" * 64, "{}", digest, tmp_path)
    assert ["c" * 64, "d" * 64] == sorted(path.name for path in (tmp_path / "kept").glob("?" * 64))
