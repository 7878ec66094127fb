"""Runs of lighteval 0.13.0, two small models on four tasks, as script/lighteval-runs/make.py left them."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[1] / "examples" / "lighteval"


def a_run(model: str, into: Path) -> Path:
    """The output folder of the run of `model-a` or `model-b`, unpacked: its file names hold `|` and `:`."""
    folder = into / model
    with zipfile.ZipFile(EXAMPLES / f"{model}.zip") as archive:
        archive.extractall(folder)
    return folder


def results_of(run: Path) -> Path:
    """The run's results file."""
    (found,) = run.glob("results/org/*/results_*.json")
    return found


def details_of(run: Path, task: str) -> Path:
    """The details of one of its tasks, such as `sums|0`."""
    (found,) = run.glob(f"details/org/*/*/details_{task}_*.parquet")
    return found


def rewrite(details: Path, how: Callable[[list[Any]], object]) -> None:
    """Change the rows of a details file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pq.read_table(details).to_pylist()
    how(rows)
    pq.write_table(pa.Table.from_pylist(rows), details)
