"""`check` tries the maps of templates on the result files that the repository holds."""

import json
from pathlib import Path

import pytest
from pyarrow import Table, parquet

from remyx_action.commands.check import check_project
from remyx_action.errors import Exit
from support.lighteval_runs import a_run
from support.repositories import git

METRICS = {"version": 1, "metrics": [{"key": "mrr", "label": "MRR", "unit": "fraction"}]}
POLICY = "version: 1\nname: p\ntemplate: t\nship: {all: [mrr.value >= 0.5]}\n"
TEMPLATE = "version: 1\nname: t\nruntime: results\nmetrics: [mrr]\nresults: "


def messages(root: Path, results: str, key: str = "mrr", /, **files: object) -> list[tuple[str, int, str]]:
    written = {
        ".remyx/metrics.yaml": json.dumps(METRICS),
        ".remyx/policies/p.yaml": POLICY,
        ".remyx/templates/t.yaml": f"{TEMPLATE}{results}\n",
        **{name: json.dumps(content) for name, content in files.items()},
    }
    for name, content in written.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content.replace("mrr", key) if name.startswith(".remyx") else content)
    git(root, "add", "--all")
    checked = check_project(root)
    found = [one for one in checked.problems if one.code in ("map-reads-nothing", "not-in-rows")]
    assert (
        Exit.FILES_WRONG if any(one.code == "not-in-rows" for one in found) else Exit.SHIP
    ) == checked.exit
    return [(one.path, one.line, one.message) for one in found]


MAP = "{file: scores.json, value: '/{metric}'}"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("out/scores.json", {"mmr": 0.7}, 'nothing at /mrr; did you mean "mmr"?'),
        ("out/scores.json", [1], "mrr: no value: nothing at /mrr"),
        (".remyx-out/arms/variant/scores.json", {"mrr": "high"}, 'mrr: value is not a number: "high"'),
    ],
)
def test_a_file_that_fits_and_is_not_read_is_reported(
    folder: Path, name: str, content: object, said: str
) -> None:
    ((path, line, message),) = messages(folder, MAP, "mrr", **{name: content})
    assert (".remyx/templates/t.yaml", 5) == (path, line)
    assert message.startswith(f'"{name}" fits `file`, and is not read: ')
    assert message.endswith(said)


def test_one_file_that_is_read_is_enough_and_other_names_do_not_matter(folder: Path) -> None:
    files = {"a/scores.json": {"other": 1}, "b/scores.json": {"mrr": 0.7}, "c/other.json": {}}
    assert [] == messages(folder, MAP, "mrr", **files)
    assert [] == messages(folder, "{file: 'elsewhere_*.json', value: '/{metric}'}")


def test_parquet_files_are_tried_too(folder: Path) -> None:
    rows = "{file: '*.parquet', id: /id, score: '/{metric}'}"
    (folder / "out").mkdir()
    parquet.write_table(Table.from_pydict({"id": [1, 2], "mmr": [0.5, 1.0]}), folder / "out/rows.parquet")
    ((_, _, message),) = messages(folder, rows)
    assert '"out/rows.parquet" fits `file`, and is not read: mrr: nothing at /mrr' in message
    parquet.write_table(Table.from_pydict({"id": [1, 2], "mrr": [0.5, 1.0]}), folder / "out/rows.parquet")
    assert [] == messages(folder, rows)


def test_runs_of_lighteval_are_tried_too(folder: Path) -> None:
    a_run("model-a", folder / "runs")
    other = {"other/results_1.json": {"f1": 0.5}}
    assert [] == messages(folder, "lighteval", "mrr", **other)
    ((path, _, message),) = messages(folder, "lighteval", "bleu", **other)
    assert ".remyx/templates/t.yaml" == path
    assert "looks like a run of lighteval, and is not read: " in message


def test_conditions_on_rows_that_nothing_finds_are_refused(folder: Path) -> None:
    ((_, _, message),) = messages(folder, "{file: a.json, value: '/{metric}', where: {/task: a}}")
    assert "`where` chooses among rows, and nothing says where in the file they are" == message
