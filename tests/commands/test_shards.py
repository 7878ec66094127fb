"""An arm in shards: the same verdict byte for byte, none where a shard is missing, doubled or overlaps."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remyx_action.commands import baseline
from remyx_action.commands.plan import legs_of, matrix_of
from remyx_action.commands.run.arms import arm_report
from remyx_action.commands.run.joined_arms import join_shards
from remyx_action.commands.run.request import NO_CACHE, CacheSettings
from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.evidence.gathering import gather
from remyx_action.evidence.merging import NotMergedError, merge_seeds, merge_shards
from remyx_action.project.models import Template
from remyx_action.project.models.shard import Shard, read_shard
from remyx_action.readers.scores import ArmScores, Empty, Reason, Samples, Scores, Summary, Unusable
from remyx_action.report.report import Report, to_json
from remyx_action.report.run_record import CAP_BYTES
from remyx_action.report.verdict import Arm
from support.enumeration import metric
from support.places import Place, arm
from support.reports import spec
from support.small_project import FILES, HARNESS, METRICS, TEMPLATE

PROGRAM = Path(sys.executable).with_name("remyx-action")
SMALL = "  - {key: rare, unit: accuracy, range: [0, 1]}\n"
SHARDED = HARNESS.replace(
    "results = {",
    'mine, of = int(os.environ["REMYX_SHARD"]), int(os.environ["REMYX_SHARDS"])\n'
    'rows = [{**row, "cluster": row["id"][:3]} for row in rows][::-1][mine::of]\n'
    'rare = [{"id": f"r{i}", "score": i / 3} for i in range(3)][mine::of]\n'
    "results = {",
).replace('{"samples": rows}', '{"samples": rows}, "rare": {"samples": rare}')
"""Every metric's samples are dealt out in turn; most of 8 shards have none of the rare ones."""
DEALT = {
    **FILES,
    "evaluation/evaluate.py": SHARDED,
    ".remyx/metrics.yaml": METRICS + SMALL,
    ".remyx/templates/small.yaml": TEMPLATE.replace("[accuracy]", "[accuracy, rare]").replace(
        "samples: 400", "samples: {accuracy: 400, rare: 3}"
    ),
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, DEALT)


def measure(
    place: Place, shards: int, *, variant: str = "better", cache: CacheSettings = NO_CACHE, **given: Any
) -> Path:
    """Every shard measured by a job of its own; the folder that their archives would be unpacked into."""
    folder = place.root.parent / f"legs-{shards}"
    for shard in range(shards):
        place.out = folder / f"remyx-results-{shard}"
        place.measure(variant, cache=cache, shard=Shard(index=shard, count=shards, **given))
    return folder


def judged(place: Place, folder: Path, *, variant: str = "better") -> Report:
    place.out = place.root.parent / "judged"
    return place.run(variant, measured=folder)


def verdict_bytes(report: Report) -> bytes:
    """verdict.json but for where its numbers came from."""
    provenance: dict[str, object] = {"arms": {}, "judged_under": {}, "run": {}}
    return to_json(report.model_copy(update=provenance)).encode()


@pytest.mark.slow
@pytest.mark.parametrize("asset", ["better", "worse"])
def test_1_2_and_8_shards_give_the_same_verdict_bytes(place: Place, asset: str) -> None:
    reports = [judged(place, measure(place, shards, variant=asset), variant=asset) for shards in (1, 2, 8)]
    assert {"better": "ship", "worse": "reject"}[asset] == reports[0].verdict
    assert "complete" == reports[0].run_state
    assert 1 == len({verdict_bytes(report) for report in reports})
    assert [None, 2, 8] == [arm(report).shards for report in reports]
    direct = place.run(asset)
    assert verdict_bytes(direct) == verdict_bytes(reports[0])


def refused(place: Place, folder: Path) -> str:
    with pytest.raises(NotJudged) as caught:
        judged(place, folder)
    return caught.value.message


def test_a_lost_shard_is_never_a_ship(place: Place) -> None:
    folder = measure(place, 4)
    shutil.rmtree(folder / "remyx-results-2")
    assert "the results lack shard 2 of 4 (counted from 0) of template small" in refused(place, folder)
    shutil.rmtree(folder / "remyx-results-3")
    assert "lack shards 2, 3 of 4" in refused(place, folder)
    for index in (0, 1):
        shutil.rmtree(folder / f"remyx-results-{index}")
    assert "hold nothing of template small" in refused(place, folder)


def test_a_doubled_shard_and_parts_of_several_runs_are_refused(place: Place) -> None:
    folder = measure(place, 2)
    shutil.copytree(folder / "remyx-results-1", folder / "again")
    assert "the results hold shard 1 of 2 (counted from 0) twice" in refused(place, folder)
    shutil.rmtree(folder / "again")
    record = folder / "remyx-results-1" / "run.json"
    told = json.loads(record.read_text())
    for change, said in (
        ({"shards": 4}, "parts of several runs"),
        ({"samples": 10}, "parts of several runs"),
        ({"harness": "sha256:0"}, "the harness on the base branch changed"),
        ({"measuring": "sha256:0"}, "measured under another template small"),
        ({"environment": "sha256:0"}, "different values of the variables in `env`"),
        ({"run": told["run"] | {"version": "9.9.9"}}, "different versions of remyx-action"),
        ({"shard": 7}, "lack shard 1 of 2"),
        ({"shard": -1}, "is not what the measuring job writes"),
    ):
        record.write_text(json.dumps(told | change))
        assert said in refused(place, folder), change


TEMPLATES = {
    "a command": ("script:", 'command: [python3, evaluation/evaluate.py, "--easy"]\nscript:'),
    "a variable": ("script:", "env: [QUALITY]\nscript:"),
    "the baseline's asset": ("baseline_asset: half", "baseline_asset: slightly"),
}


@pytest.mark.parametrize("what", TEMPLATES)
def test_a_shard_of_another_template_is_refused(place: Place, what: str) -> None:
    folder = measure(place, 2)
    before, after = TEMPLATES[what]
    template = DEALT[".remyx/templates/small.yaml"] or ""
    place.write({".remyx/templates/small.yaml": template.replace(before, after)})
    place.out = folder / "remyx-results-1"
    place.measure("better", shard=Shard(index=1, count=2))
    place.write({".remyx/templates/small.yaml": template})
    assert "measured under another template small" in refused(place, folder)


def test_what_only_judges_may_change_between_measuring_and_judging(place: Place) -> None:
    folder = measure(place, 2)
    template = DEALT[".remyx/templates/small.yaml"] or ""
    place.write({".remyx/templates/small.yaml": template.replace("timeout: 60", "timeout: 61\nretries: 1")})
    assert "ship" == judged(place, folder).verdict


def test_shards_measured_with_other_variables_are_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = DEALT[".remyx/templates/small.yaml"] or ""
    place.write({".remyx/templates/small.yaml": f"{template}env: [QUALITY, JUDGE_TOKEN]\n"})
    for shard, quality in enumerate(("0.5", "0.9")):
        monkeypatch.setenv("QUALITY", quality)
        monkeypatch.setenv("JUDGE_TOKEN", f"secret-{shard}")
        place.out = place.root.parent / "legs" / str(shard)
        place.measure("better", shard=Shard(index=shard, count=2))
    assert "different values of the variables in `env`" in refused(place, place.out.parent)
    monkeypatch.setenv("QUALITY", "0.5")
    place.out = place.root.parent / "legs" / "1"
    place.measure("better", shard=Shard(index=1, count=2))
    monkeypatch.delenv("QUALITY")  # whoever judges need not have it
    assert "ship" == judged(place, place.root.parent / "legs").verdict


def test_shards_built_from_different_images_fail_the_arm() -> None:
    arms = [
        Arm(scores=as_arm(ONE), report=arm_report("completed", images={"FROM base": digest}))
        for digest in ("sha256:1", "sha256:2")
    ]
    joined = join_shards(arms, ["m"])
    assert ("failed", "FROM base is sha256:1 in shard 0 of 2, and sha256:2 in shard 1 of 2") == (
        joined.report.state,
        joined.report.detail,
    )


def test_a_folder_that_is_not_there_is_wrong_usage(place: Place) -> None:
    with pytest.raises(WrongUsage, match="there is no folder"):
        judged(place, place.root / "nothing-here")


def test_overlapping_shards_fail_the_arm(place: Place) -> None:
    place.write({"evaluation/evaluate.py": SHARDED.replace("[mine::of]", "[mine : mine + 399 // of]")})
    report = judged(place, measure(place, 2))
    assert (None, "run_failed") == (report.verdict, report.reason)
    said = "shard 0 of 2 and shard 1 of 2 overlap: both hold 198 ids of accuracy (s201, s202, s203, …)"
    assert said == arm(report).detail


def test_a_harness_that_ignores_its_shard_is_ended_after_its_first_arm(place: Place) -> None:
    place.write({"evaluation/evaluate.py": SHARDED.replace("mine, of = int", "mine, of = 0, 1 #")})
    template = DEALT[".remyx/templates/small.yaml"] or ""
    place.write({".remyx/templates/small.yaml": f"{template}arms: sequential\n"})
    with pytest.raises(NotJudged) as caught:
        measure(place, 2)
    said = "shard 0 of 2 of the baseline holds all 400 samples of accuracy: the harness ignores its shard"
    assert said == caught.value.message
    assert ["baseline"] == place.ran()
    assert not (place.out / "run.json").exists()


def test_a_part_with_the_samples_of_another_is_ended_where_none_are_declared(place: Place) -> None:
    template = DEALT[".remyx/templates/small.yaml"] or ""
    undeclared = re.sub("samples: .*", "arms: sequential", template)
    place.write({".remyx/templates/small.yaml": undeclared})
    place.write({"evaluation/evaluate.py": SHARDED.replace("mine, of = int", "mine, of = 0, 1 #")})
    with pytest.raises(NotJudged) as caught:
        measure(place, 3)
    said = "shard 1 of 3 of the baseline holds the same samples as shard 0 in remyx-results-0"
    assert f"{said}: the harness ignores its shard" == caught.value.message
    assert ["baseline"] == place.ran()
    assert not (place.out / "run.json").exists()
    place.write({"evaluation/evaluate.py": SHARDED})
    assert "ship" == judged(place, measure(place, 3)).verdict


def test_a_folder_above_that_cannot_be_listed_hides_other_shards_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's folder may be entered and not listed; root lists all, so the listing is refused here."""
    template = DEALT[".remyx/templates/small.yaml"] or ""
    place.write({".remyx/templates/small.yaml": re.sub("samples: .*", "", template)})
    above, listed = place.root.parent / "legs-2", Path.iterdir

    def refused(path: Path) -> Iterator[Path]:
        if path == above:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    with monkeypatch.context() as measuring:
        measuring.setattr(Path, "iterdir", refused)
        folder = measure(place, 2)
    assert "ship" == judged(place, folder).verdict


def test_all_of_a_rare_metric_may_lie_in_one_shard(place: Place) -> None:
    dealt = SHARDED.replace("for i in range(3)][mine::of]", "for i in range(3)][: 3 * (mine == 1)]")
    place.write({"evaluation/evaluate.py": dealt})
    assert "ship" == judged(place, measure(place, 2)).verdict


def test_a_harness_that_names_no_shard_is_warned_of_beforehand(tmp_path: Path) -> None:
    place = Place(tmp_path)
    words = [str(PROGRAM), "-C", str(place.root), "plan", "--shards"]
    said = [subprocess.run([*words, of], capture_output=True, text=True, check=True) for of in ("1", "2")]
    assert ["", "warning: no file of the harness of small reads its shard, so every part may score all"] == [
        done.stderr.partition(" samples:")[0] for done in said
    ]
    template = TEMPLATE.replace("script:", 'command: [python3, evaluation/evaluate.py, "{shard}"]\nscript:')
    place.write({".remyx/templates/small.yaml": template})
    assert "" == subprocess.run([*words, "2"], capture_output=True, text=True, check=True).stderr
    place.write({".remyx/templates/small.yaml": template.replace("samples: 400", "")})
    done = subprocess.run([*words, "2"], capture_output=True, text=True, check=True)
    assert done.stderr.startswith("warning: small declares no `samples`, so a part that holds all")


def test_a_shard_that_failed_fails_the_arm(place: Place) -> None:
    crash = "if mine == 1 and asset == 'better': sys.exit('lost')\n"
    place.write({"evaluation/evaluate.py": SHARDED.replace("rows = [{**row", f"{crash}rows = [{{**row")})
    report = judged(place, measure(place, 2))
    assert (None, "failed") == (report.verdict, arm(report, "variant").state)
    assert (arm(report, "variant").detail or "").startswith("shard 1 of 2: exit code 1")


def test_a_part_is_never_judged_alone(place: Place) -> None:
    with pytest.raises(WrongUsage, match="shard 1 of 2 is judged by nobody alone"):
        place.run(shard=Shard(index=1, count=2))


def test_seeds_and_a_quick_look_go_through_shards(place: Place) -> None:
    text = (place.root / ".remyx" / "templates" / "small.yaml").read_text()
    place.write({".remyx/templates/small.yaml": f"{text}seeds: [5, 6]\n"})
    whole = place.run()
    folder = measure(place, 2)
    assert (folder / "remyx-results-1" / "arms" / "variant" / "seed-6" / "results.json").exists()
    assert verdict_bytes(whole) == verdict_bytes(judged(place, folder))
    assert 200 == judged(place, measure(place, 3, samples=200)).quick_look


def test_what_a_harness_leaves_is_never_taken_for_a_leg(place: Place) -> None:
    folder = measure(place, 1)
    record = folder / "remyx-results-0" / "run.json"
    shutil.copy(record, folder / "remyx-results-0" / "arms" / "variant" / "run.json")
    assert "ship" == judged(place, folder).verdict
    assert "ship" == judged(place, folder / "remyx-results-0").verdict


@pytest.mark.parametrize("text", ["", "1", "8/8", "-1/2", "0/0", "0/257", "1/2/3", "٣/٨", "0x1/2", "1 /2"])
def test_what_names_no_shard(text: str) -> None:
    assert read_shard(text) is None
    assert Shard(index=7, count=8) == read_shard("7/8")


Row = tuple[str, int, str]


@st.composite
def dealt(draw: st.DrawFn) -> tuple[list[Row], list[int]]:
    """Rows (id, score, cluster) with repeats, and the shard of each id."""
    ids = draw(st.integers(1, 12))
    rows = [
        (f"q{id_}", draw(st.integers(0, 3)), f"c{id_ % 5}")
        for id_ in range(ids)
        for _ in range(draw(st.integers(1, 2)))
    ]
    return rows, draw(st.lists(st.integers(0, 3), min_size=ids, max_size=ids))


def samples_of(rows: Sequence[Row]) -> Scores:
    if not rows:
        return Empty(reason=Reason.INVALID_VALUE, message="the list of samples is empty")
    repeats: dict[str, int] = {}
    numbers = []
    for id_, _, _ in rows:
        numbers.append(str(repeats.setdefault(id_, 0)))
        repeats[id_] += 1
    return Samples(
        ids=[id_ for id_, _, _ in rows],
        scores=[f"0.{score}" for _, score, _ in rows],
        clusters=[cluster for _, _, cluster in rows],
        repeats=numbers,
    )


def as_arm(scores: Scores, **provenance: str) -> ArmScores:
    return ArmScores(scores={"m": scores}, provenance=provenance)


@given(dealt())
def test_however_ids_are_dealt_the_evidence_is_the_same(case: tuple[list[Row], list[int]]) -> None:
    rows, shard_of = case
    parts = [
        (f"shard {shard}", as_arm(samples_of([row for row in rows if shard_of[int(row[0][1:])] == shard])))
        for shard in range(4)
    ]
    merged = merge_shards(parts).scores["m"]
    whole = samples_of(rows)
    assert gather(metric(), [], whole, whole) == gather(metric(), [], merged, merged)


ONE = Samples(ids=["a"], scores=["1"])


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ([Summary(value=Decimal(0))], "means cannot be merged"),
        ([Unusable(reason=Reason.MISSING_METRIC, message="gone")], "shard 1: gone"),
        ([Samples(ids=["b"], scores=["1"], clusters=["c"])], "some of its runs report clusters"),
    ],
)
def test_a_shard_of_another_kind_leaves_the_metric_unknown(others: list[Scores], reason: str) -> None:
    arms = [as_arm(ONE), *map(as_arm, others)]
    found = merge_shards([(f"shard {index}", one) for index, one in enumerate(arms)]).scores["m"]
    assert isinstance(found, Unusable)
    assert reason in found.message


def test_provenance_that_must_agree_does() -> None:
    with pytest.raises(NotMergedError, match="under different judge"):
        merge_shards([("0", as_arm(ONE, judge="a")), ("1", as_arm(ONE, judge="b"))])
    with pytest.raises(NotMergedError, match="under different model_revision"):
        merge_shards([("0", as_arm(ONE, model_revision="a")), ("1", as_arm(ONE, model_revision="b"))])
    with pytest.raises(NotMergedError, match="under different model_revision"):
        merge_shards([("0", as_arm(ONE, model_revision="a")), ("1", as_arm(ONE))])
    runs = [(seed, seed, as_arm(ONE, host=seed, judge="j", model_revision=seed)) for seed in ("0", "1")]
    merged = merge_seeds(runs)
    assert {"judge": "j"} == merged.provenance
    assert {"its runs report different host", "its runs report different model_revision"} == {
        *merged.warnings
    }


def test_empty_everywhere_is_empty() -> None:
    empty = samples_of([])
    assert empty == merge_shards([("0", as_arm(empty)), ("1", as_arm(empty))]).scores["m"]


def test_a_shard_without_a_rare_metric_is_kept_too(place: Place) -> None:
    place.write({".remyx/templates/small.yaml": f"{DEALT['.remyx/templates/small.yaml']}shards: 4\n"})
    said: list[str] = []
    baseline.keep(place.baseline(), place.world(), said.append)
    assert [f"small, shard {shard} of 4: measured and kept" for shard in range(4)] == [
        line.partition(" (")[0] for line in said
    ]
    measure(place, 4, cache=CacheSettings(folder=place.kept, may_put=False))
    assert ["variant"] == place.ran()
    place.write({"evaluation/evaluate.py": SHARDED.replace("range(3)", "range(0)")})
    place.write({".remyx/templates/small.yaml": DEALT[".remyx/templates/small.yaml"] or ""})
    with pytest.raises(NotJudged, match="the list of samples is empty"):
        baseline.keep(place.baseline(), place.world(), said.append)


@pytest.mark.parametrize("format", ["text", "json", "github"])
def test_the_plan_names_every_leg(place: Place, format: str) -> None:
    place.write({".remyx/templates/small.yaml": f"{DEALT['.remyx/templates/small.yaml']}shards: 2\n"})
    words = [str(PROGRAM), "-C", str(place.root), "plan", "--format", format]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    more = subprocess.run([*words, "--shards", "3"], capture_output=True, text=True, check=True)
    if format == "text":
        command = "remyx-action run --template small --shard {}/2 --measure-only --out legs/small-{}-of-2"
        told = [line for line in done.stdout.splitlines() if not line.startswith("#")]
        assert [command.format(shard, shard) for shard in range(2)] == told
    else:
        legs = json.loads(done.stdout)["legs" if format == "json" else "include"]
        named = [
            {"name": f"small-{shard}-of-2", "template": "small", "shard": f"{shard}/2"} for shard in range(2)
        ]
        assert named == legs
        assert 3 == len(json.loads(more.stdout)["legs" if format == "json" else "include"])
    assert 1 == len(done.stdout.splitlines()) or format != "github"


def test_a_matrix_is_never_larger_than_github_takes() -> None:
    templates = [
        spec(Template, {"version": 1, "name": name, "script": "x", "metrics": ["m"]}) for name in "ab"
    ]
    assert 256 == len(legs_of(templates, 128))
    with pytest.raises(WrongUsage, match="258 legs are more than the 256 jobs"):
        legs_of(templates, 129)
    assert ["a-0-of-1", "b-0-of-1"] == [leg.name for leg in legs_of(templates, None)]
    assert "" == matrix_of([])


def too_large(record: Path) -> None:
    with record.open("ab") as file:
        file.truncate(CAP_BYTES + 1)


def linked(record: Path) -> None:
    record.rename(record.parent.parent / "record")
    record.symlink_to(record.parent.parent / "record")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [(too_large, "run.json of the results is larger than 16 MiB"), (linked, "is no regular file")],
)
def test_a_record_that_is_not_read_is_reported(
    place: Place, spoil: Callable[[Path], None], said: str
) -> None:
    folder = measure(place, 2)
    spoil(folder / "remyx-results-1" / "run.json")
    assert said in refused(place, folder)


def test_a_record_of_many_files_is_read(place: Place) -> None:
    folder = measure(place, 2)
    for index in (0, 1):
        record = folder / f"remyx-results-{index}" / "run.json"
        told = json.loads(record.read_text())
        told["arms"]["variant"]["digests"] |= {f"log-{number}.txt": "sha256:0" for number in range(10_000)}
        record.write_text(json.dumps(told))
    assert "ship" == judged(place, folder).verdict


@pytest.mark.parametrize("value", ["0.5", "x" * 300, None])
def test_plain_variables_are_in_the_provenance_of_both_arms(
    place: Place, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    name = ".remyx/templates/small.yaml"
    place.write({name: f"{DEALT[name]}env: [QUALITY, JUDGE_API_KEY]\n"})
    monkeypatch.setenv("JUDGE_API_KEY", "sk-0123456789abcdef")
    if value is not None:
        monkeypatch.setenv("QUALITY", value)
    shown = {} if value is None else {"env QUALITY": value[:200]}
    whole = place.run()
    assert [shown, shown] == [arm(whole, name).provenance for name in ("baseline", "variant")]
    folder = measure(place, 2)
    report = judged(place, folder)
    assert [shown, shown] == [arm(report, name).provenance for name in ("baseline", "variant")]
    for index in (0, 1):
        record = folder / f"remyx-results-{index}" / "run.json"
        record.write_text(json.dumps(json.loads(record.read_text()) | {"variables": {"QUALITY": "forged"}}))
    report = judged(place, folder)
    assert {} == arm(report, "variant").provenance
    assert "sk-0123456789" not in to_json(report)
