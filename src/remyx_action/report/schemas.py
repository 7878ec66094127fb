"""Load: the JSON Schemas (draft 2020-12) of every file, from the models alone."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from functools import cache
from itertools import pairwise
from textwrap import dedent
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from remyx_action.decimals import plain
from remyx_action.project.files.yaml_scalars import LARGEST_NUMBER
from remyx_action.project.load import Bundle
from remyx_action.project.models import Experiment, Lock, Metric, Metrics, Policy, Template
from remyx_action.project.models.conditions import LINE_PATTERN, pattern_of_lines
from remyx_action.project.models.metrics import declared_value, implied_range
from remyx_action.project.models.results import Results

DRAFT = "https://json-schema.org/draft/2020-12/schema"
WRITTEN: dict[str, type[BaseModel]] = {
    "metrics": Metrics,
    "template": Template,
    "policy": Policy,
    "experiment": Experiment,
    "lock": Lock,
    "results": Results,
}
"""Files that are written by people and programs outside, where no value may be null."""


class _Generator(GenerateJsonSchema):
    """pydantic's generator, with numbers as `type: number` also where they are defaults."""

    schema_dialect = DRAFT

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, Decimal):
            return int(dft) if dft == dft.to_integral_value() else float(dft)
        return super().encode_default(dft)

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """With the texts below a model's fields as descriptions.

        pydantic's own `use_attribute_docstrings` reads the source at every start of the program.
        """
        model: type[BaseModel] = schema["cls"]
        json_schema = super().model_schema(schema)
        texts = attribute_docstrings(model)
        for name, field in model.model_fields.items():
            if name in texts and not field.description:
                json_schema["properties"][field.alias or name]["description"] = texts[name]
        return json_schema

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "number"}


@cache  # a class is part of several schemas, and its source is slow to find
def attribute_docstrings(owner: type) -> Mapping[str, str]:
    """The text below each annotated attribute of a class, as it is written in the source."""
    [definition] = ast.parse(dedent(inspect.getsource(owner))).body
    assert isinstance(definition, ast.ClassDef)
    texts = {}
    for attribute, text in pairwise(definition.body):
        if isinstance(attribute, ast.AnnAssign) and isinstance(attribute.target, ast.Name):
            match text:
                case ast.Expr(value=ast.Constant(value=str(words))):
                    texts[attribute.target.id] = inspect.cleandoc(words)
    return texts


def schema_of(name: str) -> dict[str, Any]:
    """The schema of one kind of file: metrics, template, policy, experiment, lock, results or verdict."""
    return deepcopy(_schema_of(name))


@cache  # a project's schemas start from the general ones
def _schema_of(name: str) -> dict[str, Any]:
    from .report import Report  # brings the whole line along

    model = Report if name == "verdict" else WRITTEN[name]
    schema = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    schema = _tidied(schema, nulls=name in ("verdict", "results"))
    title = f"remyx-action {name}"
    return {"$schema": DRAFT, "$id": f"urn:remyx-action:schema:{name}:1", **schema, "title": title}


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its file name, such as `policy.schema.json`."""
    return {f"{name}.schema.json": schema_of(name) for name in (*WRITTEN, "verdict")}


def _tidied(schema: Any, *, nulls: bool) -> Any:
    """Return a schema without pydantic's titles, without null where files cannot hold it, fit for ajv."""
    if isinstance(schema, list):
        return [_tidied(one, nulls=nulls) for one in schema]
    if not isinstance(schema, dict):
        return schema
    tidied = {
        key: {name: _tidied(one, nulls=nulls) for name, one in value.items()}
        if key in ("properties", "$defs", "patternProperties")
        else _tidied(value, nulls=nulls)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
    if "patternProperties" in tidied:
        tidied["additionalProperties"] = False
    tidied.pop("discriminator", None)  # OpenAPI's keyword, not JSON Schema's
    # ajv's strict mode wants each keyword next to its type, and each required key among the properties
    if "uniqueItems" in tidied and "anyOf" in tidied:
        unique = {"uniqueItems": tidied.pop("uniqueItems")}
        tidied["anyOf"] = [one | (unique if one.get("type") == "array" else {}) for one in tidied["anyOf"]]
    for key in ("if", "then", "else"):
        if "required" in tidied.get(key, {}):
            named = dict.fromkeys(tidied[key]["required"], True)
            tidied[key]["properties"] = named | tidied[key].get("properties", {})
    return tidied if nulls else _bounded(_without_null(tidied))


def _bounded(schema: dict[str, Any]) -> dict[str, Any]:
    """With the limits that the loader sets to every number."""
    if schema.get("type") not in ("number", "integer") or "const" in schema:
        return schema
    limit = int(LARGEST_NUMBER)
    low = {} if "exclusiveMinimum" in schema else {"minimum": -limit}
    high = {} if "exclusiveMaximum" in schema else {"maximum": limit}
    return low | high | schema


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    options = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if "default" in schema and schema["default"] is None:
        schema = {key: value for key, value in schema.items() if key != "default"}
    if "anyOf" not in schema or len(options) == len(schema["anyOf"]):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**rest, **options[0]} if len(options) == 1 else {**rest, "anyOf": options}


SUFFIXES = {
    "value": "the variant's own value",
    "delta": "variant minus baseline, never turned by the direction",
    "relative_delta": "variant minus baseline, as a fraction of the baseline's size",
}
WITH_SUFFIX = ("Comparison", "Equality")
WITHOUT_SUFFIX = ("Directional", "Guard", "FieldCondition", "ChangeCondition")


def project_schemas(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """By file name the schemas whose values may name this project's metrics and templates.

    Files that are wrong are left out: what they would have declared is not offered.
    """
    metrics: Sequence[Metric] = bundle.metrics.metrics if bundle.metrics else []
    keys = _choice((metric.key, describe(metric)) for metric in metrics)
    templates = _choice(
        (name, f"measures {', '.join(template.metrics)}") for name, template in bundle.templates.items()
    )
    policy, template, experiment = (schema_of(name) for name in ("policy", "template", "experiment"))
    definitions = policy["$defs"]
    for owner in WITH_SUFFIX:
        _narrow(definitions[owner]["properties"], "metric", _references(metrics))
    for owner in WITHOUT_SUFFIX:
        _narrow(definitions[owner]["properties"], "metric", keys)
    if metrics:
        _narrow_lines(definitions, metrics)
    _narrow(policy["properties"], "template", templates)
    _narrow(experiment["properties"], "template", templates)
    _narrow(experiment["properties"], "target_metric", keys)
    # a task of lighteval's brings keys along that no file of the project holds
    for runtime in template["allOf"]:
        declared = runtime["then"]["properties"].get("metrics")
        if declared is not None:
            declared["items"] = template["properties"]["metrics"]["anyOf"][0]["items"]
            _narrow(declared, "items", keys)
    return {
        f"{name}.schema.json": schema | {"$id": f"{schema['$id']}:project"}
        for name, schema in {"policy": policy, "template": template, "experiment": experiment}.items()
    }


def _narrow_lines(schema: Any, metrics: Sequence[Metric]) -> None:
    """Allow only lines on these metrics, wherever lines stand, and offer some for completion."""
    if isinstance(schema, list):
        for one in schema:
            _narrow_lines(one, metrics)
    elif isinstance(schema, dict):
        if schema.get("pattern") == LINE_PATTERN:
            schema["pattern"] = pattern_of_lines([metric.key for metric in metrics])
            schema["examples"] = [line for metric in metrics for line in _lines_on(metric)] + OF_FIELDS
        for one in schema.values():
            _narrow_lines(one, metrics)


OF_FIELDS = ["delta_confidence >= 80%", "coverage >= 1"]


def _lines_on(metric: Metric) -> list[str]:
    """Conditions that a person may want of a metric."""
    limits = implied_range(metric)
    share = Decimal(0) if limits is None else limits[1] - limits[0]
    gain, loss = (f"{plain(share * part):f}" if share else f"{part * 100:f}% of baseline" for part in PARTS)
    today = declared_value(metric)
    good_side = ">=" if metric.direction == "higher" else "<="
    return [
        f"{metric.key} improves_by {gain} at 80%",
        f"{metric.key} no_regression {loss} at 80%",
        *([] if today is None else [f"{metric.key}.value {good_side} {plain(today):f}"]),
    ]


PARTS = (Decimal("0.02"), Decimal("0.01"))
"""Of the range, or of the baseline: a gain, and a loss that may be."""


def describe(metric: Metric) -> str:
    """What a person wants to know of a metric while writing a rule."""
    value = declared_value(metric)
    limits = implied_range(metric)
    parts = [
        metric.label or metric.key,
        metric.unit,
        f"{metric.direction} is better",
        f"range {plain(limits[0]):f} to {plain(limits[1]):f}" if limits else "",
        f"baseline {plain(value):f}" if value is not None else "",
    ]
    return " · ".join(part for part in parts if part)


def _references(metrics: Iterable[Metric]) -> dict[str, Any]:
    return _choice(
        (f"{metric.key}.{suffix}", f"{describe(metric)} — {meaning}")
        for metric in metrics
        for suffix, meaning in SUFFIXES.items()
    )


def _choice(words: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return a schema of words with their descriptions; an empty one where there are none."""
    options = [{"const": word, "description": text} for word, text in dict(words).items()]
    return {"anyOf": options} if options else {}


def _narrow(owner: dict[str, Any], key: str, choice: dict[str, Any]) -> None:
    """Allow only the choice, keeping what the schema says besides; nothing to choose changes nothing."""
    if choice:
        kept = {name: value for name, value in owner[key].items() if name != "pattern"}
        owner[key] = kept | choice
