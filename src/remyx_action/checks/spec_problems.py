"""Load: one document against its model → the value, or every problem in words and with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, Tag, ValidationError
from pydantic.fields import FieldInfo

from remyx_action.checks.problem_words import Words, words_of
from remyx_action.errors import Problem, Severity
from remyx_action.files.nearest import did_you_mean, quoted
from remyx_action.files.yaml_loader import MOST_PROBLEMS, TOP, Document, pointer_to
from remyx_action.specs.not_built import KEYS

Model = TypeVar("Model", bound=BaseModel)

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
    ("FieldCondition", "mode"): "`mode` goes with improves_by, regresses_by and no_regression",
}
"""(Model, key) → why a key that stands elsewhere cannot stand here."""


def read_spec(model: type[Model], document: Document, path: str) -> tuple[Model | None, tuple[Problem, ...]]:
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
        if kind == "default_factory_not_called":  # because of another value, which is told
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
