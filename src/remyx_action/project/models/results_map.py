"""`results:` of a template: where a foreign result file has its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from .field_types import (
    CONTROLS,
    DISTINCT,
    END,
    Bounds,
    Integer,
    Key,
    Line,
    Number,
    Pointer,
    RepositoryPath,
    Spec,
)

NUMBER = r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?"
EXPRESSION_PATTERN = r"^/[^" + CONTROLS + r"*]*(\* *" + NUMBER + r")?" + END
SCORE_PATTERN = r"^(/[^" + CONTROLS + r"*]*)?(\* *" + NUMBER + r")?" + END
ID_PATTERN = r"^(/[^" + CONTROLS + r"]*|row)" + END
KEY_OF_ROW_PATTERN = r"^/[^/" + CONTROLS + r"*]+" + END
PLACE_PATTERN = r"^/[^" + CONTROLS + r"]*" + END

Expression = Annotated[str, Field(pattern=EXPRESSION_PATTERN, max_length=500)]
"""A pointer, or a pointer and a factor: `/latencyMs * 0.001`."""
ScoreExpression = Annotated[str, Field(pattern=SCORE_PATTERN, max_length=500)]
"""The same, or `""`: each row is a score by itself."""
ResultPlace = Annotated[str, Field(pattern=PLACE_PATTERN, max_length=500)]
"""A pointer to a part of a row or file, never to all of it."""


def _word(value: Any) -> Any:
    if isinstance(value, str | bool | Decimal | int):
        return value
    raise PydanticCustomError("word_type", "is no text, number or boolean")


Word = Annotated[
    Any,
    BeforeValidator(_word),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}),
]
"""A text, a number, true or false: what a value in a result file is compared with."""


def _kind_of_text_or_map(raw: Any) -> str:
    return "<map>" if isinstance(raw, Mapping) else "<text>"


def _kind_of_one_or_more(raw: Any) -> str:
    return "<list>" if isinstance(raw, list) else "<text>"


def _kind_of_count(raw: Any) -> str:
    return "<text>" if isinstance(raw, str) else "<number>"


WordTable = Annotated[dict[ResultPlace, Word], Field(min_length=1, max_length=16)]
WrittenCount = Annotated[
    Annotated[Expression, Tag("<text>")] | Annotated[Integer, Bounds(least="1"), Tag("<number>")],
    Discriminator(_kind_of_count),
]
"""A number, or where it is."""
ResultPlaces = Annotated[list[ResultPlace], Field(min_length=1, max_length=8)]
Format = Literal["json", "jsonl", "csv", "parquet"]
Preset = Literal[
    "deepeval",
    "evalscope",
    "every-eval-ever",
    "helm",
    "hf-trainer",
    "inspect",
    "lighteval",
    "lm-eval",
    "lmms-eval",
    "openai-evals",
    "promptfoo",
    "pytest-benchmark",
    "ragas",
    "swe-bench",
]
"""The engines whose maps come with the program: `readers/presets/<name>.yaml`."""


class Aggregates(Spec):
    """Where the engine's own numbers are: compared with those of its rows, and used where it left none."""

    file: RepositoryPath
    """Below the run's output folder; `*` within a name, `**` across folders; exactly one file must match."""
    format: Format | None = None
    """The file's format; default: by its ending."""
    rows: Pointer | None = None
    """json: the list that holds one row per metric, selected by `where`."""
    where: WordTable | None = None
    """Pointer → value of the row that counts."""
    take: Literal["last"] | None = None
    """`last`: of several rows that have the metric, the last."""
    value: Expression
    """Where the run's mean is."""
    stderr: Expression | None = None
    """Where the standard error of the mean is."""
    stddev: Expression | None = None
    """Where the standard deviation of the samples is; over the root of `n` it is the standard error."""
    n: WrittenCount | None = None
    """The number of samples, or where it is."""
    clusters: WrittenCount | None = None
    """The number of clusters that the standard error rests on, or where it is."""


class ResultsMap(Spec):
    """Where a result file has the scores of its metrics; `{metric}` is the engine's name of the metric."""

    preset: Preset | None = None
    """An engine whose map is known; the other keys change parts of it."""
    metrics: (
        Annotated[
            list[Key], Field(min_length=1, max_length=1000, json_schema_extra={"uniqueItems": True}), DISTINCT
        ]
        | None
    ) = None
    """The metrics that this map reads, where `results` has several; absent: all that no other one names."""
    file: RepositoryPath | None = None
    """Below the run's output folder; `*` within a name, `**` across folders; exactly one file must match.

    With `{metric}` each metric has a file of its own.
    `stdout`: the last JSON object or list that the script printed on a line of its own.
    """
    format: Format | None = None
    """The file's format; default: by its ending. `.gz` is unpacked."""
    require: WordTable | None = None
    """json: pointer → value that the file must have, else the run failed."""
    rows: Pointer | None = None
    """json: the list of samples, or an object whose values are samples and whose keys are their ids."""
    spread: Annotated[str, Field(pattern=KEY_OF_ROW_PATTERN, max_length=500)] | None = None
    """A list in each row, as in {"id": 1, "scores": [{"name": "f1", "value": 0.5}]}.

    Each element makes a row of its own, in which it takes the place of the list.
    """
    where: WordTable | None = None
    """Pointer → value of the rows that count."""
    take: Literal["last"] | None = None
    """`last`: of several rows that have the metric, the last, as in a training log."""
    id: (
        Annotated[
            Annotated[str, Field(pattern=ID_PATTERN, max_length=500), Tag("<text>")]
            | Annotated[ResultPlaces, Tag("<list>")],
            Discriminator(_kind_of_one_or_more),
        ]
        | None
    ) = None
    """The id, compared as written; a list of pointers; or `row`, its number, together with `input`."""
    repeat: ResultPlace | None = None
    """Which repetition of the same id a row is."""
    input: (
        Annotated[
            Annotated[ResultPlace, Tag("<text>")] | Annotated[ResultPlaces, Tag("<list>")],
            Discriminator(_kind_of_one_or_more),
        ]
        | None
    ) = None
    """The question as the data set has it; compared between baseline and variant."""
    output: ResultPlace | None = None
    """The answer; shown, never judged."""
    cluster: ResultPlace | None = None
    """The group that a sample was drawn with."""
    error: (
        Annotated[
            Annotated[ResultPlace, Tag("<text>")] | Annotated[WordTable, Tag("<map>")],
            Discriminator(_kind_of_text_or_map),
        ]
        | None
    ) = None
    """Not empty: the sample has no score; or a condition, such as {/failureReason: 2}."""
    score: (
        Annotated[
            Annotated[ScoreExpression, Tag("<text>")]
            | Annotated[Annotated[dict[Key, Expression], Field(min_length=1, max_length=1000)], Tag("<map>")],
            Discriminator(_kind_of_text_or_map),
        ]
        | None
    ) = None
    """The sample's score, of every metric or by metric; `""` where each row is one, as in {"q1": 0.5}."""
    grades: (
        Annotated[dict[Annotated[str, Field(max_length=100)], Number], Field(min_length=1, max_length=100)]
        | None
    ) = None
    """Words for scores, such as {C: 1, I: 0}."""
    value: Expression | None = None
    """Where the run's mean is, in a file without samples."""
    stderr: Expression | None = None
    """Where the standard error of the mean is."""
    stddev: Expression | None = None
    """Where the standard deviation of the samples is; over the root of `n` it is the standard error."""
    n: WrittenCount | None = None
    """The number of samples, or where it is."""
    clusters: WrittenCount | None = None
    """The number of clusters that the standard error rests on, or where it is."""
    aggregates: Aggregates | None = None
    """The engine's own numbers in a second file."""
    names: dict[Key, Annotated[Line, Field(min_length=1)]] = Field(default_factory=dict)
    """Metric key → the engine's name of the metric, where they differ."""


def _kind_of_results(raw: Any) -> str:
    if isinstance(raw, str):
        return "<word>"
    return "<list>" if isinstance(raw, Sequence) else "<map>"


ResultsOf = Annotated[
    Annotated[Preset, Tag("<word>")]
    | Annotated[ResultsMap, Tag("<map>")]
    | Annotated[Annotated[list[ResultsMap], Field(min_length=1, max_length=16)], Tag("<list>")],
    Discriminator(_kind_of_results),
]


def maps_of(results: str | ResultsMap | list[ResultsMap] | None) -> list[ResultsMap]:
    """The maps that `results` lists; none where it is absent: the native results.json."""
    if results is None:
        return []
    if isinstance(results, str):
        return [ResultsMap(preset=results)]  # type: ignore[arg-type]
    return [results] if isinstance(results, ResultsMap) else list(results)


def is_read_alone(results: str | ResultsMap | list[ResultsMap] | None, key: str) -> bool:
    """Whether the maps find a metric's value and nothing that says how sure it is."""
    maps = [one for one in maps_of(results) if one.metrics is None or key in one.metrics]
    return bool(maps) and not any(
        getattr(one, name) is not None
        for one in maps
        for name in ("preset", "rows", "score", "stderr", "stddev", "n", "aggregates")
    )


MEASURE_FIRST = "read a score of each sample, or `stderr` and `n`; then "
"""Before a floor is added to a condition on a metric that is read alone."""


def split_factor(expression: str) -> tuple[str, Decimal | None]:
    """`/latencyMs * 0.001` → the pointer and the factor, or None."""
    pointer, star, factor = expression.partition("*")
    return (pointer.rstrip(" "), Decimal(factor.strip(" "))) if star else (expression, None)


def assigned(maps: Sequence[ResultsMap], keys: Sequence[str]) -> Mapping[str, Sequence[int]]:
    """Metric key → the indices of the maps that read it: one each, where the template is right."""
    named = {key: [index for index, one in enumerate(maps) if key in (_named(one) or ())] for key in keys}
    rest = [index for index, one in enumerate(maps) if _named(one) is None]
    return {key: found or rest for key, found in named.items()}


def _named(one: ResultsMap) -> Sequence[str] | None:
    """The metrics that a map names, by `metrics` or by the keys of its `score`; None: all that are left."""
    if one.metrics is not None:
        return one.metrics
    return list(one.score) if isinstance(one.score, dict) else None
