"""Files of other programs, read where the maps of a template's `results:` point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

from msgspec import Struct, field

from remyx_action.project.files.json_text import NumberText
from remyx_action.project.files.pointer import ABSENT, PLACEHOLDER, filled, parts_of, resolve
from remyx_action.project.files.wording import nearest
from remyx_action.project.models.metrics import BarMetric
from remyx_action.project.models.results_map import Aggregates, Format, split_factor

from .arm_files import ArmFiles, shown
from .columns import Columns, Places, cell_number, is_whole, shown_value, times
from .entry import Entry
from .loose_json import Odd
from .opening import Source, listed_names_of, nothing_at, nothing_in, open_file
from .parts import NUMBERS, Part
from .presets import EngineMap
from .rows import Table
from .sampling import Rows, columns_of

NOT_REPORTED = ("N/A", "nan", "NaN", "")
"""What engines write where a standard error is unknown."""


class Reading(Struct, kw_only=True):
    """The entries of the metrics that were found, and the messages about the files."""

    entries: dict[str, Entry] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)
    """Names of metrics that arrived, in their order."""
    warnings: list[str] = field(default_factory=list)


def read_parts(files: ArmFiles, parts: Sequence[Part], metrics: Mapping[str, BarMetric]) -> Reading:
    """Read each file once, and every metric's entry from its parts. Raises BrokenResults."""
    by_file: dict[tuple[str, Format], list[Part]] = {}
    for part in parts:
        by_file.setdefault((part.file, part.format), []).append(part)
    sources = {place: open_file(files, *place, of_file) for place, of_file in by_file.items()}
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


def _entry(part: Part, source: Source, metric: BarMetric, reading: Reading) -> Entry | None:
    """The entry of one part; None, with a warning, where its file does not report it."""
    roles = part.roles()
    numbers: dict[str, Any] = {}
    absent: list[str] = []
    if part.map.value is not None and not (part.has_rows and roles is None):
        numbers, absent = _numbers(
            part,
            lambda pointer: resolve(source.document, pointer),
            lambda pointer: nothing_at(source.document, pointer),
        )
        _add_names_of_document(part, source.document, reading)
    if part.has_rows:
        table = source.tables[part.table]
        if isinstance(table, Entry):
            return table
        if isinstance(table, str):
            absent.append(table)
        else:
            _add_names_of_table(part, table, reading)
            rows = _chosen(part, table)
            if isinstance(rows, Entry):
                return rows
            if isinstance(rows, str):
                absent.append(rows)
            elif roles is None:
                return _from_row(part, rows, reading)
            else:
                texts = rows.at(roles.score)
                if any(texts) or not texts:
                    _warn(reading, part, absent)
                    columns = columns_of(rows, roles, booleans=metric.scores == "binary")
                    return Entry(numbers=numbers, samples=columns)
                absent.append(nothing_in(table, roles.score))
    _warn(reading, part, absent)
    return Entry(numbers=numbers) if "value" in numbers else None


def _warn(reading: Reading, part: Part, absent: Iterable[str]) -> None:
    reading.warnings += [f"{part.key}: {what}" for what in absent]


def _chosen(part: Part, table: Table) -> Rows | str | Entry:
    """Return the rows of the table that belong to the part.

    A text says why there are none; it becomes a warning, and the metric has no rows. An Entry holds the fault
    that rows of several measures are left and nothing says which is meant; the metric is then unusable.
    """
    rows, roles, spread = Rows(table=table), part.roles(), part.map.spread
    asked = dict(part.where())
    for pointer, wanted in asked.items():
        of_element = roles is not None and spread is not None and pointer.startswith(f"{spread}/")
        score = roles.score if roles is not None and of_element else None
        before, rows = rows, rows.where(pointer, wanted, or_without=score)
        if len(before) and not len(rows):
            there = sorted({text.strip('"') for text in before.at(pointer) if text})
            meant = nearest(str(wanted), there)
            has = f"did you mean {shown(meant)}?" if meant else f"it has {listed_names_of(there)}"
            return f"no row has {shown_value(_plain(wanted))} at {pointer}; {has}"
    for pointer, preferred in part.map.apart.items():
        there = list(dict.fromkeys(rows.at(pointer)))
        if pointer in asked or len(there) < 2:
            continue
        chosen = filter(len, (rows.where(pointer, wanted) for wanted in preferred))
        found = next(chosen, None)
        if found is None:
            values = listed_names_of(text.strip('"') for text in there)
            told = (
                f"rows of different {pointer} ({values}) are not one measure: add `where: {{{pointer}: …}}`"
            )
            return Entry(faults=(told,))
        rows = found
    return rows


def _plain(wanted: Any) -> Any:
    return NumberText(wanted) if not isinstance(wanted, str | bool) else wanted


def _from_row(part: Part, rows: Rows, reading: Reading) -> Entry | None:
    """The entry of an aggregate that is one row."""
    assert part.map.value is not None
    pointer, _ = split_factor(filled(part.map.value, part.name))
    having = [row for row, text in enumerate(rows.at(pointer)) if text not in ("", "null")]
    if not having:
        _warn(reading, part, [nothing_in(rows.table, pointer)])
        return None
    if len(having) > 1 and part.map.take != "last":
        fault = f"{len(having):,} rows have {pointer}: add `where`, or `take: last`"
        return Entry(faults=(fault,))
    numbers, absent = _numbers(
        part,
        lambda pointer: _cell(rows, pointer, having[-1]),
        lambda pointer: nothing_in(rows.table, pointer),
    )
    _warn(reading, part, absent)
    return Entry(numbers=numbers)


def _cell(rows: Rows, pointer: str, row: int) -> Any:
    found = rows.value(pointer, row)
    return ABSENT if found is None else found


def _numbers(
    part: Part, at: Callable[[str], Any], nothing: Callable[[str], str]
) -> tuple[dict[str, Any], list[str]]:
    """The numbers of an aggregate, and of which of them there is nothing, with what is there instead."""
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
            absent.append(f"no {what}: {nothing(pointer)}")
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


def _add_names_of_document(part: Part, document: Any, reading: Reading) -> None:
    for what in NUMBERS:
        given = getattr(part.map, what)
        if isinstance(given, str):
            reading.names |= dict.fromkeys(names_at(document, split_factor(given)[0]))


def _add_names_of_table(part: Part, table: Table, reading: Reading) -> None:
    pointer = part.map.value if part.map.score is None else part.map.score
    if isinstance(pointer, str):
        used = {key for one in part.pointers() for key in parts_of(one)[:1]} - {part.name}
        for row in table.first:
            names = names_at(row, split_factor(pointer)[0])
            scored = [name for name in names if pointer != f"/{PLACEHOLDER}" or _may_be_score(row[name])]
            reading.names |= dict.fromkeys(name for name in scored if name not in used)
    for pointer, wanted in (part.map.where or {}).items():
        if wanted == PLACEHOLDER:
            at = filled(pointer, part.name)
            texts = dict.fromkeys(table.at(at) if at in table.columns else ())
            reading.names |= dict.fromkeys(text.strip('"') for text in texts if text)


def _may_be_score(value: Any) -> bool:
    return type(value) in (NumberText, bool) or (type(value) is str and cell_number(value) is not None)


def names_at(document: Any, pointer: str) -> list[str]:
    """Every name that occurs where a pointer has `{metric}`, in the document's order.

    A name with half a character is none: no template and no report could hold it.
    """
    before, found, after = pointer.partition(PLACEHOLDER)
    if not found:
        return []
    parent_pointer, _, prefix = before.rpartition("/")
    start, end = ("".join(parts_of(f"/{text}")) for text in (prefix, after.partition("/")[0]))
    parent = resolve(document, parent_pointer)
    return [
        name[len(start) : len(name) - len(end)]
        for name in (parent if type(parent) is dict else ())
        if len(name) > len(start) + len(end)
        and name.startswith(start)
        and name.endswith(end)
        and is_whole(name)
    ]


def pooled(parts: Sequence[tuple[Part, Entry]]) -> Entry:
    """The samples of several parts as those of one metric, clustered by part."""
    without = [part.cluster or part.file for part, entry in parts if entry.samples is None]
    faults = tuple(fault for _, entry in parts for fault in entry.faults)
    if without:
        what = f"there are no samples of {listed_names_of(without)}, and means of subtasks cannot be pooled"
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


def as_map(aggregates: Aggregates, file: str) -> EngineMap:
    """The map of an engine's own numbers."""
    fields = {name: getattr(aggregates, name) for name in Aggregates.model_fields}
    return EngineMap.model_construct(**{**fields, "file": file})
