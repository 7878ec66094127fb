"""A verdict names what was measured, and nothing of an earlier run is left beside a new one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from remyx_action.commands.judge import judge_files
from remyx_action.commands.run.request import NO_CACHE
from remyx_action.errors import FilesWrong, NotJudged, WrongUsage
from remyx_action.sources.disk.output_folder import WRITTEN
from support.places import Place, arm
from support.repositories import commit, git
from support.small_project import FILES, HARNESS, TEMPLATE

PROGRAM = Path(sys.executable).with_name("remyx-action")


def harness(more: str) -> dict[str, str | None]:
    """The small project with a harness that does more while the variant runs."""
    return {**FILES, "evaluation/evaluate.py": f"{HARNESS}\nif asset != 'half':\n    {more}\n"}


def committed(tmp_path: Path, files: dict[str, str | None]) -> tuple[Place, str]:
    place = Place(tmp_path, files)
    git(place.root, "init", "-q", "-b", "main")
    return place, commit(place.root, {})


COMMITS = (
    "import subprocess; subprocess.run(['git', '-c', 'user.name=a', '-c', 'user.email=a@b.c', "
    "'commit', '-q', '--allow-empty', '-m', 'later'], check=True)"
)
CHECKS_OUT = "import subprocess; subprocess.run(['git', 'checkout', '-q', '--detach', 'HEAD~1'], check=True)"


@pytest.mark.parametrize("moves", [COMMITS, CHECKS_OUT])
def test_the_commit_named_is_the_one_that_the_arms_began_with(tmp_path: Path, moves: str) -> None:
    place, _ = committed(tmp_path, harness(moves))
    first = commit(place.root, {})
    report = place.run()
    assert {"head": first} == report.judged_under.commits
    (warning,) = [one for one in arm(report, "variant").warnings if "HEAD moved" in one]
    assert first[:12] not in warning


def test_a_dirty_tree_is_named_as_it_was_when_the_arms_began(tmp_path: Path) -> None:
    place, first = committed(tmp_path, FILES)
    place.write({"README.md": "Other words.\n"})
    assert {"head": f"{first} with uncommitted changes"} == place.run().judged_under.commits


@pytest.mark.parametrize(
    "edits",
    [
        "pathlib.Path('evaluation/labels.csv').write_text('2')",
        "pathlib.Path('evaluation/labels.csv').unlink()",
        "pathlib.Path('evaluation/labels.csv').chmod(0o755)",
    ],
)
def test_a_harness_that_changes_while_the_arms_run_fails_the_run(tmp_path: Path, edits: str) -> None:
    place = Place(tmp_path, {**harness(edits), "evaluation/labels.csv": "1"})
    with pytest.raises(NotJudged, match=r"the harness changed during the run: evaluation/labels.csv"):
        place.run()
    assert not [name for name in WRITTEN if (place.out / name).exists()]


def test_an_asset_that_changes_while_the_arms_run_fails_the_run(tmp_path: Path) -> None:
    """A file of a folder that is measured; a file that is added to it is a cache of somebody's."""
    place = Place(
        tmp_path, {**harness("pathlib.Path('better/weights').write_text('2.')"), "better/weights": "1"}
    )
    with pytest.raises(NotJudged, match=r"the asset better changed during the run: better/weights$"):
        place.run()
    place = Place(
        tmp_path / "added", {**harness("pathlib.Path('better/cache').touch()"), "better/weights": "1"}
    )
    assert "ship" == place.run().verdict


LONG = "long" * 75  # too long for the name of a file, so that even a look at it is an error


@pytest.mark.parametrize(
    ("name", "is_noted"),
    [("org/better", True), ("org/better@v1", False), ("better", False), (LONG, False)],
)
def test_a_name_that_may_move_on_a_hub_is_noted(tmp_path: Path, name: str, is_noted: bool) -> None:
    harness = HARNESS.replace('"better"', f'"{name}"')
    report = Place(tmp_path, {**FILES, "evaluation/evaluate.py": harness}).run(name)
    assert is_noted == any("it can move after the verdict" in one for one in arm(report, "variant").warnings)
    assert "ship" == report.verdict


def test_a_file_that_the_harness_leaves_beside_itself_does_not_matter(tmp_path: Path) -> None:
    place = Place(tmp_path, harness("pathlib.Path('evaluation/cache.bin').write_text('1')"))
    assert "ship" == place.run().verdict


def test_a_run_that_fails_leaves_no_earlier_verdict(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert "ship" == place.run().verdict
    assert (place.out / "verdict.json").exists()
    place.write({".remyx/policies/default.yaml": "version: 1\n"})
    with pytest.raises(FilesWrong):
        place.run()
    assert not [name for name in WRITTEN if (place.out / name).exists()]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.out.mkdir()
    (place.out / "verdict.json").write_text("mine")
    with pytest.raises(WrongUsage, match="did not write"):
        place.run()
    assert "mine" == (place.out / "verdict.json").read_text()


@pytest.mark.parametrize("asset", ["", " ", "a\nb", "x" * 501])
@pytest.mark.parametrize("flag", ["variant", "baseline"])
def test_what_is_no_name_is_wrong_usage(tmp_path: Path, flag: str, asset: str) -> None:
    place = Place(tmp_path)
    with pytest.raises(WrongUsage, match=f"--{flag} is empty, or no name"):
        place.run(**{flag: asset})


@pytest.mark.parametrize(
    "words", [("--variant", "a", "--variant", "b"), ("--variant=a", "--base", "x", "--variant", "a")]
)
def test_an_option_that_says_what_is_judged_is_given_once(tmp_path: Path, words: tuple[str, ...]) -> None:
    place = Place(tmp_path)
    done = subprocess.run(
        [PROGRAM, "-C", place.root, "run", *words], capture_output=True, text=True, check=False
    )
    assert (64, True) == (done.returncode, "--variant is given twice" in done.stderr)
    assert not (place.root / ".remyx-out").exists()


@pytest.mark.parametrize(("declared", "told"), [(20, True), (400, False), (1000, False)])
def test_more_samples_than_declared_are_reported(tmp_path: Path, declared: int, *, told: bool) -> None:
    template = TEMPLATE.replace("samples: 400", f"samples: {declared}")
    place = Place(tmp_path, {**FILES, ".remyx/templates/small.yaml": template})
    warning = f"accuracy: 400 samples were scored, and the template declares {declared:,}"
    report = place.run()
    assert [told, told] == [warning in arm(report, name).warnings for name in ("baseline", "variant")]


@pytest.mark.parametrize("told_by", ["variables", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"])
def test_a_verdict_that_names_no_commit_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told_by: str
) -> None:
    place, first = committed(tmp_path, FILES)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    if os.geteuid() == 0:
        os.chown(place.root / ".git", 65534, 65534)
        os.chown(place.root, 65534, 65534)
        warnings = arm(place.run(), "variant").warnings
        assert (
            "the verdict names no commit: git does not trust this repository: it belongs to another user"
            in (warnings)
        )
        if told_by == "variables":
            for name, value in (("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", "*")):
                monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
        else:
            (tmp_path / "trusts").write_text("[safe]\n\tdirectory = *\n")
            monkeypatch.setenv(told_by, str(tmp_path / "trusts"))
    report = place.run()
    assert {"head": first} == report.judged_under.commits
    assert not [one for one in arm(report, "variant").warnings if "names no commit" in one]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_two_first_runs_of_a_script_with_metadata_do_not_race(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = "# /// script\n# dependencies = []\n# ///\n"
    place = Place(tmp_path, {**FILES, "evaluation/evaluate.py": metadata + HARNESS})
    monkeypatch.setenv("UV_OFFLINE", "1")
    for number in range(3):
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / f"cache-{number}"))
        assert "ship" == place.run(cache=NO_CACHE).verdict


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv"])
def test_a_file_of_another_format_is_shown_how_to_be_read(tmp_path: Path, name: str) -> None:
    place = Place(tmp_path)
    place.run()
    (tmp_path / name).write_text('{"id": "a", "score": 1}\n{"id": "b", "score": 0}\n')
    report = judge_files(
        place.root, place.world(), policy="default", variant=tmp_path / name, baseline=None, out=None
    )
    assert "say where the scores are with `results:`" in (arm(report, "variant").detail or "")


def test_a_file_that_cannot_be_written_whole_is_reported_and_leaves_no_verdict(tmp_path: Path) -> None:
    place = Place(tmp_path, {**FILES, "evaluation/evaluate.py": HARNESS.replace("range(400)", "range(60)")})
    place.run()
    largest = (place.out / "report.html").stat().st_size - 1
    assert (place.out / "arms" / "variant" / "results.json").stat().st_size < largest
    limited = (
        f"ulimit -f {largest // 1024}; exec {PROGRAM} -C {place.root} run --variant better --out {place.out}"
    )
    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False)
    assert (4, True) == (done.returncode, f"cannot write below {place.out}: file too large" in done.stderr)
    assert not (place.out / "report.html").exists()
