"""Files of other programs, read where the maps of a template's `results:` point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

from msgspec import Struct, field

from remyx_action.project.files.json_text import Fault, NotStrictJson, NumberText
from remyx_action.project.files.pointer import ABSENT, PLACEHOLDER, filled, parts_of, resolve
from remyx_action.project.files.wording import nearest
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.results_map import Aggregates, Format, ResultsMap, split_factor
from remyx_action.project.models.template import LOG_NAME

from .columns import Columns, Places, cell_number, shown_value, times
from .entry import Entry
from .files import ArmFiles, broken, format_of, printed_json, shown
from .loose_json import Odd, read_loosely
from .presets import inspect
from .rows import ChangeRow, Table, rows_of_csv, rows_of_lines, rows_of_values
from .sampling import Roles, Rows, columns_of

NUMBERS = ("value", "stderr", "stddev", "n", "clusters")
MOST_NAMED = 8
NOT_REPORTED = ("N/A", "nan", "NaN", "")
"""What engines write where a standard error is unknown."""
NAME_FORMAT = "write `format: json`, `jsonl`, `csv` or `parquet`"
PRINT_IT = "print the scores as one JSON object on the last line, or name the file that has them"
AS_LINES = "it has one JSON value a line: write `format: jsonl`"


class Part(Struct, frozen=True, kw_only=True):
    """Where one metric's scores are, or those of one subtask of it."""

    map: ResultsMap
    """Whose file is named, without `*`."""
    key: str
    """The metric's."""
    name: str
    """The engine's name of it, in place of `{metric}`."""
    cluster: str | None = None
    """Of all samples of this part; their ids are told apart by it."""

    @property
    def file(self) -> str:
        assert self.map.file is not None
        return self.map.file

    @property
    def rows(self) -> str | None:
        """The pointer of the list of rows, where the file is one JSON value."""
        return None if self.map.rows is None else filled(self.map.rows, self.name)

    @property
    def score(self) -> str | None:
        """Pointer and factor of the score."""
        score = self.map.score
        found = score.get(self.key) if isinstance(score, dict) else score
        return None if found is None else filled(found, self.name)

    @property
    def has_rows(self) -> bool:
        """Whether the file is a table, or the map names a list in it."""
        return self.map.rows is not None or self.format != "json"

    @property
    def format(self) -> Format:
        found = self.map.format or format_of(self.file)
        return found or "json"

    def number(self, what: str) -> str | int | None:
        """Pointer and factor of a number of an aggregate, or the number."""
        found = getattr(self.map, what)
        return filled(found, self.name) if isinstance(found, str) else found

    def where(self) -> Iterator[tuple[str, Any]]:
        """The conditions on rows, names filled in."""
        for pointer, wanted in (self.map.where or {}).items():
            value = wanted.replace(PLACEHOLDER, self.name) if isinstance(wanted, str) else wanted
            yield filled(pointer, self.name), value

    def roles(self) -> Roles | None:
        """Where the parts of a sample are in a row; None where there are no samples."""
        if self.score is None:
            return None
        map_, (score, factor) = self.map, split_factor(self.score)

        def fill(pointer: str | None) -> str | None:
            return None if pointer is None else filled(pointer, self.name)

        def fill_all(given: str | list[str] | None) -> list[str]:
            listed = [given] if isinstance(given, str) else given or []
            return [filled(pointer, self.name) for pointer in listed]

        failing = {} if map_.error is None or isinstance(map_.error, str) else map_.error
        return Roles(
            score=score,
            factor=factor,
            grades=map_.grades,
            id=[] if map_.id == "row" else fill_all(map_.id),
            by_number=map_.id == "row",
            repeat=fill(map_.repeat),
            input=fill_all(map_.input),
            output=fill(map_.output),
            cluster=fill(map_.cluster),
            error=fill(map_.error) if isinstance(map_.error, str) else None,
            failing={filled(pointer, self.name): value for pointer, value in failing.items()},
        )

    def pointers(self) -> list[str]:
        """Everything that is read of a row."""
        roles = self.roles()
        found = [pointer for pointer, _ in self.where()]
        if roles is not None:
            return [*found, *roles.pointers()]
        numbers = (self.number(what) for what in NUMBERS)
        return [*found, *(split_factor(one)[0] for one in numbers if isinstance(one, str))]


class Reading(Struct, kw_only=True):
    """The entries of the metrics that were found, and what is said of the files."""

    entries: dict[str, Entry] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)
    """Names of metrics that arrived, in their order."""
    warnings: list[str] = field(default_factory=list)


class Source(Struct, kw_only=True):
    """One file, opened."""

    document: Any = None
    tables: dict[str | None, Table | str | Entry] = field(default_factory=dict)
    """Pointer of the list of rows → the rows, or why there are none, or what is wrong there."""


def read_parts(
    files: ArmFiles,
    parts: Sequence[Part],
    metrics: Mapping[str, BarMetric],
    *,
    change: ChangeRow | None = None,
    documents: Mapping[str, Any] | None = None,
) -> Reading:
    """Read each file once, and every metric's entry from its parts.

    `change` is what an engine's rows need before the map fits them; `documents` are files that were read
    already, by name. Raises BrokenResults.
    """
    by_file: dict[tuple[str, Format], list[Part]] = {}
    for part in parts:
        by_file.setdefault((part.file, part.format), []).append(part)
    sources = {}
    for (file, format_), of_file in by_file.items():
        document = (documents or {}).get(file, ABSENT)
        sources[file, format_] = _open(files, file, format_, of_file, change, document)
    reading = Reading()
    by_key: dict[str, list[Part]] = {}
    for part in parts:
        by_key.setdefault(part.key, []).append(part)
    for key, of_key in by_key.items():
        found = [
            (part, _entry(part, sources[part.file, part.format], metrics[key], reading)) for part in of_key
        ]
        present = [(part, entry) for part, entry in found if entry is not None]
        if len(of_key) == 1 and present:
            reading.entries[key] = present[0][1]
        elif present:
            reading.entries[key] = pooled(present)
    return reading


def _open(
    files: ArmFiles,
    file: str,
    format_: Format,
    parts: Sequence[Part],
    change: ChangeRow | None,
    document: Any,
) -> Source:
    pointers: dict[str | None, list[str]] = {}
    for part in parts:
        if part.has_rows:
            pointers.setdefault(part.rows, []).extend(part.pointers())
    if format_ == "json":
        return _open_json(files, file, parts, pointers, document)
    asked = pointers[None]
    if format_ == "csv":
        delimiter = "\t" if file.removesuffix(".gz").casefold().endswith(".tsv") else ","
        table = rows_of_csv(file, files.pieces(file), asked, delimiter=delimiter)
    elif format_ == "parquet":
        columns = dict.fromkeys(".".join(parts_of(pointer)) for pointer in asked)
        table = rows_of_lines(file, files.parquet(file, list(columns)), asked, change=change)
    else:
        table = rows_of_lines(file, files.pieces(file), asked, change=change)
    return Source(tables={None: table})


def _open_json(
    files: ArmFiles,
    file: str,
    parts: Sequence[Part],
    pointers: Mapping[str | None, Sequence[str]],
    document: Any,
) -> Source:
    if document is ABSENT:
        document = read_document(files, file)
    for required in {id(part.map): part.map.require or {} for part in parts}.values():
        check_required(file, document, required)
    tables: dict[str | None, Table | str | Entry] = {}
    for rows, asked in pointers.items():
        assert rows is not None
        found = resolve(document, rows)
        if found is ABSENT:
            tables[rows] = _nothing_at(document, rows)
        elif type(found) is list:
            tables[rows] = rows_of_values(found, asked)
        elif type(found) is dict:
            tables[rows] = rows_of_values(list(found.values()), asked, keys=list(found))
        else:
            tables[rows] = Entry(faults=(f"{rows} is not a list of samples: {shown_value(found)}",))
    return Source(document=document, tables=tables)


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


def _entry(part: Part, source: Source, metric: BarMetric, reading: Reading) -> Entry | None:
    """The entry of one part; None, with a warning, where its file does not report it."""
    roles = part.roles()
    numbers: dict[str, Any] = {}
    absent: list[str] = []
    if part.map.value is not None and not (part.has_rows and roles is None):
        numbers, absent = _numbers(part, lambda pointer: resolve(source.document, pointer))
        _add_names_of_document(part, source.document, reading)
    if part.has_rows:
        table = source.tables[part.rows]
        if isinstance(table, Entry):
            return table
        if isinstance(table, str):
            absent.append(table)
        else:
            _add_names_of_table(part, table, reading)
            rows, none = _chosen(part, table)
            if none:
                absent.append(none)
            elif roles is None:
                return _from_row(part, rows, reading)
            else:
                texts = rows.at(roles.score)
                if any(texts) or not texts:
                    _warn(reading, part, absent)
                    columns = columns_of(rows, roles, booleans=metric.scores == "binary")
                    return Entry(numbers=numbers, samples=columns)
                absent.append(_nothing_in(table, roles.score))
    _warn(reading, part, absent)
    return Entry(numbers=numbers) if "value" in numbers else None


def _warn(reading: Reading, part: Part, absent: Iterable[str]) -> None:
    reading.warnings += [f"{part.key}: {what}" for what in absent]


def _chosen(part: Part, table: Table) -> tuple[Rows, str]:
    """The rows that count, and why there are none."""
    rows = Rows(table=table)
    for pointer, wanted in part.where():
        before, rows = rows, rows.where(pointer, wanted)
        if len(before) and not len(rows):
            there = sorted({text.strip('"') for text in before.at(pointer) if text})
            meant = nearest(str(wanted), there)
            has = f"did you mean {shown(meant)}?" if meant else f"it has {_listed(there)}"
            return rows, f"no row has {shown_value(_plain(wanted))} at {pointer}; {has}"
    return rows, ""


def _plain(wanted: Any) -> Any:
    return NumberText(wanted) if not isinstance(wanted, str | bool) else wanted


def _from_row(part: Part, rows: Rows, reading: Reading) -> Entry | None:
    """The entry of an aggregate that is one row."""
    assert part.map.value is not None
    pointer, _ = split_factor(filled(part.map.value, part.name))
    having = [row for row, text in enumerate(rows.at(pointer)) if text not in ("", "null")]
    if not having:
        _warn(reading, part, [_nothing_in(rows.table, pointer)])
        return None
    if len(having) > 1 and part.map.take != "last":
        fault = f"{len(having):,} rows have {pointer}: add `where`, or `take: last`"
        return Entry(faults=(fault,))
    numbers, absent = _numbers(part, lambda pointer: _cell(rows, pointer, having[-1]))
    _warn(reading, part, absent)
    return Entry(numbers=numbers)


def _cell(rows: Rows, pointer: str, row: int) -> Any:
    found = rows.value(pointer, row)
    return ABSENT if found is None else found


def _numbers(part: Part, at: Any) -> tuple[dict[str, Any], list[str]]:
    """The numbers of an aggregate, and of which of them there is nothing."""
    found: dict[str, Any] = {}
    absent = []
    for what in NUMBERS:
        given = part.number(what)
        if given is None:
            continue
        if isinstance(given, int):
            found[what] = NumberText(given)
            continue
        pointer, factor = split_factor(given)
        value = at(pointer)
        if value is ABSENT:
            absent.append(f"nothing at {pointer}, so there is no {what}")
        elif value is None or (what in ("stderr", "stddev") and value in NOT_REPORTED):
            continue
        else:
            found[what] = NumberText(times(value, factor)) if type(value) is NumberText else _odd(value)
    deviation = found.pop("stddev", None)
    if deviation is not None and "stderr" not in found:
        found |= _standard_error(deviation, found.get("n"))
    return found, absent


def _odd(value: Any) -> Any:
    return value.text if isinstance(value, Odd) else value


def _standard_error(deviation: Any, n: Any) -> dict[str, Any]:
    """s/√n, to 17 digits."""
    if type(deviation) is not NumberText:
        return {"stderr": deviation}
    if type(n) is not NumberText or len(n) > 20 or len(deviation) > 100 or Decimal(n) <= 0:
        return {}
    with localcontext(prec=17):
        return {"stderr": NumberText(f"{Decimal(deviation) / Decimal(n).sqrt():f}")}


def _nothing_at(document: Any, pointer: str) -> str:
    """That nothing is at a pointer, what is there instead, and what is nearest."""
    here, path = document, ""
    for part in parts_of(pointer):
        found = resolve(here, filled("/{metric}", part))
        if found is ABSENT:
            there = list(here) if type(here) is dict else []
            meant = nearest(part, there)
            has = f"; did you mean {shown(meant)}?" if meant else ""
            has = has or (f"; there is {_listed(there)}" if there else "")
            return f"nothing at {pointer}{has}"
        here, path = found, f"{path}/{part}"
    return f"nothing at {pointer}"


def _nothing_in(table: Table, pointer: str) -> str:
    """The same of the rows of a table."""
    if not table.first:
        return f"nothing at {pointer}: there are no rows"
    if table.plain:
        there = list(table.first[0])
        meant = nearest(pointer[1:], there)
        has = f"did you mean /{meant}?" if meant else f"the columns are {_listed(there)}"
        return f"nothing at {pointer}; {has}"
    return f"{_nothing_at(table.first[0], pointer)} in the rows"


def _listed(names: Iterable[Any]) -> str:
    every = [str(name) for name in names]
    more = f" and {len(every) - MOST_NAMED:,} more" if len(every) > MOST_NAMED else ""
    return ", ".join(map(shown, every[:MOST_NAMED])) + more


def _add_names_of_document(part: Part, document: Any, reading: Reading) -> None:
    for what in NUMBERS:
        given = getattr(part.map, what)
        if isinstance(given, str):
            reading.names |= dict.fromkeys(names_at(document, split_factor(given)[0]))


def _add_names_of_table(part: Part, table: Table, reading: Reading) -> None:
    pointer = part.map.score or part.map.value
    if isinstance(pointer, str):
        used = {parts_of(one)[0] for one in part.pointers()} - {part.name}
        for row in table.first:
            names = names_at(row, split_factor(pointer)[0])
            scored = [name for name in names if pointer != f"/{PLACEHOLDER}" or _may_be_score(row[name])]
            reading.names |= dict.fromkeys(name for name in scored if name not in used)
    for pointer, wanted in (part.map.where or {}).items():
        if wanted == PLACEHOLDER:
            texts = dict.fromkeys(table.columns.get(filled(pointer, part.name), ()))
            reading.names |= dict.fromkeys(text.strip('"') for text in texts if text)


def _may_be_score(value: Any) -> bool:
    return type(value) in (NumberText, bool) or (type(value) is str and cell_number(value) is not None)


def names_at(document: Any, pointer: str) -> list[str]:
    """Every name that occurs where a pointer has `{metric}`, in the document's order."""
    before, found, after = pointer.partition(PLACEHOLDER)
    if not found:
        return []
    parent_pointer, _, prefix = before.rpartition("/")
    start, end = ("".join(parts_of(f"/{text}")) for text in (prefix, after.partition("/")[0]))
    parent = resolve(document, parent_pointer)
    return [
        name[len(start) : len(name) - len(end)]
        for name in (parent if type(parent) is dict else ())
        if len(name) > len(start) + len(end) and name.startswith(start) and name.endswith(end)
    ]


def pooled(parts: Sequence[tuple[Part, Entry]]) -> Entry:
    """The samples of several parts as those of one metric, clustered by part."""
    without = [part.cluster or part.file for part, entry in parts if entry.samples is None]
    faults = tuple(fault for _, entry in parts for fault in entry.faults)
    if without:
        what = f"there are no samples of {_listed(without)}, and means of subtasks cannot be pooled"
        return Entry(faults=(*faults, what))
    whole = Columns(clusters=[])
    named = ("repeats", "inputs", "outputs", "errors")
    given = {name for name in named for _, entry in parts if getattr(entry.samples, name) is not None}
    for name in given:
        setattr(whole, name, [])
    for part, entry in parts:
        samples = entry.samples
        assert samples is not None
        assert whole.clusters is not None
        whole.ids += [f"{part.cluster}/{id_}" for id_ in samples.ids]
        whole.scores += samples.scores
        whole.clusters += [part.cluster] * len(samples.ids)
        for name in given:
            getattr(whole, name).extend(getattr(samples, name) or [None] * len(samples.ids))
        for kind, places in samples.faults.items():
            whole.faults.setdefault(kind, Places()).merge(places)
    return Entry(samples=whole, faults=faults)


def as_map(aggregates: Aggregates, file: str) -> ResultsMap:
    """The map of an engine's own numbers."""
    fields = {name: getattr(aggregates, name) for name in Aggregates.model_fields}
    return ResultsMap.model_construct(**{**fields, "file": file})
