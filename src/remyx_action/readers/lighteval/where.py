"""Which files of lighteval's output folder are read: one run's results, and the details that belong to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from remyx_action.files.strict_json import Fault
from remyx_action.readers.broken import broken, shown

STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9][0-9A-Za-z.:+_-]{1,38}"
"""When a run was saved: in the name of its results and of each of its details."""
_RESULTS = re.compile(rf"results_({STAMP})\.json")
_OTHERS = re.compile(r"[^A-Za-z0-9.]")
MOST_LISTED = 5

NOT_THERE = Fault(
    code="no-file",
    message="holds no results_<time>.json, which lighteval writes",
    help="name the folder that lighteval was given as its output folder; it holds results/ and details/",
)
NAME_ONE = "name one of these files, or give each run of lighteval an output folder of its own"


class Found(Struct, frozen=True, kw_only=True):
    """The files of one run."""

    results: str
    stamp: str
    """Empty where the file's name tells no time: then no details belong to it."""
    details: Mapping[str, Sequence[str]]
    """Task as its file's name has it, reduced to what every file system keeps → paths."""

    def details_of(self, task: str) -> Sequence[str]:
        """Paths of the files that are named after a task; more than one is a mistake of somebody's."""
        return self.details.get(reduced(task), ())


def find(names: Iterable[str], file: str | None) -> Found:
    """The files of the run: of `file` where it is given, else of the only results. Raises BrokenResults."""
    paths = sorted(names)
    if file is None:
        results = [path for path in paths if _RESULTS.fullmatch(_last(path))]
        if not results:
            raise broken("the output folder", NOT_THERE)
        if len(results) > 1:
            raise broken("the output folder", _several(results))
        (file,) = results
    told = _RESULTS.fullmatch(_last(file))
    if told is None:
        return Found(results=file, stamp="", details={})
    pattern = re.compile(rf"details_(.+)_{re.escape(told[1])}\.parquet")
    details: dict[str, list[str]] = {}
    for path in paths:
        if match := pattern.fullmatch(_last(path)):
            details.setdefault(reduced(match[1]), []).append(path)
    return Found(results=file, stamp=told[1], details=details)


def reduced(task: str) -> str:
    """A task's name where `|` and `:` may have been replaced, as an artifact store demands."""
    return _OTHERS.sub("_", task)


def _several(results: Sequence[str]) -> Fault:
    named = ", ".join(map(shown, results[:MOST_LISTED]))
    more = f" and {len(results) - MOST_LISTED:,} more" if len(results) > MOST_LISTED else ""
    message = f"holds the results of {len(results):,} runs of lighteval: {named}{more}"
    return Fault(code="several-results", message=message, help=NAME_ONE)


def _last(path: str) -> str:
    return path.rpartition("/")[2]
