"""Result files → scores: read strictly, and matched to the template's metrics."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from remyx_action.project.files.json_text import NotStrictJson, read_as_written
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.results_map import maps_of

from .arm_files import CAP_BYTES, POINT_AT_IT, ArmFiles, BrokenResults, Folder, broken, format_of
from .native import FILE as NATIVE_FILE
from .native import FREE_TEXTS, read_native
from .recorded_baseline import Measured, Recorded, recorded_baseline, write_recorded
from .scores import ArmScores

__all__ = [
    "CAP_BYTES",
    "NATIVE_FILE",
    "BrokenResults",
    "Folder",
    "Measured",
    "Recorded",
    "read_arm",
    "recorded_baseline",
    "write_recorded",
]


def read_arm(
    template: Template,
    metrics: Mapping[str, BarMetric],
    folder: Folder,
    *,
    file: str | None = None,
    cap_bytes: int = CAP_BYTES,
) -> ArmScores:
    """The scores of an arm, one per metric of `metrics` (by key), read as the template says.

    `folder` opens what the arm left; `file` is read in place of the template's results file; `cap_bytes`
    holds for each file. Raises BrokenResults where the arm cannot be judged at all.
    """
    files = ArmFiles(folder, cap_bytes=cap_bytes, left_by=template.script or "the harness")
    maps = maps_of(template.results)
    if maps and maps[0].preset == "lighteval":
        from .lighteval import read_lighteval, wanted_by

        return read_lighteval(files, files.names(), metrics, wanted=wanted_by(template), file=file)
    if maps:
        from .foreign import read_foreign  # files of our own format need neither map nor preset

        return read_foreign(files, maps, metrics, file=file)
    name = file or NATIVE_FILE
    try:
        document = read_as_written(files.whole(name), free_texts=FREE_TEXTS)
    except NotStrictJson as error:
        is_other = file is not None and format_of(file) not in (None, "json")
        faults = [replace(fault, help=POINT_AT_IT) if is_other else fault for fault in error.faults]
        raise broken(name, *faults) from None
    return read_native(name, document, files, metrics)
