"""Load: a small JSON file, such as a lock, with the places and the strictness of the YAML files."""

from __future__ import annotations

import json

from msgspec.structs import replace

from remyx_action.errors import Problem
from remyx_action.files.yaml_loader import Document, load_yaml


def load_json(data: bytes, path: str) -> Document:
    """The document of `data`; JSON is a part of YAML, so only what is not JSON is told apart here."""
    document = load_yaml(data, path)
    if document.problems:
        return document
    try:
        json.loads(data.decode("utf-8").removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        problem = Problem(
            path=path,
            line=getattr(error, "lineno", 1),
            column=getattr(error, "colno", 1),
            pointer="",
            code="syntax",
            message=f"is not JSON: {str(getattr(error, 'msg', error)).lower()}",
            help="write this file with the command that makes it",
        )
        return replace(document, problems=(problem,), broken=frozenset({""}))
    return document
