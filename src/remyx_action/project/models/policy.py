"""`.remyx/policies/<name>.yaml`: what counts. Rules of conditions, three levels deep."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator

from .fields import END, Bounds, Integer, Key, Line, Name, Number, Spec, Text, Version, no_entries, refuse

MOST_LEVELS = 3
"""How deep rules may stand in rules, the outermost included."""

REFERENCE_PATTERN = r"^[a-z][a-z0-9_-]{0,63}\.(value|delta|relative_delta)" + END
MetricReference = Annotated[str, Field(pattern=REFERENCE_PATTERN)]
Floor = Annotated[Number, Bounds(above="0.5", below="1")]
"""How confident one must be in the condition itself: 0.5 < c < 1."""
Why = Annotated[Text, Field(min_length=1)]
OnMissing = Literal["unknown", "violated"]


class Comparison(Spec):
    """`KEY.value`, `KEY.delta` or `KEY.relative_delta` against a number; raw, not turned by direction."""

    metric: MetricReference
    """A metric's key with `.value`, `.delta` or `.relative_delta`."""
    op: Literal[">=", ">", "<=", "<"]
    """How the number compares with the threshold."""
    threshold: Number
    """In the metric's unit; for `relative_delta` a fraction of the baseline's size."""
    confidence: Floor | None = None
    """Floor: how sure one must be of this very inequality, 0.5 < c < 1."""
    why: Why | None = None
    """Shown beside the condition."""
    on_missing: OnMissing = "unknown"
    """`violated`: an unknown becomes false in ship and true in reject."""
    expect: Number | None = None
    """The true value that the team hopes for; advice counts samples for it."""


class Equality(Spec):
    """`KEY.value == t` and its siblings; carries no confidence."""

    metric: MetricReference
    """A metric's key with `.value`, `.delta` or `.relative_delta`."""
    op: Literal["=="]
    """Exactly equal, as decimals."""
    threshold: Number
    """In the metric's unit."""
    why: Why | None = None
    """Shown beside the condition."""
    on_missing: OnMissing = "unknown"
    """`violated`: an unknown becomes false in ship and true in reject."""


class Directional(Spec):
    """`improves_by` and `regresses_by`: turned by the metric's direction."""

    metric: Key
    """A metric's key, without a suffix."""
    op: Literal["improves_by", "regresses_by"]
    """Better by at least, or worse by more than, the threshold."""
    threshold: Annotated[Number, Bounds(least="0")]
    """In the metric's unit; with `mode: relative` a fraction of the baseline's size."""
    mode: Literal["absolute", "relative"] = "absolute"
    """`relative`: the threshold is a fraction of the baseline's size."""
    confidence: Floor | None = None
    """Floor: how sure one must be of this very inequality, 0.5 < c < 1."""
    why: Why | None = None
    """Shown beside the condition."""
    on_missing: OnMissing = "unknown"
    """`violated`: an unknown becomes false in ship and true in reject."""
    expect: Number | None = None
    """The true value that the team hopes for; advice counts samples for it."""


class Guard(Spec):
    """`no_regression`: must hold in ship; in reject it fires when it is violated."""

    metric: Key
    """A metric's key, without a suffix."""
    op: Literal["no_regression"]
    """Worse by no more than the threshold."""
    threshold: Annotated[Number, Bounds(least="0")] = Decimal(0)
    """In the metric's unit; with `mode: relative` a fraction of the baseline's size."""
    mode: Literal["absolute", "relative"] = "absolute"
    """`relative`: the threshold is a fraction of the baseline's size."""
    confidence: Floor | None = None
    """Floor: how sure one must be of this very inequality, 0.5 < c < 1."""
    why: Why | None = None
    """Shown beside the condition."""
    on_missing: OnMissing = "unknown"
    """`violated`: an unknown becomes false in ship and true in reject."""
    expect: Number | None = None
    """The true value that the team hopes for; advice counts samples for it."""


class FieldCondition(Spec):
    """A number about the whole comparison: `delta_confidence`, `sample_size` or `coverage`."""

    field: Literal["delta_confidence", "sample_size", "coverage"]
    """delta_confidence and coverage are fractions of 1; sample_size is a count."""
    metric: Key | None = None
    """Only this metric; absent: the smallest over the metrics that the field is about."""
    op: Literal[">=", ">", "<=", "<"]
    """How the number compares with the threshold."""
    threshold: Annotated[Number, Bounds(least="0")]
    """0 to 1, except for sample_size."""
    why: Why | None = None
    """Shown beside the condition."""
    on_missing: OnMissing = "unknown"
    """`violated`: an unknown becomes false in ship and true in reject."""

    @field_validator("threshold")
    @classmethod
    def _fractions_are_at_most_one(cls, threshold: Decimal, info: ValidationInfo) -> Decimal:
        if threshold > 1 and info.data.get("field") in ("delta_confidence", "coverage"):
            raise refuse(
                "above-one",
                f"{threshold} can never be reached: {info.data['field']} is a fraction of 1",
                help=as_fraction(threshold) or "write a number between 0 and 1",
            )
        return threshold


def as_fraction(percent: Decimal) -> str | None:
    """`did you mean 0.80?` for 80, None where the number cannot be meant in percent."""
    return f"did you mean {percent / 100:.2f}?" if 1 < percent <= 100 else None


Floors = Literal["each", "shared"]


def _kind(value: Any) -> str | None:
    """Which model a condition or rule is meant to be, told by the keys that are there."""
    if isinstance(value, Spec):
        return f"<{type(value).__name__}>"
    if not isinstance(value, Mapping):
        return None
    for key, kind in KIND_OF_KEY.items():
        if key in value:
            return kind
    if not {"metric", "op", "threshold"} & set(value):
        return None
    op = value.get("op")
    known = KIND_OF_OP.get(op) if isinstance(op, str) else None
    return known or ("<Comparison>" if "." in str(value.get("metric", ".")) else "<Directional>")


KIND_OF_KEY = {
    "all": "<AllOf>",
    "any": "<AnyOf>",
    "at_least": "<AtLeast>",
    "of": "<AtLeast>",
    "field": "<FieldCondition>",
}
KIND_OF_OP = dict.fromkeys((">=", ">", "<=", "<"), "<Comparison>") | {
    "==": "<Equality>",
    "improves_by": "<Directional>",
    "regresses_by": "<Directional>",
    "no_regression": "<Guard>",
}


class AllOf(Spec):
    """True when every condition is."""

    all: Annotated[list[Child], Field(min_length=1, max_length=1000)]
    """Conditions, or rules again."""


class AnyOf(Spec):
    """True as soon as one condition is."""

    any: Annotated[list[Child], Field(min_length=1, max_length=1000)]
    """Conditions, or rules again."""
    floors: Floors = "each"
    """`shared`: floors are raised so that the whole rule keeps the confidence that is written."""


class AtLeast(Spec):
    """True when k of the conditions are."""

    at_least: Annotated[Integer, Bounds(least="1")]
    """k, 1 to the number of conditions."""
    of: Annotated[list[Child], Field(min_length=1, max_length=1000)]
    """Conditions, or rules again."""
    floors: Floors = "each"
    """`shared`: floors are raised so that the whole rule keeps the confidence that is written."""

    @field_validator("of")
    @classmethod
    def _so_many_can_hold(cls, children: list[Any], info: ValidationInfo) -> list[Any]:
        k = info.data.get("at_least", 0)
        if k > len(children):
            raise refuse(
                "at-least-too-many",
                f"at_least {k} of {len(children)} can never hold",
                help=f"use 1 to {len(children)}" if len(children) > 1 else "use 1, or add conditions",
                at="../at_least",
            )
        return children


MetricCondition = Comparison | Equality | Directional | Guard
Condition = MetricCondition | FieldCondition
Rule = Annotated[
    Annotated[AllOf, Tag("<AllOf>")]
    | Annotated[AnyOf, Tag("<AnyOf>")]
    | Annotated[AtLeast, Tag("<AtLeast>")],
    Discriminator(_kind),
]
Child = Annotated[
    Annotated[AllOf, Tag("<AllOf>")]
    | Annotated[AnyOf, Tag("<AnyOf>")]
    | Annotated[AtLeast, Tag("<AtLeast>")]
    | Annotated[FieldCondition, Tag("<FieldCondition>")]
    | Annotated[Comparison, Tag("<Comparison>")]
    | Annotated[Equality, Tag("<Equality>")]
    | Annotated[Directional, Tag("<Directional>")]
    | Annotated[Guard, Tag("<Guard>")],
    Discriminator(_kind),
]


def _rule_too_deep(rule: Any, level: int = 1, pointer: str = "") -> str | None:
    """The pointer, below the outermost rule, of the first rule that stands too deep."""
    name = next((name for name in ("all", "any", "of") if hasattr(rule, name)), None)
    if name is None:
        return None
    if level > MOST_LEVELS:
        return pointer
    for index, child in enumerate(getattr(rule, name)):
        found = _rule_too_deep(child, level + 1, f"{pointer}/{name}/{index}")
        if found is not None:
            return found
    return None


IsolationLevel = Annotated[Integer, Bounds(least="0", most="3")]


class Gate(Spec):
    """What branch protection sees of an iterate."""

    iterate: Literal["block", "allow"] = "block"
    """Whether an iterate lets the pull request through."""


class Silence(Spec):
    """A warning of `check` that the team has read and decided to live with."""

    lint: Line
    """The warning's id."""
    why: Why
    """The reason, for those who come later."""


class Trust(Spec):
    """How far the numbers are believed."""

    min_level: IsolationLevel = 1
    """Below this isolation level nothing ships on a pull request: 0 believes results that were handed in."""


class Policy(Spec):
    """When a variant ships, when it is rejected; everything else is iterate."""

    version: Version
    """The version of this file's format."""
    name: Name
    """The file's stem."""
    template: Name
    """The template whose numbers are judged."""
    ship: Rule
    """What must hold for a variant to ship."""
    reject: Rule | None = None
    """What rejects a variant; wins over ship."""
    gate: Gate = Field(default_factory=Gate, json_schema_extra={"default": {"iterate": "block"}})
    """Whether an iterate blocks the pull request."""
    require_lock: Literal["off", "captured", "locked"] = "captured"
    """What a ship on a pull request needs: nothing; a lock that holds; branch rules that enforce it, too."""
    trust: Trust = Field(default_factory=Trust, json_schema_extra={"default": {"min_level": 1}})
    """How far the numbers are believed."""
    notes: Text | None = None
    """Why these criteria."""
    silence: Annotated[list[Silence], Field(max_length=100)] = Field(default_factory=no_entries)
    """Warnings of `check` that are decided to be lived with."""

    @field_validator("ship", "reject")
    @classmethod
    def _rules_are_not_too_deep(cls, rule: Any) -> Any:
        deep = _rule_too_deep(rule)
        if deep is not None:
            raise refuse(
                "rule-too-deep",
                f"rules stand more than {MOST_LEVELS} levels deep",
                help="flatten the rule",
                at=deep,
            )
        return rule


Node = AllOf | AnyOf | AtLeast
Leaf = MetricCondition | FieldCondition
