"""docs/reference/files.md: every key of every file, as the models say."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from remyx_action.project.models.conditions import DESCRIPTION, LINE_PATTERN
from remyx_action.report.schemas import WRITTEN, schema_of

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "files.md"

WHERE = {
    "metrics": "`.remyx/metrics.yaml`",
    "template": "`.remyx/templates/<name>.yaml`",
    "policy": "`.remyx/policies/<name>.yaml`",
    "experiment": "`.remyx/experiments/<name>.yaml`",
    "lock": "`.remyx/locks/<template>.json`",
    "results": "`results.json` in an arm's output folder",
}


def reference() -> str:
    """The page: one table per kind of mapping."""
    parts = [
        "# Every key of every file\n",
        "YAML files are UTF-8, at most 64 KiB, YAML 1.2 core, without anchors, aliases, merge keys and tags.",
        "Unknown keys are errors. The same in JSON Schema: `schemas/`.\n",
    ]
    for name in WRITTEN:
        schema = schema_of(name)
        parts.append(f"## {WHERE[name]}\n")
        parts.extend(section(schema))
        if name == "policy":
            parts.append(f"### Line in {WHERE[name]}\n\n{DESCRIPTION}\n")
        for owner, definition in schema.get("$defs", {}).items():
            if "properties" in definition:
                parts.append(f"### {owner} in {WHERE[name]}\n")
                parts.extend(section(definition))
    return "\n".join(parts)


def section(schema: dict[str, Any]) -> Iterator[str]:
    if "description" in schema:
        yield f"{' '.join(schema['description'].split())}\n"
    required = schema.get("required", [])
    yield "| key | value | what it is |\n| --- | --- | --- |"
    for key, value in schema["properties"].items():
        mark = " (required)" if key in required else ""
        yield f"| `{key}`{mark} | {kind(value)} | {escaped(value['description'])} |"
    yield ""


def kind(schema: dict[str, Any]) -> str:
    """What may stand there, in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return f"`{escaped(str(schema['const']).lower())}`"
    if "enum" in schema:
        return " · ".join(f"`{escaped(word)}`" for word in schema["enum"])
    if schema.get("pattern") == LINE_PATTERN:
        return "line"
    if "oneOf" in schema or "anyOf" in schema:
        return " or ".join(kind(one) for one in schema.get("oneOf") or schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {kind(schema['items'])}"
    if schema.get("type") == "object":
        values = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
        return f"mapping to {kind(next(one for one in values if isinstance(one, dict)))}"
    words = {"string": "text", "integer": "whole number", "null": "nothing", None: "anything"}
    limits = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    bounds = [f"{sign} {schema[name]}" for name, sign in limits.items() if abs(schema.get(name, 1e15)) < 1e15]
    return " ".join([words.get(schema.get("type"), str(schema.get("type"))), *bounds])


def escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def test_the_reference_is_what_the_models_say() -> None:
    """`REWRITE_GOLDEN=1 uv run pytest tests/report/test_reference.py` writes it again."""
    if os.environ.get("REWRITE_GOLDEN"):
        PAGE.write_text(reference())
    assert reference() == PAGE.read_text()
