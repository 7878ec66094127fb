"""The field types that the specs share: names, keys, numbers as they were written."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from msgspec import Struct
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

Made = ParamSpec("Made")
Built = TypeVar("Built")

END = r"(?![\s\S])"
"""End of text in every regular-expression dialect; `$` lets a trailing newline through in Python's."""

FIELDS = ("delta_confidence", "sample_size", "coverage", "worse", "better")
"""Numbers about the whole comparison; no metric may have such a name."""

KEY_PATTERN = r"^[a-z][a-z0-9_-]{0,63}" + END
METRIC_KEY_PATTERN = rf"^(?!(?:{'|'.join(FIELDS)}){END})[a-z][a-z0-9_-]{{0,63}}" + END
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}" + END
BREAKS = r"\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
CONTROLS = r"\u0000-\u001f" + BREAKS
"""What no line of text may hold, as a part of a character class."""
LINE_PATTERN = r"^[^" + CONTROLS + r"]*" + END
TEXT_PATTERN = r"^[^\u0000-\u0008\u000b-\u001f" + BREAKS + r"]*" + END


class Spec(BaseModel):
    """Base of everything that is read from a file: frozen, strict, unknown keys are errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        regex_engine="python-re",
        defer_build=True,  # `judge` and `--help` need few of the models
    )


def unchecked(model: Callable[Made, Built]) -> Callable[Made, Built]:
    """A model's constructor without its validation: for parts that are models and were checked as such.

    Validating the outermost models builds the validators of everything below them, 60 ms that only a
    file from outside is worth.
    """
    construct: Callable[Made, Built] = model.model_construct  # type: ignore[attr-defined]
    return construct


def refuse(code: str, message: str, *, help: str, at: str = "") -> PydanticCustomError:
    """The error of one value: `code` is stable; `at` is a pointer that moves it, `../key` to a sibling."""
    return PydanticCustomError(code, "{message}", {"message": message, "help": help, "at": at})


class Bounds(Struct, frozen=True, kw_only=True):
    """The range of a number; it is in the JSON Schema as well, where `Field(ge=…)` would not be."""

    above: str | None = None
    least: str | None = None
    below: str | None = None
    most: str | None = None

    def admits(self, value: Decimal | int) -> bool:
        return not (
            (self.above is not None and value <= Decimal(self.above))
            or (self.least is not None and value < Decimal(self.least))
            or (self.below is not None and value >= Decimal(self.below))
            or (self.most is not None and value > Decimal(self.most))
        )

    def __str__(self) -> str:
        words = {"above": self.above, "at least": self.least, "below": self.below, "at most": self.most}
        return " and ".join(f"{word} {bound}" for word, bound in words.items() if bound is not None)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any) -> Any:
            if self.admits(value):
                return value
            raise PydanticCustomError("out-of-bounds", "out of bounds", {"bounds": str(self)})

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        words = {
            "exclusiveMinimum": self.above,
            "minimum": self.least,
            "exclusiveMaximum": self.below,
            "maximum": self.most,
        }
        numbers = {word: float(bound) for word, bound in words.items() if bound is not None}
        return handler(schema) | {
            word: int(number) if number.is_integer() else number for word, number in numbers.items()
        }


def _decimal(value: Any) -> Any:
    """Accept the loader's int and Decimal; a bool, a float and a string are not numbers here."""
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return Decimal(value)
    raise PydanticCustomError("number_type", "is not a number")


def _integer(value: Any) -> Any:
    """Accept 300 and 300.0, as JSON Schema's `integer` does."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    raise PydanticCustomError("integer_type", "is not a whole number")


def _distinct(values: list[Any]) -> list[Any]:
    for index, value in enumerate(values):
        first = values.index(value)
        if first != index:
            raise refuse(
                "repeated-entry",
                f"entry {index + 1} repeats entry {first + 1}: {value}",
                help="remove one of the two",
            )
    return values


def no_entries() -> list[Any]:
    """The default of a list: pydantic asks for a factory's signature, and that of `list` takes 3 ms."""
    return []


DISTINCT = AfterValidator(_distinct)
"""No entry of a list occurs twice; goes with `json_schema_extra={"uniqueItems": True}`."""

Number = Annotated[Decimal, BeforeValidator(_decimal), WithJsonSchema({"type": "number"})]
Integer = Annotated[int, BeforeValidator(_integer), WithJsonSchema({"type": "integer"})]
Key = Annotated[str, Field(pattern=KEY_PATTERN)]
"""A name of a number that an eval script emits."""
MetricKey = Annotated[str, Field(pattern=METRIC_KEY_PATTERN)]
"""A metric's key: what the eval script emits and what rules name."""
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
"""A template's, policy's or experiment's name: the stem of its file."""
Line = Annotated[str, Field(pattern=LINE_PATTERN, max_length=500)]
"""One line of text, shown to people."""
Text = Annotated[str, Field(pattern=TEXT_PATTERN, max_length=10_000)]
"""Free text of several lines."""
Version = Annotated[Literal[1], BeforeValidator(_integer), WithJsonSchema({"const": 1, "type": "integer"})]


PLACEHOLDERS = (
    "asset", "arm", "source", "harness", "inputs", "predictions", "output_dir", "samples", "seed", "shard",
    "shards",
)  # fmt: skip
"""What `{…}` in a command may name; other braces stand for themselves."""
PLACEHOLDER_PATTERN = r"\{(?!(?:" + "|".join(PLACEHOLDERS) + r")\})[a-z_]+\}"
"""A placeholder that does not exist."""
WORD_PATTERN = r"^(?!.*" + PLACEHOLDER_PATTERN + r")[^" + CONTROLS + r"]*" + END
CommandWord = Annotated[str, Field(pattern=WORD_PATTERN, min_length=1, max_length=500)]
"""One word of a command."""

POINTER_PATTERN = r"^(/[^" + CONTROLS + r"]*)?" + END
PATH_PATTERN = r"^(?!/)(?!.*(^|/)\.\.(/|$))[^\\" + CONTROLS + r"]+" + END
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,127}" + END

Pointer = Annotated[str, Field(pattern=POINTER_PATTERN, max_length=500)]
"""RFC 6901 JSON Pointer; `{metric}` is replaced by the harness's name of the metric."""
RepositoryPath = Annotated[str, Field(pattern=PATH_PATTERN, max_length=500)]
"""A path below the repository's root, with `/`; never absolute, never through `..`."""
VariableName = Annotated[str, Field(pattern=VARIABLE_PATTERN)]
