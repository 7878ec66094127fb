"""Where one metric's scores are in a file: a map with the metric's name filled in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from remyx_action.project.files.pointer import PLACEHOLDER, filled
from remyx_action.project.models.results_map import Format, split_factor

from .arm_files import format_of
from .presets import EngineMap
from .sampling import Roles

NUMBERS = ("value", "stderr", "stddev", "n", "clusters")


class RowsPlace(Struct, frozen=True, kw_only=True):
    """Which rows of a file."""

    rows: str | None
    """Pointer of the list, where the file is one JSON value."""
    spread: str | None
    outcomes: bool


class Part(Struct, frozen=True, kw_only=True):
    """Where one metric's scores are, or those of one subtask of it."""

    map: EngineMap
    """Whose file is named, without `*`."""
    key: str
    """The metric's."""
    name: str
    """The engine's name of it, in place of `{metric}`."""
    cluster: str | None = None
    """Prefix of the ids of this part's samples, which keeps them apart from other parts'."""

    @property
    def file(self) -> str:
        assert self.map.file is not None
        return self.map.file

    @property
    def rows(self) -> str | None:
        """The pointer of the list of rows, where the file is one JSON value."""
        return None if self.map.rows is None else filled(self.map.rows, self.name)

    @property
    def table(self) -> RowsPlace:
        """Which rows of the file these are."""
        return RowsPlace(rows=self.rows, spread=self.map.spread, outcomes=bool(self.map.outcomes))

    @property
    def score(self) -> str | None:
        """Pointer and factor of the score."""
        score = self.map.score
        found = score.get(self.key) if isinstance(score, dict) else score
        if self.of_any_metric:
            found = self.map.also[self.name]
        return None if found is None else filled(found, self.name)

    @property
    def of_any_metric(self) -> bool:
        """Whether each row has the score, whatever else was scored in it, such as the time it took."""
        return self.name in self.map.also and not isinstance(self.map.score, dict)

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
            if wanted == PLACEHOLDER and self.of_any_metric:
                continue
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
        found = [*(pointer for pointer, _ in self.where()), *self.map.apart]
        if roles is not None:
            return [*found, *roles.pointers()]
        numbers = (self.number(what) for what in NUMBERS)
        return [*found, *(split_factor(one)[0] for one in numbers if isinstance(one, str))]
