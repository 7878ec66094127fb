"""`.remyx/policies/<name>.yaml`: what counts. Rules of conditions, three levels deep."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Union

from pydantic import Discriminator, Field, Tag

from .fields import END, Integer, Key, Line, Name, Number, Spec, Text, Version

MetricReference = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}\.(value|delta|relative_delta)" + END)
]
Floor = Annotated[Number, Field(gt=Decimal("0.5"), lt=1)]
"""How confident one must be in the condition itself: 0.5 < c < 1."""
Why = Annotated[Text, Field(min_length=1)]
OnMissing = Literal["unknown", "violated"]


class Comparison(Spec):
    """`KEY.value`, `KEY.delta` or `KEY.relative_delta` against a number; raw, not turned by direction."""

    metric: MetricReference
    op: Literal[">=", ">", "<=", "<"]
    threshold: Number
    confidence: Floor | None = None
    why: Why | None = None
    on_missing: OnMissing = "unknown"
    expect: Number | None = None


class Equality(Spec):
    """`KEY.value == t` and its siblings; carries no confidence."""

    metric: MetricReference
    op: Literal["=="]
    threshold: Number
    why: Why | None = None
    on_missing: OnMissing = "unknown"


class Directional(Spec):
    """`improves_by` and `regresses_by`: turned by the metric's direction."""

    metric: Key
    op: Literal["improves_by", "regresses_by"]
    threshold: Annotated[Number, Field(ge=0)]
    mode: Literal["absolute", "relative"] = "absolute"
    confidence: Floor | None = None
    why: Why | None = None
    on_missing: OnMissing = "unknown"
    expect: Number | None = None


class Guard(Spec):
    """`no_regression`: must hold in ship; in reject it fires when it is violated."""

    metric: Key
    op: Literal["no_regression"]
    threshold: Annotated[Number, Field(ge=0)] = Decimal(0)
    mode: Literal["absolute", "relative"] = "absolute"
    confidence: Floor | None = None
    why: Why | None = None
    on_missing: OnMissing = "unknown"
    expect: Number | None = None


class FieldCondition(Spec):
    """A number about the whole comparison: `delta_confidence`, `sample_size` or `coverage`."""

    field: Literal["delta_confidence", "sample_size", "coverage"]
    metric: Key | None = None
    op: Literal[">=", ">", "<=", "<"]
    threshold: Number
    why: Why | None = None
    on_missing: OnMissing = "unknown"


Floors = Literal["each", "shared"]


def _kind(value: Any) -> str | None:
    """Which model a condition or rule is meant to be, told by the keys that are there."""
    get = value.get if isinstance(value, Mapping) else lambda name: getattr(value, name, None)
    for key in ("all", "any", "at_least", "field"):
        if (key in value) if isinstance(value, Mapping) else (get(key) is not None):
            return key
    return {
        "==": "equality",
        "improves_by": "directional",
        "regresses_by": "directional",
        "no_regression": "guard",
    }.get(str(get("op")), "comparison") if get("metric") is not None or get("op") is not None else None


class AllOf(Spec):
    all: Annotated[list[Child], Field(min_length=1, max_length=1000)]


class AnyOf(Spec):
    any: Annotated[list[Child], Field(min_length=1, max_length=1000)]
    floors: Floors = "each"


class AtLeast(Spec):
    at_least: Annotated[Integer, Field(ge=1)]
    of: Annotated[list[Child], Field(min_length=1, max_length=1000)]
    floors: Floors = "each"


MetricCondition = Comparison | Equality | Directional | Guard
Condition = MetricCondition | FieldCondition
Rule = Annotated[
    Annotated[AllOf, Tag("all")] | Annotated[AnyOf, Tag("any")] | Annotated[AtLeast, Tag("at_least")],
    Discriminator(_kind),
]
Child = Annotated[
    Union[
        Annotated[AllOf, Tag("all")],
        Annotated[AnyOf, Tag("any")],
        Annotated[AtLeast, Tag("at_least")],
        Annotated[FieldCondition, Tag("field")],
        Annotated[Comparison, Tag("comparison")],
        Annotated[Equality, Tag("equality")],
        Annotated[Directional, Tag("directional")],
        Annotated[Guard, Tag("guard")],
    ],
    Discriminator(_kind),
]


class Gate(Spec):
    iterate: Literal["block", "allow"] = "block"


class Silence(Spec):
    """A warning of `check` that the team has read and decided to live with."""

    lint: Line
    why: Why


class Policy(Spec):
    version: Version
    name: Name
    template: Name
    ship: Rule
    reject: Rule | None = None
    gate: Gate = Gate()
    notes: Text | None = None
    silence: Annotated[list[Silence], Field(max_length=100)] = []


AllOf.model_rebuild()
AnyOf.model_rebuild()
AtLeast.model_rebuild()
