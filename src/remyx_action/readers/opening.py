"""The files that parts name, each opened once: a JSON value, and the tables of rows in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from remyx_action.project.files.json_text import Fault, NotStrictJson, NumberText
from remyx_action.project.files.pointer import ABSENT, filled, parts_of, pointer_to, resolve
from remyx_action.project.files.wording import nearest
from remyx_action.project.models.results_map import Format
from remyx_action.project.models.template import LOG_NAME

from .arm_files import FORMATS, ArmFiles, broken, format_of, printed_json, shown
from .columns import shown_value
from .csv_rows import rows_of_csv
from .entry import Entry
from .loose_json import MARK, Odd, read_loosely
from .parts import Part, RowsPlace
from .presets import inspect
from .rows import Table, objects_of_columns, rows_of_lines, rows_of_values

PRINT_IT = "print the scores as one JSON object on the last line, or name the file that has them"
MOST_NAMED = 8
BY_ENDING = (
    "JSON, JSON Lines, CSV and parquet can be read, and the ending of a name says which it is: "
    f"{', '.join(FORMATS)}, or one of these before .gz; convert or rename the file, or write `format:`"
)
AS_LINES = "it has one JSON value a line: write `format: jsonl`"


class Source(Struct, kw_only=True):
    """One file, opened."""

    document: Any = None
    tables: dict[RowsPlace, Table | str | Entry] = field(default_factory=dict)
    """Where rows are → the rows, or why there are none, or what is wrong there."""


def open_file(files: ArmFiles, file: str, format_: Format, parts: Sequence[Part]) -> Source:
    """Everything that the parts of one file read of it. Raises BrokenResults."""
    pointers: dict[RowsPlace, list[str]] = {}
    for part in parts:
        if part.has_rows:
            pointers.setdefault(part.table, []).extend(part.pointers())
    if format_ == "json":
        return _open_json(files, file, parts, pointers)
    asked = [
        pointer
        for place, of_rows in pointers.items()
        for pointer in (_keys_of([place.spread, *of_rows]) if place.spread else of_rows)
    ]
    if format_ == "csv":
        table = table_of_csv(files, file, asked)
    elif format_ == "parquet":
        columns = dict.fromkeys(".".join(parts_of(pointer)) for pointer in asked)
        table = rows_of_lines(file, files.parquet(file, list(columns)), asked)
    else:
        table = rows_of_lines(file, files.pieces(file), asked)
    return Source(
        tables={
            place: _spread_table(table, place.spread, of_rows) if place.spread else table
            for place, of_rows in pointers.items()
        }
    )


def _keys_of(asked: Iterable[str]) -> dict[str, str]:
    """Pointer → name of each row's own keys below which something is asked for."""
    names = [name for pointer in asked for name in parts_of(pointer)[:1]]
    return {pointer_to("", name): name for name in names}


def _spread_table(table: Table, pointer: str, asked: Sequence[str]) -> Table:
    """The table whose rows are the elements of a list in each row."""
    columns = {name: table.at(key) for key, name in _keys_of([pointer, *asked]).items()}
    rows = [
        {name: _value_of(column[row]) for name, column in columns.items() if column[row]}
        for row in range(table.count)
    ]
    return rows_of_values(spread(rows, pointer, asked), asked)


def _value_of(text: str) -> Any:
    return Odd(text=text) if text[0] == MARK else read_loosely(text)


def table_of_csv(files: ArmFiles, file: str, asked: Iterable[str]) -> Table:
    """The table of a CSV file, whose cells a comma, a semicolon or a tab parts, as its first line shows."""
    content = files.whole(file)
    head = re.sub(rb'"[^"]*"', b"", content.partition(b"\n")[0])
    marks = [b"\t", b",", b";"] if ".tsv" in file.casefold() else [b",", b";", b"\t"]
    delimiter = max(marks, key=head.count).decode()
    return rows_of_csv(file, [content], asked, delimiter=delimiter)


def _open_json(
    files: ArmFiles, file: str, parts: Sequence[Part], pointers: Mapping[RowsPlace, Sequence[str]]
) -> Source:
    document = read_document(files, file)
    for required in {id(part.map): part.map.require or {} for part in parts}.values():
        check_required(file, document, required)
    tables: dict[RowsPlace, Table | str | Entry] = {}
    for place, asked in pointers.items():
        assert place.rows is not None
        found = resolve(document, place.rows)
        if found is ABSENT:
            tables[place] = nothing_at(document, place.rows)
        elif place.outcomes and type(found) is dict:
            tables[place] = rows_of_values(_with_outcomes(found, parts), asked)
        elif type(found) is dict and (by_columns := objects_of_columns(found)) is not None:
            tables[place] = rows_of_values(by_columns, asked)
        elif type(found) is list:
            tables[place] = rows_of_values(spread(found, place.spread, asked), asked)
        elif type(found) is dict:
            tables[place] = rows_of_values(list(found.values()), asked, keys=list(found))
        else:
            tables[place] = Entry(faults=(f"{place.rows} is not a list of samples: {shown_value(found)}",))
    return Source(document=document, tables=tables)


def spread(rows: list[Any], pointer: str | None, asked: Iterable[str]) -> list[Any]:
    """Each row once for every element of one of its lists, the element in the place of the list.

    A row without elements is kept without the list, so that its sample is missing and not forgotten. Only
    what the pointers that are `asked` for begin with is kept: a row may hold much more.
    """
    if pointer is None:
        return rows
    (key,) = parts_of(pointer)
    others = {name for one in asked for name in parts_of(one)[:1]} - {key}
    found: list[Any] = []
    for row in rows:
        if type(row) is not dict:
            found.append(row)
            continue
        kept = {name: row[name] for name in others if name in row}
        inner = row.get(key)
        found += [{**kept, key: one} for one in inner] if type(inner) is list and inner else [kept]
    return found


def _with_outcomes(document: dict[str, Any], parts: Sequence[Part]) -> list[Any]:
    """A row for each id of the lists of outcomes."""
    metric, lists = next((name, one) for part in parts for name, one in part.map.outcomes.items())
    rows: list[Any] = []
    for pointer, score in lists.items():
        ids = resolve(document, pointer)
        told = {metric: NumberText(score)} if score is not None else {"error": pointer.rpartition("/")[2]}
        rows += [{"id": id_, **told} for id_ in ids] if type(ids) is list else []
    return rows


def read_document(files: ArmFiles, file: str) -> Any:
    """A JSON file's value. Raises BrokenResults."""
    content = files.whole(file).removeprefix(b"\xef\xbb\xbf")
    if file.endswith(inspect.ENDING):
        return inspect.document_of(file, content)
    if file == LOG_NAME:
        printed = printed_json(content)
        if printed is None:
            raise broken(file, Fault(code="no-json", message="holds no JSON object or list", help=PRINT_IT))
        content = printed
    try:
        return read_loosely(content)
    except NotStrictJson as error:
        faults = list(error.faults)
        if format_of(file) is None:
            faults = [replace(fault, help=BY_ENDING) for fault in faults[:1]]
        if faults[0].line > 1 and "extra data" in faults[0].message.casefold():
            fault = faults[0]
            faults[0] = Fault(
                code=fault.code, message=fault.message, help=AS_LINES, line=fault.line, column=fault.column
            )
        raise broken(file, *faults) from None


def check_required(file: str, document: Any, required: Mapping[str, Any]) -> None:
    """Raise BrokenResults where a value is not the required one."""
    for pointer, wanted in required.items():
        found = resolve(document, pointer)
        matching = type(found) is type(wanted) and found == wanted
        if type(found) is NumberText and not isinstance(wanted, str | bool):
            matching = Decimal(found) == wanted
        if not matching:
            has = "nothing" if found is ABSENT else shown_value(found)
            message = f"has {has} at {pointer}, and {shown_value(wanted)} is required"
            advice = "the evaluation did not end well: look into its log, and run it again"
            raise broken(file, Fault(code="not-as-required", message=message, help=advice, pointer=pointer))


def nothing_at(document: Any, pointer: str) -> str:
    """That nothing is at a pointer, what is there instead, and what is nearest."""
    here, path = document, ""
    for part in parts_of(pointer):
        found = resolve(here, filled("/{metric}", part))
        if found is ABSENT:
            there = list(here) if type(here) is dict else []
            meant = nearest(part, there)
            has = f"; did you mean {shown(meant)}?" if meant else ""
            has = has or (f"; there is {listed_names_of(there)}" if there else "")
            return f"nothing at {pointer}{has}"
        here, path = found, f"{path}/{part}"
    return f"nothing at {pointer}"


def nothing_in(table: Table, pointer: str) -> str:
    """The same of the rows of a table."""
    if not table.first:
        return f"nothing at {pointer}: there are no rows"
    if table.plain:
        there = list(table.first[0])
        meant = nearest(pointer[1:], there)
        has = f"did you mean /{meant}?" if meant else f"the columns are {listed_names_of(there)}"
        return f"nothing at {pointer}; {has}"
    return f"{nothing_at(table.first[0], pointer)} in the rows"


def listed_names_of(names: Iterable[Any]) -> str:
    every = [str(name) for name in names]
    more = f" and {len(every) - MOST_NAMED:,} more" if len(every) > MOST_NAMED else ""
    return ", ".join(map(shown, every[:MOST_NAMED])) + more
