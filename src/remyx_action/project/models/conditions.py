"""Conditions: one inequality each, as a line of text or as keys that say the same.

`parse_line` and `line_of` are the only grammar: files, `init`, `diff` and reports share it. A line's
pattern is part of the JSON Schema, so an editor refuses what the parser refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from remyx_action.project.files.wording import quoted

from .field_types import END, FIELDS, Bounds, MetricKey, Number, Spec, Text, refuse, unchecked
from .miswritten import NO_SUFFIX, respelled, why_no_condition

REFERENCE_PATTERN = r"^[a-z][a-z0-9_-]{0,63}\.(value|delta|relative_delta)" + END
MetricReference = Annotated[str, Field(pattern=REFERENCE_PATTERN)]
Floor = Annotated[Number, Bounds(above="0.5", below="1")]
"""How confident one must be in the condition itself: 0.5 < c < 1."""
Why = Annotated[Text, Field(min_length=1)]
OnUnknown = Literal["unknown", "violated"]
ORDERS = (">=", ">", "<=", "<")


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
    """The reason, shown with the condition."""
    on_unknown: OnUnknown = "unknown"
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
    """The reason, shown with the condition."""
    on_unknown: OnUnknown = "unknown"
    """`violated`: an unknown becomes false in ship and true in reject."""


class Directional(Spec):
    """`improves_by` and `regresses_by`: turned by the metric's direction."""

    metric: MetricKey
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
    """The reason, shown with the condition."""
    on_unknown: OnUnknown = "unknown"
    """`violated`: an unknown becomes false in ship and true in reject."""
    expect: Number | None = None
    """The true value that the team hopes for; advice counts samples for it."""


class Guard(Spec):
    """`no_regression`: must hold in ship; in reject it fires when it is violated."""

    metric: MetricKey
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
    """The reason, shown with the condition."""
    on_unknown: OnUnknown = "unknown"
    """`violated`: an unknown becomes false in ship and true in reject."""
    expect: Number | None = None
    """The true value that the team hopes for; advice counts samples for it."""


class FieldCondition(Spec):
    """A number about the whole comparison: `delta_confidence`, `sample_size` or `coverage`."""

    field: Literal["delta_confidence", "sample_size", "coverage"]
    """delta_confidence and coverage are fractions of 1; sample_size is a count."""
    metric: MetricKey | None = None
    """Only this metric; absent: the smallest over the metrics that the field is about."""
    op: Literal[">=", ">", "<=", "<"]
    """How the number compares with the threshold."""
    threshold: Annotated[Number, Bounds(least="0")]
    """0 to 1, except for sample_size."""
    why: Why | None = None
    """The reason, shown with the condition."""
    on_unknown: OnUnknown = "unknown"
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


class ChangeCondition(Spec):
    """How many samples of one metric got `worse` or `better`."""

    field: Literal["worse", "better"]
    """Samples scored in baseline and variant, each by the mean of its repeats."""
    metric: MetricKey
    """The metric whose samples are counted."""
    by: Annotated[Number, Bounds(least="0")] = Decimal(0)
    """Only samples that changed by more than this, in the metric's unit."""
    op: Literal[">=", ">", "<=", "<"]
    """How the count compares with the threshold."""
    threshold: Annotated[Number, Bounds(least="0")]
    """A number of samples."""
    why: Why | None = None
    """The reason, shown with the condition."""
    on_unknown: OnUnknown = "unknown"
    """`violated`: an unknown becomes false in ship and true in reject."""


MetricCondition = Comparison | Equality | Directional | Guard
WrittenCondition = MetricCondition | FieldCondition | ChangeCondition


def as_fraction(percent: Decimal) -> str | None:
    """`did you mean 0.80?` for 80, None where the number cannot be meant in percent."""
    return f"did you mean {percent / 100:.2f}?" if 1 < percent <= 100 else None


_NUMBER = r"(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?"
_KEY = rf"(?!(?:{'|'.join(FIELDS)})(?![a-z0-9_-]))[a-z][a-z0-9_-]{{0,63}}"
_PART = r"(?:0(?:\.[0-9]{1,15})?|1(?:\.0{1,15})?|(?:100(?:\.0{1,9})?|[1-9]?[0-9](?:\.[0-9]{1,9})?)%)"
"""0 to 1, or 0 % to 100 %."""
_FLOOR = (
    r"0\.(?:5[0-9]{0,13}[1-9][0-9]{0,13}|[6-9][0-9]{0,14})"
    r"|(?:(?:5[1-9]|[6-9][0-9])(?:\.[0-9]{1,9})?|50\.[0-9]{0,8}[1-9][0-9]{0,8})%"
)
"""Above 0.5 and below 1, or the same in percent."""
_AT = rf"(?: +at +(?P<floor>{_FLOOR})(?: +confidence)?)?"
_AGAINST = r"(?P<percent>%)?(?P<baseline> +of +baseline)?"
_ORDER = " *(?P<op>>=|>|<=|<) *"
_OF = rf"\( *(?P<metric>{_KEY})(?: *, *by +(?P<by>{_NUMBER}))? *\)"
_FORMS = (
    rf"(?P<metric>{_KEY}\.value){_ORDER}(?P<threshold>[-+]?{_NUMBER}){_AT}",
    rf"(?P<metric>{_KEY}\.(?:delta|relative_delta)){_ORDER}(?P<threshold>[-+]?{_NUMBER}){_AGAINST}{_AT}",
    rf"(?P<metric>{_KEY}\.(?:value|delta|relative_delta)) *(?P<op>==) *(?P<threshold>[-+]?{_NUMBER})",
    rf"(?P<metric>{_KEY}) +(?P<op>improves_by|regresses_by) +(?P<threshold>{_NUMBER}){_AGAINST}{_AT}",
    rf"(?P<metric>{_KEY}) +(?P<op>no_regression)(?: +(?P<threshold>{_NUMBER}){_AGAINST})?{_AT}",
    rf"(?P<field>delta_confidence|coverage)(?:\( *(?P<metric>{_KEY}) *\))?{_ORDER}(?P<threshold>{_PART})",
    rf"(?P<field>sample_size)(?:\( *(?P<metric>{_KEY}) *\))?{_ORDER}(?P<threshold>{_NUMBER})",
    rf"(?P<field>worse|better){_OF}{_ORDER}(?P<threshold>{_NUMBER})",
)

_LINES = tuple(re.compile(form) for form in _FORMS)


def pattern_of_lines(keys: Sequence[str] = ()) -> str:
    """Return the pattern of every line that is a condition; on the metrics of `keys`, where any are given."""
    forms = "|".join(re.sub(r"\?P<[a-z]+>", "?:", form) for form in _FORMS)
    return f"^(?:{forms.replace(_KEY, f'(?:{chr(124).join(keys)})') if keys else forms}){END}"


LINE_PATTERN = pattern_of_lines()


def parse_line(line: str) -> WrittenCondition:
    """Return the condition that a line says; raises ValueError where it says none."""
    for form in _LINES:
        found = form.fullmatch(line)
        if found is not None:
            return _condition(found.groupdict())
    raise ValueError(f"{line!r} is no condition")


def why_no_line(line: str) -> tuple[str, str]:
    """Return what is wrong with a line that is no condition, and what to write."""
    meant = respelled(line)
    try:
        parse_line(meant)
    except ValueError:
        return why_no_condition(line)
    return f"{quoted(line)} is no condition", f"did you mean `{meant}`?"


def _condition(parts: Mapping[str, str | None]) -> WrittenCondition:
    """The condition of a matched line; nothing in it is left to check."""
    op, metric = parts["op"], parts.get("metric")
    values: dict[str, Any] = {
        "metric": metric,
        "op": op,
        "threshold": _number(f"{parts['threshold'] or 0}{parts.get('percent') or ''}"),
    }
    if parts.get("field"):
        values["field"] = parts["field"]
        if values["field"] not in ("worse", "better"):
            return unchecked(FieldCondition)(**values)
        return unchecked(ChangeCondition)(by=Decimal(parts.get("by") or 0), **values)
    if op == "==":
        return unchecked(Equality)(**values)
    floor = parts.get("floor")
    values["confidence"] = None if floor is None else _number(floor)
    relative = bool(parts.get("percent") or parts.get("baseline"))
    if op in ORDERS:
        key, _, suffix = str(metric).partition(".")
        values["metric"] = f"{key}.{'relative_delta' if relative else suffix}"
        return unchecked(Comparison)(**values)
    values["mode"] = "relative" if relative else "absolute"
    return unchecked(Guard)(**values) if op == "no_regression" else unchecked(Directional)(**values)


def _number(text: str) -> Decimal:
    """The number, or the hundredth of a percentage, with the digits that were written."""
    return Decimal(text[:-1]).scaleb(-2) if text.endswith("%") else Decimal(text)


def bare_percentage(line: str) -> str | None:
    """Return the number of a percentage that does not say of what; None where a line has none.

    `5%` may be a part of the baseline or points of a share. After `relative_delta` it is the former.
    """
    for form in _LINES:
        found = form.fullmatch(line)
        if found is not None:
            parts = found.groupdict()
            bare = parts.get("percent") and not parts.get("baseline")
            return parts["threshold"] if bare and not parts["metric"].endswith(".relative_delta") else None
    return None


def line_of(condition: WrittenCondition) -> str:
    """Return the condition as a line, its numbers as they were written."""
    threshold = f"{condition.threshold:f}"
    if isinstance(condition, ChangeCondition):
        by = f", by {condition.by:f}" if condition.by else ""
        return f"{condition.field}({condition.metric}{by}) {condition.op} {threshold}"
    if isinstance(condition, FieldCondition):
        of = f"({condition.metric})" if condition.metric else ""
        return f"{condition.field}{of} {condition.op} {threshold}"
    if isinstance(condition, Directional | Guard) and condition.mode == "relative":
        threshold += " of baseline"
    floor = None if isinstance(condition, Equality) else condition.confidence
    at = "" if floor is None else f" at {floor:f}"
    return f"{condition.metric} {condition.op} {threshold}{at}"


DESCRIPTION = (
    "A condition as a line: `KEY.value`, `KEY.delta` or `KEY.relative_delta` with >=, >, <=, < or ==; "
    "KEY improves_by, regresses_by or no_regression; delta_confidence, sample_size or coverage, also of one "
    "metric, `coverage(KEY) >= 1`; `worse(KEY, by 0.1) <= 3` and `better(KEY) >= 5` count samples. "
    "`5% of baseline` is relative; `at 80%` asks for that confidence."
)


def _is_a_condition(line: str) -> str:
    try:
        parse_line(line)
    except ValueError as error:
        message, help_ = why_no_line(line)
        code = "metric-without-suffix" if message.endswith(NO_SUFFIX) else "not-a-condition"
        raise refuse(code, message, help=help_) from error
    return line


ConditionLine = Annotated[
    str,
    AfterValidator(_is_a_condition),
    WithJsonSchema({"type": "string", "pattern": LINE_PATTERN, "description": DESCRIPTION}),
]
"""Such as `accuracy.delta >= 0.02 at 80%`."""


class ExplainedLine(Spec):
    """A line with more to say."""

    if_: ConditionLine = Field(alias="if")
    """The condition, such as `accuracy no_regression 0.01 at 80%`."""
    why: Why | None = None
    """The reason, shown with the condition."""
    on_unknown: OnUnknown = "unknown"
    """`violated`: an unknown becomes false in ship and true in reject."""
    expect: Number | None = None
    """The true value that the team hopes for; advice counts samples for it."""

    @field_validator("expect")
    @classmethod
    def _samples_can_settle_it(cls, expect: Decimal | None, info: ValidationInfo) -> Decimal | None:
        line = info.data.get("if_")
        if expect is not None and line and not hasattr(parse_line(line), "expect"):
            raise refuse(
                "expect-misplaced",
                "`expect` goes with metric conditions that more samples can settle",
                help="remove it",
            )
        return expect


def condition_of(written: str | ExplainedLine | WrittenCondition) -> WrittenCondition:
    """Return a condition as keys, however it is written."""
    if isinstance(written, str):
        return parse_line(written)
    if not isinstance(written, ExplainedLine):
        return written
    condition = parse_line(written.if_)
    more: dict[str, Any] = {"why": written.why, "on_unknown": written.on_unknown}
    if written.expect is not None:
        more["expect"] = written.expect
    return condition.model_copy(update=more)


def text_of(written: str | ExplainedLine | WrittenCondition) -> str:
    """Return a condition as a line: as it was written, where it was one."""
    if isinstance(written, str):
        return written
    return written.if_ if isinstance(written, ExplainedLine) else line_of(written)
