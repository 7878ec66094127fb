"""The schemas: valid, committed as the models give them."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from remyx_action.commands.schema import as_text, differing_schemas, write_schemas
from remyx_action.report.schemas import schemas

FOLDER = Path(__file__).parents[2] / "schemas"
SCHEMAS = schemas()
NAMES = ["metrics", "template", "policy", "experiment", "lock", "results", "verdict"]


def test_every_kind_of_file_has_a_schema() -> None:
    assert [f"{name}.schema.json" for name in NAMES] == list(SCHEMAS)


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_schema_is_what_the_models_give(name: str) -> None:
    """`remyx-action schema --out schemas` writes them again."""
    committed = (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")
    assert as_text(SCHEMAS[f"{name}.schema.json"]) == committed


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_valid_draft_2020_12(name: str) -> None:
    schema = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]


def test_every_key_of_a_file_is_explained() -> None:
    for name in set(NAMES) - {"verdict"}:
        schema = SCHEMAS[f"{name}.schema.json"]
        for owner in (schema, *schema.get("$defs", {}).values()):
            for key, value in owner.get("properties", {}).items():
                assert value.get("description"), (name, key)


def test_schemas_that_differ_are_named(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    assert [] == differing_schemas(tmp_path)
    (tmp_path / "lock.schema.json").write_text("{}")
    (tmp_path / "policy.schema.json").unlink()
    assert ["policy.schema.json", "lock.schema.json"] == differing_schemas(tmp_path)
