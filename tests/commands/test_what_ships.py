"""A pull request ships what was measured: one variant, nothing beside it, the asset itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from remyx_action.commands.run.variants import FileChange, change_of_file
from remyx_action.errors import Exit
from remyx_action.project.models import Template
from support.jobs import Jobs, jobs_on
from support.reports import spec
from support.small_project import FILES, HARNESS, POLICY, TEMPLATE, UNLOCKED, locked, model

Files = dict[str, str | None]


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    yield from jobs_on(tmp_path)


def experiment(variant: str, name: str = "x", template: str = "small") -> Files:
    text = f"version: 1\nname: {name}\ntemplate: {template}\nvariant: {variant}\n"
    return {f".remyx/experiments/{name}.yaml": text}


def changed(
    merge_base: str | None, head: str | None, tip: str | None = None, file: str = "m.yaml"
) -> FileChange:
    template = spec(
        Template,
        {
            "version": 1,
            "name": "t",
            "script": "x",
            "metrics": ["m"],
            "variant_asset": {"file": file, "pointer": "/model"},
        },
    )
    texts = (merge_base, merge_base if tip is None else tip, head)
    before, landed, after = (None if text is None else text.encode() for text in texts)
    return change_of_file(template, merge_base=before, tip=landed, head=after)


@pytest.mark.parametrize(
    ("merge_base", "head", "asset", "beyond"),
    [
        ("model: a\n", "model: b\n", "b", False),
        ("model: a\n", "# comment\nmodel:   'b'\n", "b", False),
        (None, "model: b\n", "b", False),
        (None, "model: b\nlayers: 2\n", "b", True),
        ("model: a\nlayers: 1\n", "model: b\nlayers: 2\n", "b", True),
        ("model: a\nlayers: 1\n", "model: b\n", "b", True),
        ("model: a\nlayers: 1\n", "model: b\nlayers: true\n", "b", True),
        ("model: a\nlayers: 1\n", "model: b\nlayers: 1.0\n", "b", True),
        ("model: a\nlayers: 1\n", "model: a\nlayers: 2\n", None, True),
        ("model: a\n", None, None, True),
        ("model: a\n", "model: 7\n", None, True),
        ("model: a\n", "model: ' '\n", None, True),
        ("model: a\n", "model: b\nmodel: c\n", None, True),
        ("x: &x a\nmodel: a\n", "x: &x a\nmodel: *x\n", None, True),
        ("model: [a\n", "model: b\n", "b", False),
    ],
)
def test_a_file_names_the_asset_that_it_did_not_name_before(
    merge_base: str | None, head: str | None, asset: str | None, *, beyond: bool
) -> None:
    found = changed(merge_base, head)
    assert (asset, True, beyond) == (found.asset, found.differs, found.differs_beyond)


@pytest.mark.parametrize("head", ["model: a\n", "# a comment\nmodel: a\n", "{model: 'a'}\n"])
def test_a_file_that_says_the_same_names_nothing(head: str) -> None:
    assert FileChange() == changed("model: a\n", head)


def test_a_name_that_has_landed_already_is_not_proposed() -> None:
    found = changed("model: a\n", "model: b\n", tip="model: b\n")
    assert (None, True) == (found.asset, found.differs)


def test_a_json_file_is_read_as_strictly() -> None:
    assert "b" == changed('{"model": "a"}', '{"model": "b"}', file="m.json").asset
    found = changed('{"model": "a"}', '{"model": "b", "model": "c"}', file="m.json")
    assert found.asset is None
    assert "not strict JSON" in str(found.refused)


TWO: dict[str, Files] = {
    "an experiment beside the file": {**experiment("better"), "model.yaml": model("worse")},
    "an edited experiment beside the file": {
        ".remyx/experiments/old.yaml": experiment("better", "old")[".remyx/experiments/old.yaml"] or "",
        "model.yaml": model("worse"),
    },
    "two experiments": {**experiment("better"), **experiment("trained", "y")},
    "the file deleted beside an experiment of another name": {
        **experiment("better"),
        **experiment("worse", "z"),
        "model.yaml": None,
    },
}


@pytest.mark.parametrize("what", TWO)
def test_two_names_are_refused_with_both_places(tmp_path: Path, what: str) -> None:
    files = FILES | experiment("half", "old")
    for jobs in jobs_on(tmp_path, files):
        jobs.propose(TWO[what])
        ended = jobs.step("run")
        assert (Exit.NOT_JUDGED, ("not-judged", "no_variant")) == (ended.exit, ended.verdict)
        assert "everal variants are named" in ended.summary
        assert ["failure"] == jobs.concluded()


def test_the_input_and_the_file_must_agree(jobs: Jobs) -> None:
    jobs.propose({"model.yaml": model("worse")})
    ended = jobs.step("run", variant="better")
    assert ("not-judged", "no_variant") == ended.verdict
    assert "better (the input variant)" in ended.summary
    assert "model.yaml" in ended.summary
    jobs.propose({"model.yaml": model("better")}, branch="feature/agrees")
    assert ("ship", "bar_met") == jobs.step("run", variant="better").verdict
    jobs.propose({"README.md": "Other words.\n"}, branch="feature/input-alone")
    assert ("ship", "bar_met") == jobs.step("run", variant="better").verdict


def test_two_places_that_agree_are_one_variant(jobs: Jobs) -> None:
    jobs.propose({**experiment("better"), "model.yaml": model("better")})
    assert ("ship", "bar_met") == jobs.step("run").verdict


TOUCHED: dict[str, Files] = {
    "code in paths": {"src/model.py": "A = 1\n"},
    "the file that names the variant": {"model.yaml": "model: half\nlayers: 2\n"},
    "the file, with no name in it": {"model.yaml": "layers: 2\n"},
    "the file, with a duplicate key": {"model.yaml": "model: better\nmodel: half\n"},
    "the file, gone": {"model.yaml": None},
}


@pytest.mark.parametrize("what", TOUCHED)
def test_what_is_touched_without_a_variant_is_not_judged(jobs: Jobs, what: str) -> None:
    jobs.propose(TOUCHED[what])
    ended = jobs.step("run")
    assert (Exit.NOT_JUDGED, ("not-judged", "no_variant")) == (ended.exit, ended.verdict)
    assert ["failure"] == jobs.concluded()


def test_a_file_that_landed_with_another_change_is_no_variant(jobs: Jobs) -> None:
    """The tip names it already: merging brings nothing that could be measured."""
    jobs.propose({"model.yaml": model("better")})
    jobs.world.history.write("main", {"model.yaml": model("better"), "README.md": "More.\n"})
    jobs.world.refresh(jobs.pull)
    assert ("not-judged", "no_variant") == jobs.step("run").verdict


UNMEASURED: dict[str, Files] = {
    "code in paths": {"src/model.py": "A = 1\n"},
    "code in paths, renamed": {"src/old.py": None, "elsewhere/old.py": "A = 1\n"},
    "another setting in the variant file": {"model.yaml": "model: better\nlayers: 2\n"},
    "the harness": {"evaluation/evaluate.py": f"{HARNESS}\n"},
    "a new file of the harness": {"evaluation/conftest.py": "A = 1\n"},
    "an experiment, and an empty name": {**experiment("better"), "model.yaml": "model: ''\n"},
    "an experiment, and a name that is a number": {**experiment("better"), "model.yaml": "model: 7\n"},
    "an experiment, and no name": {**experiment("better"), "model.yaml": "# nothing\n{}\n"},
    "an experiment, and no file": {**experiment("better"), "model.yaml": None},
    "an experiment, and the harness": {
        **experiment("better"),
        "model.yaml": model("half"),
        "evaluation/labels.json": "[]",
    },
}


@pytest.mark.parametrize("what", UNMEASURED)
def test_more_than_was_measured_never_ships(tmp_path: Path, what: str) -> None:
    for jobs in jobs_on(tmp_path, FILES | {"src/old.py": "A = 1\n"}):
        jobs.propose({"model.yaml": model("better"), **UNMEASURED[what]})
        ended = jobs.step("run")
        assert (Exit.ITERATE, ("iterate", "not_measured")) == (ended.exit, ended.verdict)
        listed = ended.report["proposal"]["not_measured"]
        assert set(listed) & set(UNMEASURED[what])
        assert ["failure"] == jobs.concluded()


def test_files_that_decide_nothing_are_counted_and_ship(jobs: Jobs) -> None:
    jobs.propose({"model.yaml": model("better"), "README.md": "Other words.\n", "docs/a.md": "A.\n"})
    ended = jobs.step("run")
    assert ("ship", "bar_met") == ended.verdict
    assert ["README.md", "docs/a.md"] == ended.report["proposal"]["not_measured"]


def test_paths_that_name_the_variant_file_do_not_cap_its_own_variant(jobs: Jobs) -> None:
    assert "paths: [model.yaml, src/**]" in TEMPLATE
    assert ("ship", "bar_met") == jobs.step("run").verdict


WITHOUT_PATHS = TEMPLATE.replace("paths: [model.yaml, src/**]\n", "")


def test_without_paths_code_is_counted_and_not_judged(tmp_path: Path) -> None:
    files = locked(UNLOCKED | {".remyx/templates/small.yaml": WITHOUT_PATHS})
    for jobs in jobs_on(tmp_path, files):
        jobs.propose({"src/model.py": "A = 1\n"})
        assert "nothing" == jobs.step("run").outputs["verdict"]
        jobs.propose({"src/model.py": "A = 1\n", "model.yaml": model("better")}, branch="feature/both")
        ended = jobs.step("run")
        assert ("ship", ["src/model.py"]) == (ended.verdict[0], ended.report["proposal"]["not_measured"])


def test_a_changed_harness_alone_is_green_and_listed(tmp_path: Path) -> None:
    files = locked(UNLOCKED | {".remyx/templates/small.yaml": WITHOUT_PATHS})
    for jobs in jobs_on(tmp_path, files):
        jobs.propose({"evaluation/evaluate.py": f"{HARNESS}\n"})
        ended = jobs.step("run")
        assert (Exit.SHIP, "nothing") == (ended.exit, ended.outputs["verdict"])
        (check,) = jobs.checks()
        assert "edits files that measure" in str(check.output["title"])
        for text in (ended.summary, jobs.ours()[0].body, str(check.output)):
            assert "evaluation/evaluate.py" in text


LOOSER = POLICY.replace("threshold: 0.02", "threshold: 0.001")
BARS: dict[str, Files] = {
    "a looser threshold": {".remyx/policies/default.yaml": LOOSER},
    "an open gate": {".remyx/policies/default.yaml": f"{POLICY}gate: {{iterate: allow}}\n"},
    "no lock asked for": {".remyx/policies/default.yaml": f"{POLICY}require_lock: 'off'\n"},
    "no reject rule": {".remyx/policies/default.yaml": POLICY.partition("reject:")[0]},
    "more missing samples": {".remyx/templates/small.yaml": f"{TEMPLATE}max_missing: 0.5\n"},
}


@pytest.mark.parametrize(
    ("what", "mode"), [*((what, "run") for what in BARS), ("a looser threshold", "publish")]
)
def test_a_loosened_bar_alone_is_green_and_reported(jobs: Jobs, what: str, mode: str) -> None:
    jobs.propose(BARS[what])
    ended = jobs.step("run") if mode == "run" else jobs.evaluate()[1]
    assert (Exit.SHIP, "nothing") == (ended.exit, ended.outputs["verdict"])
    (check,) = jobs.checks()
    assert "This change loosens the bar" in str(check.output["title"])
    for text in (ended.summary, jobs.ours()[0].body, str(check.output)):
        assert "loosened" in text
        assert next(iter(BARS[what])) in text


READS_ITS_ASSET = HARNESS.replace(
    'asset = os.environ["REMYX_ASSET"]', 'asset = open(os.environ["REMYX_ASSET"]).read().strip()'
)
MODELS: Files = locked(
    UNLOCKED
    | {
        "evaluation/evaluate.py": READS_ITS_ASSET,
        ".remyx/templates/small.yaml": TEMPLATE.replace("baseline_asset: half", "baseline_asset: models/v1"),
        "models/v1": "half",
        "models/v2": "better",
        "models/good": "better",
        "model.yaml": model("models/v1"),
    }
)
LINK, FILE, GONE = "120000", "100644", "0"


def linked(jobs: Jobs, links: dict[str, str]) -> None:
    """Put links onto main."""
    jobs.propose_entries([(LINK, name.encode(), target) for name, target in links.items()], "links")
    jobs.world.history.git("update-ref", "refs/heads/main", "refs/heads/links")


CHANGED_ASSETS: dict[str, tuple[dict[str, str], list[tuple[str, bytes, str]]]] = {
    "the file behind a link": (
        {"latest": "models/v2"},
        [(FILE, b"models/v2", "worse"), (FILE, b"model.yaml", model("latest"))],
    ),
    "the file behind two links": (
        {"latest": "newest", "newest": "models/v2"},
        [(FILE, b"models/v2", "worse"), (FILE, b"model.yaml", model("latest"))],
    ),
    "the file behind a linked folder": (
        {"current": "models"},
        [(FILE, b"models/v2", "worse"), (FILE, b"model.yaml", model("current/v2"))],
    ),
    "the link itself": (
        {"latest": "models/v2"},
        [(LINK, b"latest", "models/v1"), (FILE, b"model.yaml", model("latest"))],
    ),
    "a file that becomes a link": (
        {},
        [(LINK, b"models/v2", "v1"), (FILE, b"model.yaml", model("models/v2"))],
    ),
    "the file by another spelling": (
        {},
        [(FILE, b"models/v2", "worse"), (FILE, b"model.yaml", model("./models//../models/v2"))],
    ),
    "the file with a revision behind it": (
        {},
        [(FILE, b"models/v2", "worse"), (FILE, b"model.yaml", model("models/v2@main"))],
    ),
    "a file that is new": (
        {},
        [(FILE, b"models/v3", "worse"), (FILE, b"model.yaml", model("models/v3"))],
    ),
}


@pytest.mark.parametrize("what", CHANGED_ASSETS)
def test_an_asset_that_the_change_touches_is_refused_by_whatever_name(tmp_path: Path, what: str) -> None:
    links, entries = CHANGED_ASSETS[what]
    for jobs in jobs_on(tmp_path, MODELS):
        linked(jobs, links)
        jobs.propose_entries(entries)
        ended = jobs.step("run")
        assert (Exit.NOT_JUDGED, ("not-judged", "no_variant")) == (ended.exit, ended.verdict)
        assert "the change itself touches what it leads to" in ended.summary


def test_an_asset_behind_a_link_that_nobody_touches_ships(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, MODELS):
        linked(jobs, {"latest": "models/v2"})
        jobs.propose({"model.yaml": model("latest"), "models/other": "half"})
        assert ("ship", "bar_met") == jobs.step("run").verdict


def test_an_asset_in_a_submodule_or_behind_a_link_out_is_refused(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, MODELS):
        linked(jobs, {"out": "../elsewhere", "round": "round"})
        for name in ("out", "round"):
            jobs.propose({"model.yaml": model(name)}, branch=f"feature/{name}")
            ended = jobs.step("run")
            assert ("not-judged", "no_variant") == ended.verdict
            assert "leads out of the repository, or in circles" in ended.summary


MEASURING = {
    "a command": TEMPLATE.replace(
        "harness:", 'command: [python3, evaluation/evaluate.py, "--hard"]\nharness:'
    ),
    "the baseline's asset": TEMPLATE.replace("baseline_asset: half", "baseline_asset: slightly"),
    "a variable": f"{TEMPLATE}env: [QUALITY]\n",
}


@pytest.mark.parametrize("what", MEASURING)
def test_results_of_another_template_are_not_judged(jobs: Jobs, what: str) -> None:
    def move() -> None:
        template: Files = {".remyx/templates/small.yaml": MEASURING[what]}
        jobs.world.history.write("main", locked(UNLOCKED | template))
        jobs.world.refresh(jobs.pull)

    jobs.between = move
    _, ended = jobs.evaluate()
    assert (Exit.NOT_JUDGED, "not-judged") == (ended.exit, ended.outputs["verdict"])
    assert "under another template" in ended.summary


def test_a_template_that_moved_in_what_only_judges_is_judged(jobs: Jobs) -> None:
    def move() -> None:
        template: Files = {".remyx/templates/small.yaml": TEMPLATE.replace("timeout: 60", "timeout: 61")}
        jobs.world.history.write("main", locked(UNLOCKED | template))
        jobs.world.refresh(jobs.pull)

    jobs.between = move
    _, ended = jobs.evaluate()
    assert ("ship", "bar_met") == ended.verdict


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d7a2146' * 8}\nsize 12345\n"


@pytest.mark.parametrize("more", ["", "\njson.loads(pathlib.Path('evaluation/labels.bin').read_text())\n"])
def test_a_large_file_that_is_a_pointer_is_reported(tmp_path: Path, more: str) -> None:
    files: Files = {"evaluation/labels.bin": POINTER, "evaluation/evaluate.py": HARNESS + more}
    for jobs in jobs_on(tmp_path, locked(UNLOCKED | files)):
        ended = jobs.step("run")
        assert (Exit.NOT_JUDGED if more else Exit.SHIP) == ended.exit
        warnings = ended.report["arms"]["variant"]["warnings"]
        assert "Git LFS files are pointers in the checkouts: evaluation/labels.bin" in warnings
        assert "LFS" in ended.summary


NO_FILE: dict[str, tuple[str, list[tuple[str, bytes, str]]]] = {
    "a link to another file": ("model.yaml", [(LINK, b"model.yaml", "other.yaml")]),
    "a link that leads nowhere": ("model.yaml", [(LINK, b"model.yaml", "nowhere.yaml")]),
    "a link out": ("model.yaml", [(LINK, b"model.yaml", "../model.yaml")]),
    "a submodule": ("model.yaml", [("160000", b"model.yaml", "1" * 40)]),
    "its folder is a link": (
        "configs/model.yaml",
        [(GONE, b"configs/model.yaml", ""), (LINK, b"configs", "other")],
    ),
    "too large": ("model.yaml", [(FILE, b"model.yaml", f"model: better\nx: {'x' * 70_000}\n")]),
}


@pytest.mark.parametrize("what", NO_FILE)
def test_a_variant_file_that_is_none_beside_an_experiment_does_not_ship(tmp_path: Path, what: str) -> None:
    file, entries = NO_FILE[what]
    other: Files = {"other.yaml": model("worse"), "other/model.yaml": model("worse"), file: model("half")}
    template = TEMPLATE.replace("file: model.yaml", f"file: {file}")
    for jobs in jobs_on(tmp_path, locked(UNLOCKED | other | {".remyx/templates/small.yaml": template})):
        named = [(FILE, path.encode(), text or "") for path, text in experiment("better").items()]
        jobs.propose_entries([*entries, *named])
        assert ("iterate", "not_measured") == jobs.step("run").verdict
        jobs.propose_entries(entries, branch="feature/alone")
        assert ("not-judged", "no_variant") == jobs.step("run").verdict


def test_a_variant_file_that_was_a_link_is_followed(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, FILES | {"other.yaml": model("half")}):
        jobs.propose_entries([(LINK, b"model.yaml", "other.yaml")], "links")
        jobs.world.history.git("update-ref", "refs/heads/main", "refs/heads/links")
        jobs.propose({"other.yaml": model("worse")})
        ended = jobs.step("run")
        assert ("not-judged", "no_variant") == ended.verdict
        assert "model.yaml is no regular file at the head" in ended.summary
        jobs.propose({"README.md": "Other words.\n"}, branch="feature/elsewhere")
        assert "nothing" == jobs.step("run").outputs["verdict"]
