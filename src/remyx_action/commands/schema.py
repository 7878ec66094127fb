"""`schema`: writes the JSON Schemas, or says which of the written ones differ from the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from remyx_action.json_schema import schemas


def write_schemas(folder: Path) -> list[Path]:
    """Write every schema into `folder`, which is made where it is missing; the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in schemas().items():
        path = folder / name
        draft = path.with_name(f".{name}.new")
        draft.write_text(as_text(schema), encoding="utf-8")
        draft.replace(path)
        written.append(path)
    return written


def differing_schemas(folder: Path) -> list[str]:
    """File names whose text in `folder` is not what the models give, missing ones included."""
    return [
        name
        for name, schema in schemas().items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != as_text(schema)
    ]


def as_text(schema: dict[str, Any]) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
