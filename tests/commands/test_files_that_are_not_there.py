"""What a checkout lacks: files of submodules and of Git LFS, and what the base branch brought since."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from remyx_action.errors import Exit
from support.jobs import Jobs, jobs_on
from support.places import Place, arm
from support.repositories import commit, git
from support.small_project import FILES, HARNESS, TEMPLATE, UNLOCKED, locked, model

Files = dict[str, str | None]
LINK, FILE, SUBMODULE = "120000", "100644", "160000"
READS_ITS_ASSET = HARNESS.replace(
    'asset = os.environ["REMYX_ASSET"]',
    'asset = pathlib.Path(os.environ["REMYX_ASSET"])\n'
    'asset = (asset / "w.bin" if asset.is_dir() else asset).read_text().strip()',
)
MODELS: Files = UNLOCKED | {
    "evaluation/evaluate.py": READS_ITS_ASSET,
    ".remyx/templates/small.yaml": TEMPLATE.replace("baseline_asset: half", "baseline_asset: models/v1"),
    "models/v1": "half",
    "model.yaml": model("models/v1"),
}


def pointer(content: str) -> str:
    """What git stores of a large file."""
    digest = sha256(content.encode()).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"


def with_entries(jobs: Jobs, *entries: tuple[str, bytes, str]) -> None:
    """Put links and submodules onto main."""
    jobs.propose_entries(list(entries), "onto-main")
    jobs.world.history.git("update-ref", "refs/heads/main", "refs/heads/onto-main")


@pytest.mark.parametrize("path", [b"vendor/library", b"src/library", b"evaluation-data"])
def test_a_submodule_outside_the_harness_blocks_nothing_and_is_reported(tmp_path: Path, path: bytes) -> None:
    for jobs in jobs_on(tmp_path):
        with_entries(jobs, (SUBMODULE, path, "1" * 40))
        jobs.propose({"model.yaml": model("better")})
        ended = jobs.step("run")
        assert ("ship", "bar_met") == ended.verdict
        told = f"submodules are empty folders in the checkouts: {path.decode()}"
        assert told in ended.report["arms"]["variant"]["warnings"]


@pytest.mark.parametrize(
    ("path", "harness"),
    [
        (b"evaluation/data", "evaluation/**"),
        (b"data", "data/*.json"),
        (b"data", "data/**"),
        (b"data", "data"),
    ],
)
def test_a_submodule_in_the_harness_is_refused(tmp_path: Path, path: bytes, harness: str) -> None:
    template = TEMPLATE.replace("harness: [evaluation/**]", f"harness: [evaluation/**, '{harness}']")
    for jobs in jobs_on(tmp_path, locked(UNLOCKED | {".remyx/templates/small.yaml": template})):
        with_entries(jobs, (SUBMODULE, path, "1" * 40))
        jobs.propose({"model.yaml": model("better")})
        ended = jobs.step("run")
        assert (Exit.NOT_JUDGED, "not-judged") == (ended.exit, ended.outputs["verdict"])
        assert f"holds a submodule, whose files a checkout lacks: {path.decode()}" in ended.said


def test_a_link_in_the_harness_is_reported(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, UNLOCKED):
        with_entries(jobs, (LINK, b"evaluation/labels", "../README.md"))
        jobs.propose({"model.yaml": model("better")})
        told = "the harness holds a link, of which only the target's name is digested: evaluation/labels"
        assert told in jobs.step("run").report["arms"]["variant"]["warnings"]


COMMITS: Files = locked(
    UNLOCKED
    | {
        "evaluation/evaluate.py": HARNESS.replace(
            'asset = os.environ["REMYX_ASSET"]',
            'asset = (pathlib.Path(os.environ["REMYX_SOURCE"]) / "src/name").read_text().strip()',
        ),
        ".remyx/templates/small.yaml": TEMPLATE.replace("baseline_asset: half\n", "compare: commits\n")
        .replace("variant_asset: {file: model.yaml, pointer: /model}\n", "")
        .replace("paths: [model.yaml, src/**]", "paths: [src/**]"),
        "src/name": "half",
    }
)


@pytest.mark.parametrize(("path", "reason"), [(b"src/library", "not_measured"), (b"elsewhere", "bar_met")])
def test_a_changed_submodule_of_the_code_under_test_was_not_measured(
    tmp_path: Path, path: bytes, reason: str
) -> None:
    for jobs in jobs_on(tmp_path, COMMITS):
        jobs.propose_entries([(FILE, b"src/name", "better"), (SUBMODULE, path, "1" * 40)])
        ended = jobs.step("run")
        assert reason == ended.outputs["reason"]
        assert [path.decode()] == ended.report["proposal"]["not_measured"]
        assert f"1 changed file was not measured: `{path.decode()}`" in ended.summary


@pytest.mark.parametrize(
    ("landed", "moved"), [("src/other", ["src/other"]), ("README.md", []), (".remyx/notes.md", [])]
)
def test_a_tip_that_moved_in_paths_is_reported(tmp_path: Path, landed: str, moved: list[str]) -> None:
    for jobs in jobs_on(tmp_path, COMMITS):
        jobs.propose({"src/name": "better"})
        jobs.world.history.write("main", {landed: "Landed meanwhile.\n"})
        jobs.world.refresh(jobs.pull)
        ended = jobs.step("run")
        assert ("ship", moved) == (ended.verdict[0], ended.report["proposal"].get("moved", []))
        told = "The base branch has moved since in `src/other`: merging brings a combination"
        assert bool(moved) == (told in jobs.ours()[-1].body) == (told in ended.summary)


def stored(jobs: Jobs, monkeypatch: pytest.MonkeyPatch, content: str, held: str) -> None:
    """Have every later clone keep `held` under the name of `content` in its store of large files."""
    digest = sha256(content.encode()).hexdigest()
    clone = type(jobs).clone

    def with_store(self: Jobs, folder: Path, ref: str) -> Path:
        made = clone(self, folder, ref)
        store = made / ".git" / "lfs" / "objects" / digest[:2] / digest[2:4]
        store.mkdir(parents=True)
        (store / digest).write_text(held)
        return made

    monkeypatch.setattr(type(jobs), "clone", with_store)


HELD = {"the file": "better", "another file": "worse!", "a part of it": "bett", "nothing": None}


@pytest.mark.parametrize(
    ("held", "place"),
    [(held, "models/v2") for held in HELD]
    + [("the file", "models/v2/w.bin"), ("nothing", "models/v2/w.bin")],
)
def test_an_asset_is_the_file_that_its_pointer_names_or_the_arm_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str, place: str
) -> None:
    for jobs in jobs_on(tmp_path, locked(MODELS | {place: pointer("better")})):
        content = HELD[held]
        if content is not None:
            stored(jobs, monkeypatch, "better", content)
        jobs.propose({"model.yaml": model("models/v2")})
        ended = jobs.step("run")
        if held == "the file":
            assert ("ship", "bar_met") == ended.verdict
        else:
            assert ("not-judged", "run_failed") == ended.verdict
            assert f"{place} is a Git LFS pointer" in ended.report["arms"]["variant"]["detail"]
            assert "completed" == ended.report["arms"]["baseline"]["state"]


def test_bytes_of_a_harness_stay_what_its_lock_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for jobs in jobs_on(tmp_path, locked(UNLOCKED | {"evaluation/labels.bin": pointer("labels")})):
        stored(jobs, monkeypatch, "labels", "labels")
        assert ("ship", "bar_met") == jobs.step("run").verdict


@pytest.mark.parametrize(
    ("asset", "told"),
    [
        ("large", "large is a Git LFS pointer"),
        ("folder", "folder/deep/w.bin is a Git LFS pointer"),
        ("link", "link is a Git LFS pointer"),
        ("large@main", "large is a Git LFS pointer"),
        ("empty", "empty is an empty folder, as a submodule is that nobody checked out"),
        ("empty/inside/it", "empty is an empty folder"),
    ],
)
@pytest.mark.parametrize("name", ["variant", "baseline"])
def test_on_a_laptop_too_an_asset_without_its_bytes_fails_its_arm(
    tmp_path: Path, asset: str, told: str, name: Any
) -> None:
    place = Place(tmp_path, UNLOCKED | {"large": pointer("x"), "folder/deep/w.bin": pointer("y")})
    (place.root / "link").symlink_to("large")
    (place.root / "empty").mkdir()
    report = place.run(**{name: asset})
    assert ("run_failed", "failed") == (report.reason, arm(report, name).state)
    assert told in (arm(report, name).detail or "")


def test_names_that_are_no_paths_are_the_harness_s_own_business(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert "ship" == place.run(variant="better", baseline="half").verdict


def test_a_project_in_a_submodule_s_repository_is_as_any_other(tmp_path: Path) -> None:
    place = Place(tmp_path, FILES)
    git(place.root, "init", "-q", "-b", "main")
    first = commit(place.root, {})
    git(place.root, "update-index", "--add", "--cacheinfo", f"160000,{first},vendor")
    git(place.root, "commit", "-q", "-m", "submodule")
    assert "ship" == place.run().verdict
