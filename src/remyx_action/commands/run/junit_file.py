"""`--junit FILE`: how a command ended, for whatever shows test reports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from remyx_action.errors import FilesWrong, NotJudged, Refusal
from remyx_action.report.report import Report
from remyx_action.sources.disk import write_whole


@contextmanager
def writing_junit(file: Path | None) -> Iterator[list[Report]]:
    """Write JUnit XML of the reports that the block adds to the list, or why it has none; nothing for None.

    A file of an earlier run is gone before anything begins. NotJudged where the file cannot be written.
    """
    reports: list[Report] = []
    if file is None:
        yield reports
        return
    from remyx_action.report.render.junit_xml import junit, without_verdict
    from remyx_action.report.render.no_verdict import NoVerdict

    _remove(file)
    try:
        yield reports
    except FilesWrong as wrong:
        _write(file, without_verdict(NoVerdict(kind="files_wrong", problems=wrong.problems)))
        raise
    except Refusal as refusal:
        end = NoVerdict(kind="not_judged", message=refusal.message, help=refusal.help)
        _write(file, without_verdict(end))
        raise
    _write(file, junit(*reports) if reports else without_verdict(NoVerdict(kind="nothing")))


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise _not_written(file, error) from error


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, text)
    except OSError as error:
        raise _not_written(file, error) from error


def _not_written(file: Path, error: OSError) -> NotJudged:
    return NotJudged(
        f"--junit {file} cannot be written: {(error.strerror or 'unknown reason').lower()}",
        help="name a file in a folder that can be written, such as --junit junit.xml",
    )
