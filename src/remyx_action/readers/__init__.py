"""Result files → scores: what an arm left behind, read strictly and matched to the template's metrics."""

from __future__ import annotations

from collections.abc import Mapping

from remyx_action.project.files.json_text import NotStrictJson, read_as_written
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import BarMetric

from . import native
from .files import CAP_BYTES, ArmFiles, BrokenResults, ListFiles, OpenFile, broken
from .native import read_native
from .pointed import read_pointed
from .recorded import Measured, Recorded, recorded_baseline, write_recorded
from .scores import ArmScores

__all__ = [
    "CAP_BYTES",
    "BrokenResults",
    "Measured",
    "OpenFile",
    "Recorded",
    "read_arm",
    "recorded_baseline",
    "results_file",
    "write_recorded",
]


def results_file(template: Template) -> str | None:
    """The file of an arm's output folder that holds its results; None where its reader has to find it."""
    if template.results == "lighteval":
        return None
    return template.results.file if template.results else native.FILE


def read_arm(
    template: Template,
    metrics: Mapping[str, BarMetric],
    open_file: OpenFile,
    *,
    names: ListFiles = tuple,
    file: str | None = None,
    cap_bytes: int = CAP_BYTES,
) -> ArmScores:
    """The scores of an arm, one per metric of `metrics` (by key), read as the template says.

    `open_file` gives the bytes of a file below the arm's output folder, those of a parquet file as JSON
    Lines; `names` lists the files below it; `file` is read in place of the template's results file;
    `cap_bytes` holds for each file. Raises BrokenResults where the arm cannot
    be judged at all; a bad score, id or type only makes its metric `Unusable`.
    """
    files = ArmFiles(open_file, cap_bytes=cap_bytes)
    if template.results == "lighteval":
        from .lighteval import read_lighteval, wanted_by

        return read_lighteval(files, names(), metrics, wanted=wanted_by(template), file=file)
    name = file or (template.results.file if template.results else native.FILE)
    try:
        document = read_as_written(files.whole(name))
    except NotStrictJson as error:
        raise broken(name, *error.faults) from None
    if template.results is None:
        return read_native(name, document, files, metrics)
    return read_pointed(name, document, template.results, metrics)
