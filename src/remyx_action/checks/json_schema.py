"""Load: the JSON Schemas (draft 2020-12) of every file, from the models alone."""

from __future__ import annotations

import ast
import inspect
from decimal import Decimal
from itertools import pairwise
from textwrap import dedent
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from remyx_action.files.yaml_scalars import LARGEST_NUMBER
from remyx_action.specs import Experiment, Lock, Metrics, Policy, Template
from remyx_action.specs.results import Results

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


def attribute_docstrings(owner: type) -> dict[str, str]:
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
    from remyx_action.reports.report import Report  # brings the whole line along

    model = Report if name == "verdict" else WRITTEN[name]
    schema = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    schema = _tidied(schema, nulls=name in ("verdict", "results"))
    title = f"remyx-action {name}"
    return {"$schema": DRAFT, "$id": f"urn:remyx-action:schema:{name}:1", **schema, "title": title}


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its file name, such as `policy.schema.json`."""
    return {f"{name}.schema.json": schema_of(name) for name in (*WRITTEN, "verdict")}


def _tidied(schema: Any, *, nulls: bool) -> Any:
    """Without pydantic's titles, and without null where files cannot hold it."""
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
