"""`results.json`, our own format: one entry per metric, samples inline or in a file of the same folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from remyx_action.errors import Problem
from remyx_action.project.files.json_text import Fault, NumberText
from remyx_action.project.models.metrics import BarMetric

from .arm_files import ArmFiles, BrokenResults, broken, shown
from .columns import Columns, shown_value
from .entry import Arrived, Entry, assemble
from .rows import Table, rows_of_lines, rows_of_values
from .samples import beyond_limits
from .sampling import NATIVE, Rows, columns_of
from .scores import ArmScores

FILE = "results.json"
SCHEMA = "remyx-results/1"
NUMBERS = ("value", "n", "stderr", "clusters")
FREE_TEXTS = frozenset({"input", "output", "error"})
"""Keys of a sample that hold a model's answer or its question."""
SIBLING = re.compile(r"(?!\.)[^/\\\x00-\x1f\x7f]{1,255}")

MOST_UNITS = 8
"""Of cost."""

SEE_SCHEMA = "see schemas/results.schema.json, or point at the harness's own file with `results:`"
BESIDE = "name a JSON Lines file in the same folder, such as space10.jsonl"


def read_native(file: str, document: Any, files: ArmFiles, metrics: Mapping[str, BarMetric]) -> ArmScores:
    """The scores of a `remyx-results/1` document. Raises BrokenResults."""
    check_shape(file, document, SCHEMA)
    reported = document["metrics"]
    entries = {}
    warnings = _unread(document, ("schema", "metrics", "provenance", "cost"), "at the top")
    cost = _cost(document.get("cost", {}), warnings)
    problems: list[Problem] = []
    for key in metrics:
        if key not in reported:
            continue
        try:
            entries[key] = entry_of(file, key, reported[key], files)
        except BrokenResults as error:
            problems += error.problems
        if isinstance(reported[key], dict):
            warnings += _unread(reported[key], (*NUMBERS, "samples"), f"in {key}")
    if problems:
        raise BrokenResults(problems)
    arrived = Arrived(
        file=file,
        entries=entries,
        unnamed=[name for name in reported if name not in metrics],
        provenance=document.get("provenance", {}),
        warnings=warnings,
        native=True,
    )
    return replace(assemble(arrived, metrics), cost=cost)


def check_shape(file: str, document: Any, schema: str) -> None:
    """Hold the outermost levels against the format. Raises BrokenResults with every deviation."""
    faults = []

    def wrong(pointer: str, message: str, help: str = SEE_SCHEMA) -> None:
        faults.append(Fault(code="wrong-shape", message=message, help=help, pointer=pointer))

    if type(document) is not dict:
        wrong("", "is not an object")
        raise broken(file, *faults)
    if document.get("schema") != schema or type(document["schema"]) is not str:
        found = shown(document["schema"]) if "schema" in document else "missing"
        wrong("/schema", f"is {found}, not {shown(schema)}")
    if type(document.get("metrics")) is not dict:
        wrong("/metrics", "is not an object with one entry per metric")
    provenance = document.get("provenance", {})
    if type(provenance) is not dict:
        wrong("/provenance", "is not an object of texts")
    else:
        for name, value in provenance.items():
            if type(value) is not str:
                wrong(f"/provenance/{name[:60]}", "is not a text", help="put quotes around it")
    if faults:
        raise broken(file, *faults)


def entry_of(file: str, key: str, reported: Any, files: ArmFiles | None) -> Entry:
    """One metric's entry, its samples read; `files` None: they have to be inline. Raises BrokenResults."""
    if type(reported) is not dict:
        return Entry(faults=(f"its entry is not an object with value or samples: {shown_value(reported)}",))
    numbers = {name: reported[name] for name in NUMBERS if reported.get(name) is not None}
    samples = reported.get("samples")
    if samples is None:
        return Entry(numbers=numbers)
    if type(samples) is list:
        return Entry(numbers=numbers, samples=_columns(rows_of_values(samples, NATIVE.pointers())))
    if type(samples) is not str:
        fault = f"samples is neither a list nor the name of a file: {shown_value(samples)}"
        return Entry(numbers=numbers, faults=(fault,))
    if files is None or not SIBLING.fullmatch(samples):
        message = f"{shown(samples)} is not a file in the folder of {file}"
        pointer = f"/metrics/{key}/samples"
        raise broken(file, Fault(code="not-beside", message=message, help=BESIDE, pointer=pointer))
    folder = file.rpartition("/")[0]
    name = f"{folder}/{samples}" if folder else samples
    table = rows_of_lines(name, files.pieces(name), NATIVE.pointers(), strict=True)
    return Entry(numbers=numbers, samples=_columns(table))


def _columns(table: Table) -> Columns:
    return columns_of(Rows(table=table), NATIVE)


def _cost(found: Any, warnings: list[str]) -> Mapping[str, Decimal]:
    """Amounts by unit, as far as they are amounts: what an arm cost is shown and never judged."""
    amounts = found if type(found) is dict else {}
    cost = {
        unit: Decimal(amount)
        for unit, amount in list(amounts.items())[:MOST_UNITS]
        if type(amount) is NumberText and 0 < len(unit) <= 40 and not beyond_limits([amount])
    }
    known = {unit: amount for unit, amount in cost.items() if amount >= 0}
    if type(found) is not dict or len(known) < len(amounts):
        warnings.append(f"cost holds what is no amount of a unit: {shown_value(found)}")
    return known


def _unread(found: dict[str, Any], read: tuple[str, ...], where: str) -> list[str]:
    others = [shown(name) for name in found if name not in read]
    if not others:
        return []
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    return [f"keys {where} that nothing reads: {', '.join(others[:5])}{more}"]
