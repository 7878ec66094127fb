"""`schema`: writes the JSON Schemas, or says which of the written ones differ from the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from remyx_action.errors import Exit
from remyx_action.project.load import Bundle
from remyx_action.report.schemas import project_schemas, schemas

from .output import Output


def schema(folder: Path, *, check: bool, project: Bundle | None = None) -> Output:
    """Write every schema into `folder`; with `check` write none, and FILES_WRONG (3) where one differs."""
    if not check:
        written = write_schemas(folder, project=project)
        return Output(formats={"text": lambda _: "".join(f"{path}\n" for path in written)})
    lines = [
        f"{folder / name} differs: write it anew with `remyx-action schema --out {folder}`\n"
        for name in differing_schemas(folder, project=project)
    ]
    return Output(formats={"text": lambda _: "".join(lines)}, exit=Exit.FILES_WRONG if lines else Exit.SHIP)


def write_schemas(folder: Path, *, project: Bundle | None = None) -> list[Path]:
    """Write every schema into `folder`, which is made where it is missing; the paths.

    With a project they know its metrics and templates.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in schema_texts(project).items():
        path = folder / name
        draft = path.with_name(f".{name}.new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
        written.append(path)
    return written


def differing_schemas(folder: Path, *, project: Bundle | None = None) -> list[str]:
    """File names whose text in `folder` is not what `write_schemas` writes, missing ones included."""
    return [
        name
        for name, text in schema_texts(project).items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]


def schema_texts(project: Bundle | None) -> dict[str, str]:
    """File name → text; with a project the schemas know its metrics and templates."""
    every = schemas() | (project_schemas(project) if project is not None else {})
    return {name: as_text(schema) for name, schema in every.items()}


def as_text(schema: dict[str, Any]) -> str:
    """The schema as written to its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
