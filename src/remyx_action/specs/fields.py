"""The field types that the specs share: names, keys, numbers as they were written."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

END = r"(?![\s\S])"
"""End of text in every regular-expression dialect; `$` lets a trailing newline through in Python's."""

KEY_PATTERN = r"^[a-z][a-z0-9_-]{0,63}" + END
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}" + END
LINE_PATTERN = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*" + END
TEXT_PATTERN = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*" + END


class Spec(BaseModel):
    """Base of everything that is read from a file: frozen, strict, unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, regex_engine="python-re")


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


Number = Annotated[Decimal, BeforeValidator(_decimal), WithJsonSchema({"type": "number"})]
Integer = Annotated[int, BeforeValidator(_integer), WithJsonSchema({"type": "integer"})]
Key = Annotated[str, Field(pattern=KEY_PATTERN)]
"""A metric's key: what the eval script emits and what rules name."""
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
"""A template's, policy's or experiment's name: the stem of its file."""
Line = Annotated[str, Field(pattern=LINE_PATTERN, max_length=500)]
"""One line of text, shown to people."""
Text = Annotated[str, Field(pattern=TEXT_PATTERN, max_length=10_000)]
"""Free text of several lines."""
Version = Annotated[
    Literal[1], BeforeValidator(_integer), WithJsonSchema({"const": 1, "type": "integer"})
]
