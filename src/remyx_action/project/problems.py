"""Load: one document against its model → the value, or every problem in words and with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar, get_args

from msgspec import Struct
from pydantic import BaseModel, Tag, ValidationError
from pydantic.fields import FieldInfo

from remyx_action.errors import Problem, Severity
from remyx_action.project.models.field_types import (
    FIELDS,
    KEY_PATTERN,
    LINE_PATTERN,
    METRIC_KEY_PATTERN,
    NAME_PATTERN,
    PATH_PATTERN,
    PLACEHOLDER_PATTERN,
    PLACEHOLDERS,
    POINTER_PATTERN,
    TEXT_PATTERN,
    VARIABLE_PATTERN,
    WORD_PATTERN,
)

from .files.pointer import pointer_to
from .files.wording import did_you_mean, quoted
from .files.yaml_text import MOST_PROBLEMS, TOP, Document
from .models.conditions import REFERENCE_PATTERN, as_fraction
from .models.container import DOTTED_PATTERN, IMAGE_PATTERN, INSIDE_PATTERN, SIZE_PATTERN, USER_PATTERN
from .models.lighteval import TASK_PATTERN, URL_PATTERN
from .models.lock import DIGEST_PATTERN
from .models.metrics import PERCENTILE_PATTERN
from .models.miswritten import NO_SUFFIX, OPERATORS
from .models.policy import KIND_OF_OP
from .models.results_map import (
    EXPRESSION_PATTERN,
    ID_PATTERN,
    KEY_OF_ROW_PATTERN,
    PLACE_PATTERN,
    SCORE_PATTERN,
)


class Words(Struct, frozen=True, kw_only=True):
    """What is wrong, without its place."""

    code: str
    message: str
    help: str


PATTERNS = {
    KEY_PATTERN: ("a metric's key", "use a-z, 0-9, _ and -, starting with a letter, at most 64"),
    METRIC_KEY_PATTERN: ("a metric's key", "use a-z, 0-9, _ and -, starting with a letter, at most 64"),
    NAME_PATTERN: ("a name", "use letters, digits, . _ and -, starting with a letter or digit, at most 64"),
    LINE_PATTERN: ("one line of text", "remove line breaks and control characters"),
    TEXT_PATTERN: ("plain text", "remove control characters"),
    PERCENTILE_PATTERN: ("a percentile", "write p1 to p99, such as p95"),
    REFERENCE_PATTERN: ("a metric with a suffix", "write KEY.value, KEY.delta or KEY.relative_delta"),
    PATH_PATTERN: ("a path below the repository's root", "use / between folders, no leading / and no .."),
    POINTER_PATTERN: ("a JSON Pointer", "start with /, such as /summary/accuracy"),
    SCORE_PATTERN: ("a JSON Pointer with or without a factor", "write /score, or /latencyMs * 0.001"),
    KEY_OF_ROW_PATTERN: ("a key of a row", "start with /, such as /metric"),
    EXPRESSION_PATTERN: ("a JSON Pointer with or without a factor", "write /score, or /latencyMs * 0.001"),
    PLACE_PATTERN: ("a JSON Pointer", "start with /, such as /score"),
    ID_PATTERN: ("a JSON Pointer", "write a pointer such as /doc_id, a list of them, or row"),
    VARIABLE_PATTERN: ("a variable's name", "use letters, digits and _, not starting with a digit"),
    TASK_PATTERN: ("the name of a task", "write it as `remyx-action tasks` does, such as mmlu:astronomy"),
    URL_PATTERN: ("an address", "write it with http:// or https://, such as http://127.0.0.1:8000/v1"),
    DIGEST_PATTERN: ("a digest", "write sha256: and 64 hexadecimal digits"),
    IMAGE_PATTERN: ("an image's name", "write it as after FROM, such as harness-base:latest"),
    INSIDE_PATTERN: ("a path in the container", "start with /, without .. and :, and not below /remyx"),
    SIZE_PATTERN: ("a size", "write a number and k, m, g or t, such as 8g"),
    USER_PATTERN: ("a user", "write a name or number, or both of user and group, such as 1000:1000"),
    DOTTED_PATTERN: ("keys joined by dots", "write them as arguments.eval_model"),
}

TYPES = {
    "string_type": ("text", "put quotes around it"),
    "list_type": ("a list", "write [first, second], or lines that start with `- `"),
    "dict_type": ("a mapping", "write `key: value` below it"),
    "model_type": ("a mapping", "write `key: value` below it"),
    "model_attributes_type": ("a mapping", "write `key: value` below it"),
    "bool_type": ("true or false", "write true or false"),
    "number_type": ("a number", "write a number such as 0.02"),
    "integer_type": ("a whole number", "write a whole number such as 300"),
    "word_type": ("text, a number, true or false", "write one value"),
}


def words_of(detail: Any, *, owners: list[str]) -> Words:
    """The words for one entry of `ValidationError.errors()`; `owners`: models that hold the value."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    key = next((step for step in reversed(detail["loc"]) if isinstance(step, str) and step[:1] != "<"), "")
    if "help" in context:
        return Words(code=kind, message=context["message"], help=context["help"])
    if kind == "missing":
        return Words(
            code="missing-key",
            message=f"`{detail['loc'][-1]}` is missing",
            help=f"add `{detail['loc'][-1]}: …`",
        )
    if kind in TYPES:
        return _wrong_type(kind, key, value)
    if kind == "literal_error":
        return _not_allowed(key, value, context["expected"], owners)
    if kind == "string_pattern_mismatch":
        return _pattern(key, value, context["pattern"])
    if kind == "out-of-bounds":
        help_ = as_fraction(Decimal(value)) if key == "confidence" else None
        return Words(
            code=kind, message=f"{value} is not {context['bounds']}", help=help_ or f"use {context['bounds']}"
        )
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _rule_or_condition(key)
    return _length(kind, context) or Words(
        code="wrong-value", message=f"{quoted(value)} cannot stand here", help="see the reference"
    )


def _wrong_type(kind: str, key: str, value: Any) -> Words:
    what, help_ = TYPES[kind]
    if kind in ("number_type", "integer_type") and isinstance(value, str):
        bare = value.strip().replace("_", "").replace(",", ".")
        if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?%", bare):
            help_ = f"write {(Decimal(bare[:-1]) / 100).normalize():f}, or {bare[:-1]} where the unit is %"
        elif re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", bare):
            help_ = f"write {bare} without quotes" if bare == value else f"write {bare}"
    if key == "timeout":
        help_ = "write seconds, such as 3600"
    return Words(code="wrong-type", message=f"{quoted(value)} is not {what}", help=help_)


def _not_allowed(key: str, value: Any, expected: str, owners: list[str]) -> Words:
    allowed = re.findall(r"'([^']*)'", expected) or [expected.lower()]
    if key == "op" and not {"FieldCondition", "ChangeCondition"} & set(owners):
        allowed = list(KIND_OF_OP)
    if isinstance(value, str):
        meant = OPERATORS.get(value) if key == "op" else None
        return Words(
            code="not-allowed",
            message=f"{quoted(value)} is not one of the allowed words",
            help=f'did you mean "{meant}"?'
            if meant
            else did_you_mean(value, allowed, none=f"use {expected}"),
        )
    if key == "version":
        return Words(
            code="version", message=f"version {quoted(value)} is not known", help="write `version: 1`"
        )
    return Words(
        code="not-allowed", message=f"{quoted(value)} cannot stand here", help=f"use {' or '.join(allowed)}"
    )


def _pattern(key: str, value: str, pattern: str) -> Words:
    if pattern == WORD_PATTERN:
        return _placeholder(value)
    if pattern in (METRIC_KEY_PATTERN, REFERENCE_PATTERN) and value in FIELDS:
        return _field(key, value)
    what, help_ = PATTERNS.get(pattern, ("allowed here", "see the reference"))
    if pattern in (KEY_PATTERN, METRIC_KEY_PATTERN):
        stem, dot, suffix = value.partition(".")
        if dot and suffix in ("value", "delta", "relative_delta"):
            help_ = f"write {stem}: this operator takes no suffix"
        elif value.strip() != value and re.match(KEY_PATTERN, value.strip()):
            help_ = f"write {value.strip()} without the white space around it"
        elif re.match(KEY_PATTERN, value.casefold()):
            help_ = f"did you mean {value.casefold()}?"
    if pattern == REFERENCE_PATTERN and re.match(KEY_PATTERN, value):
        return Words(
            code="metric-without-suffix",
            message=f"{value} is compared, {NO_SUFFIX}",
            help=f"write {value}.value, {value}.delta or {value}.relative_delta",
        )
    return Words(code="wrong-form", message=f"{quoted(value)} is not {what}", help=help_)


def _field(key: str, name: str) -> Words:
    """The name of a field where a metric belongs."""
    help_ = f"give the metric another key than {', '.join(FIELDS)}"
    if key == "metric":
        help_ = f"write `field: {name}`" + (" with the metric" if name in ("worse", "better") else "")
    return Words(code="field-as-metric", message=f"{name} is a field, and no metric", help=help_)


def _placeholder(value: str) -> Words:
    match = re.search(PLACEHOLDER_PATTERN, value)
    if match is None:
        return Words(code="wrong-form", message=f"{quoted(value)} is not one line of text", help="split it")
    return Words(
        code="unknown-placeholder",
        message=f"{match[0]} is not a placeholder",
        help=did_you_mean(match[0], [f"{{{one}}}" for one in PLACEHOLDERS], none="remove it"),
    )


def _rule_or_condition(key: str) -> Words:
    if key in ("ship", "reject"):
        return Words(
            code="not-a-rule",
            message="this is not a rule",
            help="write `all:`, `any:`, or `at_least: k` with `of:`, and conditions below it",
        )
    return Words(
        code="not-a-condition",
        message="this is neither a condition nor a rule",
        help="write a line such as KEY.delta >= 0.02 at 80%, or a rule with all, any or at_least",
    )


def _length(kind: str, context: dict[str, Any]) -> Words | None:
    least, most, actual = context.get("min_length"), context.get("max_length"), context.get("actual_length")
    if kind == "too_short":
        found = "is empty" if actual == 0 else f"has only {actual} of {least} entries"
        return Words(code="too-short", message=found, help=f"give at least {least}")
    if kind == "string_too_short":
        return Words(code="too-short", message="is empty", help="write something, or remove the key")
    if kind == "too_long":
        return Words(code="too-long", message=f"has more than {most} entries", help=f"give at most {most}")
    if kind == "string_too_long":
        return Words(code="too-long", message=f"is longer than {most} characters", help="shorten it")
    return None


KEYS: dict[str, dict[str, str]] = {
    "Template": {
        "executor": "running evaluations on a cluster",
    },
    "Policy": {
        "sequential": "spending confidence over pushes",
    },
}
"""Model → key → the feature that the key belongs to."""


AnyModel = TypeVar("AnyModel", bound=BaseModel)

ONE_COMBINATOR = "a rule has one of all, any and at_least; put the other into it as a rule of its own"
COMBINATORS = {
    "AllOf": {"any", "at_least", "of"},
    "AnyOf": {"all", "at_least", "of"},
    "AtLeast": {"all", "any"},
}

OF_ANOTHER = ("of-another-runtime", "of-another-backend")
"""Kinds of problems that are the key's, whatever its value."""

MISPLACED_KEYS = {
    ("AllOf", "floors"): "`all` needs no sharing: leave `floors` out, or write it on any or at_least",
    ("Equality", "confidence"): "`==` carries no confidence; use >= or <=",
    ("Comparison", "mode"): "`mode` goes with improves_by, regresses_by and no_regression; "
    "here write KEY.relative_delta",
    (
        "FieldCondition",
        "confidence",
    ): "a field carries no confidence; use `delta_confidence` with a threshold",
    ("Equality", "expect"): "`expect` goes with conditions that more samples can settle",
    ("FieldCondition", "expect"): "`expect` goes with metric conditions",
    ("ExplainedLine", "confidence"): "write it into the line: `… at 80%`",
    ("ExplainedLine", "mode"): "write it into the line: `… 5% of baseline`",
    ("FieldCondition", "by"): "`by` goes with the fields worse and better",
    ("ChangeCondition", "confidence"): "a count carries no confidence",
    ("FieldCondition", "mode"): "`mode` goes with improves_by, regresses_by and no_regression",
}
"""(Model, key) → why a key that belongs elsewhere cannot be here."""


def read_spec(
    model: type[AnyModel], document: Document, path: str
) -> tuple[AnyModel | None, tuple[Problem, ...]]:
    """The value and no problems, or None and every problem, those of reading the document included."""
    if "" in document.broken:
        return None, document.problems
    try:
        value = model.model_validate(document.value)
    except ValidationError as error:
        found = tuple(islice(_problems(error, model, document, path), MOST_PROBLEMS + 1))
    else:
        found = ()
    problems = document.problems + found
    return (None if problems else value), problems


def problem_at(document: Document, path: str, pointer: str, words: Words, *, at_key: bool = False) -> Problem:
    """The problem of the value at `pointer`, or of its key."""
    place = document.places.get(pointer, TOP)
    return Problem(
        path=path,
        line=place.key_line if at_key else place.line,
        column=place.key_column if at_key else place.column,
        pointer=pointer,
        code=words.code,
        severity=Severity.ERROR,
        message=words.message,
        help=words.help,
    )


def _problems(
    error: ValidationError, model: type[BaseModel], document: Document, path: str
) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        location = detail["loc"]
        kind = detail["type"]
        if kind == "default_factory_not_called":  # because of another value, which has its own problem
            continue
        owner = _owner(model, location[:-1])
        pointer = _pointer(document.value, location, missing=kind == "missing")
        at_key = location[-1:] == ("[key]",)
        if kind == "extra_forbidden":
            at_key, words = True, _unknown_key(str(location[-1]), owner)
        else:
            words = words_of(detail, owners=[one.__name__ for one in owner])
            pointer = _moved(pointer, str(detail.get("ctx", {}).get("at", "")))
            at_key = at_key or kind in OF_ANOTHER
        if not any(pointer == broken or pointer.startswith(f"{broken}/") for broken in document.broken):
            yield problem_at(document, path, pointer, words, at_key=at_key)


def _unknown_key(key: str, owner: list[type[BaseModel]]) -> Words:
    for model in owner:
        feature = KEYS.get(model.__name__, {}).get(key)
        if feature is not None:
            return Words(
                code="not-built", message=f"`{key}` is not built yet: {feature}", help=f"remove `{key}`"
            )
        why = MISPLACED_KEYS.get((model.__name__, key))
        if key in COMBINATORS.get(model.__name__, ()):
            why = ONE_COMBINATOR
        if "op" in model.model_fields and key in (*OPERATORS, *KIND_OF_OP):
            why = f'write `op: "{OPERATORS.get(key, key)}"` and `threshold: …`'
        if why is not None:
            return Words(code="unknown-key", message=f"{quoted(key)} cannot stand here", help=why)
    allowed = [field.alias or name for one in owner for name, field in one.model_fields.items()]
    return Words(
        code="unknown-key",
        message=f"{quoted(key)} is not a key that can stand here",
        help=did_you_mean(key, allowed, none="remove it"),
    )


def _pointer(value: Any, location: tuple[int | str, ...], *, missing: bool) -> str:
    """The JSON Pointer of pydantic's location, which also names models and alternatives on its way."""
    pointer = ""
    for step in location[:-1] if missing else location:
        if isinstance(value, Mapping) and step in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            continue
        pointer = pointer_to(pointer, step)
    return pointer


def _moved(pointer: str, at: str) -> str:
    return pointer.rpartition("/")[0] + at[2:] if at.startswith("../") else pointer + at


def _owner(model: type[BaseModel], location: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """The models that the value at a location may be: one, or the alternatives of a union."""
    current: dict[str, type[BaseModel]] = {"": model}
    for step in location:
        if isinstance(step, int):
            continue
        if step in current:
            current = {"": current[step]}
            continue
        for one in current.values():
            one.model_rebuild()  # models are built late; until then a field may be a forward reference
        fields = [field for one in current.values() for field in one.model_fields.items()]
        annotated = [field for name, field in fields if step in (name, field.alias)]
        if annotated:
            current = dict(_models_in(annotated[0]))
    return list(current.values())


def _models_in(field: FieldInfo) -> Iterator[tuple[str, type[BaseModel]]]:
    yield from _walk(field.annotation)
    for metadata in field.metadata:
        yield from _walk(metadata)


def _walk(annotation: Any, tag: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield tag or annotation.__name__, annotation
        return
    arguments = get_args(annotation)
    tags = [str(argument.tag) for argument in arguments if isinstance(argument, Tag)]
    for argument in arguments:
        yield from _walk(argument, tags[0] if tags else tag)
