"""GitHub's own description of its requests and answers, held over everything that crosses the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator, FormatChecker

HERE = Path(__file__).parent
JSON = Any

GREEDY = {"ref", "path", "branch", "basehead"}
"""Path parameters that may hold slashes."""
ERROR_STATUSES = {"401", "403", "404", "409", "410", "422", "429", "500", "502", "503"}
"""Any operation may answer with these, whether its description lists them or not."""

FORMATS = FormatChecker(())


@FORMATS.checks("date-time")
def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value) is not None


@FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"[a-z]+:[!-~]+", value) is not None


@dataclass(frozen=True, kw_only=True)
class Operation:
    name: str
    """`verb /path/{parameter}`, as in the description."""
    pattern: re.Pattern[str]
    parameters: tuple[dict[str, JSON], ...]
    body: JSON
    """Schema of the request's body, None where there must be none."""
    answers: dict[str, JSON]
    """Schema per status, None where the answer has no JSON body."""


class Contract:
    """Finds the operation of a request and lists what is wrong with the request or its answer."""

    def __init__(self, description: JSON) -> None:
        self.definitions = description["$defs"]
        operations = [_operation(name, given) for name, given in description["operations"].items()]
        self.operations = sorted(operations, key=lambda each: -len(re.sub(r"\{.*?\}", "", each.name)))

    def find(self, verb: str, target: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation and its decoded path parameters."""
        path = urlsplit(target).path
        for operation in self.operations:
            match = operation.pattern.fullmatch(f"{verb.lower()} {path}")
            if match:
                return operation, {name: unquote(value) for name, value in match.groupdict().items()}
        return None

    def request_violations(
        self, operation: Operation, path: dict[str, str], query: str, body: JSON
    ) -> list[str]:
        """What GitHub's description does not allow in this request."""
        given = parse_qsl(query, keep_blank_values=True)
        known = {each["name"]: each for each in operation.parameters if each["in"] == "query"}
        found = [f"unknown query parameter {name}" for name, _ in given if name not in known]
        found += [
            f"query parameter {name} twice" for name in {name for name, _ in given if _twice(given, name)}
        ]
        values = dict(given)
        for each in operation.parameters:
            where = path if each["in"] == "path" else values
            if each["name"] in where:
                found += self._wrong(
                    each["schema"], _typed(each["schema"], where[each["name"]]), each["name"]
                )
            elif each["required"]:
                found.append(f"missing {each['in']} parameter {each['name']}")
        if operation.body is None:
            return found + (["a body where none belongs"] if body is not None else [])
        return found + list(self._wrong(operation.body, body, "body"))

    def answer_violations(self, operation: Operation, status: int, body: JSON) -> list[str]:
        """What GitHub's description does not allow in this answer."""
        schema: JSON = {"$ref": "#/$defs/basic-error"}
        if str(status) in operation.answers:
            schema = operation.answers[str(status)]
        elif str(status) not in ERROR_STATUSES:
            return [f"status {status} is not one of this operation"]
        if schema is None:
            return ["a body where none belongs"] if body is not None else []
        return list(self._wrong(schema, body, "answer"))

    def value_violations(self, schema: JSON, value: JSON) -> list[str]:
        """What a schema does not allow in a value."""
        return list(self._wrong(schema, value, "value"))

    def _wrong(self, schema: JSON, value: JSON, where: str) -> Iterator[str]:
        for error in self._validator(json.dumps(schema)).iter_errors(value):
            yield f"{where}{error.json_path[1:]}: {error.message[-300:]}"

    @cache  # noqa: B019 - one contract lives as long as the tests
    def _validator(self, schema: str) -> Draft202012Validator:
        whole = {"$defs": self.definitions, **json.loads(schema)}
        return Draft202012Validator(whole, format_checker=FORMATS)

    def specimen(self, schema: JSON) -> JSON:
        """The smallest value that satisfies a schema: what an answer says beside what matters here."""
        if "$ref" in schema:
            return self.specimen(self.definitions[schema["$ref"].rsplit("/", 1)[1]])
        for key in ("anyOf", "oneOf"):
            if key in schema and "properties" not in schema:
                null = any(each.get("type") == "null" for each in schema[key])
                return None if null else self.specimen(schema[key][0])
        if "allOf" in schema:
            parts = [self.specimen(each) for each in schema["allOf"]]
            return {key: value for part in parts for key, value in part.items()}
        if "enum" in schema:
            return schema["enum"][0]
        return self._specimen_of_type(schema)

    def _specimen_of_type(self, schema: JSON) -> JSON:
        kind = schema.get("type", "object")
        if isinstance(kind, list):
            return None
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self.specimen(properties.get(name, {})) for name in schema.get("required", [])}
        if kind == "string":
            formats = {
                "date-time": "2026-01-01T00:00:00Z",
                "uri": "https://github.invalid/",
                "email": "a@b.invalid",
            }
            return formats.get(schema.get("format", ""), "x" * schema.get("minLength", 0))
        return {
            "integer": schema.get("minimum", 1),
            "number": 1.0,
            "boolean": False,
            "array": [],
            "null": None,
        }[kind]

    def named(self, name: str, /, **values: JSON) -> JSON:
        """A specimen of one of GitHub's named schemas, with these values in it."""
        schema = self.definitions[name]
        if isinstance(schema.get("type"), list):
            schema = schema | {"type": "object"}
        return {**self.specimen(schema), **values}


def _operation(name: str, given: JSON) -> Operation:
    def group(match: re.Match[str]) -> str:
        return f"(?P<{match[1]}>{'.+' if match[1] in GREEDY else '[^/]+'})"

    return Operation(
        name=name,
        pattern=re.compile(re.sub(r"\\\{(\w+)\\\}", group, re.escape(name))),
        parameters=tuple(given["parameters"]),
        body=given["body"],
        answers=given["answers"],
    )


def _twice(given: list[tuple[str, str]], name: str) -> bool:
    return sum(each == name for each, _ in given) > 1


def _typed(schema: JSON, text: str) -> JSON:
    """A parameter's text as the type that its schema asks for; left alone where it is none."""
    if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    if schema.get("type") == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


@cache
def github_contract() -> Contract:
    """The committed slice of GitHub's REST description."""
    return Contract(json.loads((HERE / "openapi.json").read_text()))
