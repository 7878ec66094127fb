"""Pairs of files before and after a change of the bar."""

from __future__ import annotations

from pathlib import Path

import yaml

EXAMPLES = Path(__file__).parents[1] / "examples" / "diffs"


FOLDERS = {"template": "templates", "policy": "policies"}


def files_of(text: str) -> dict[str, bytes]:
    """The project that one file of a case stands for: metrics, one template, one policy."""
    parts = yaml.load(text, Loader=yaml.BaseLoader)
    texts = {}
    for part, content in _sections(text).items():
        path = f"{FOLDERS[part]}/{parts[part]['name']}" if part in FOLDERS else part
        texts[f".remyx/{path}.yaml"] = content.encode()
    return texts


def _sections(text: str) -> dict[str, str]:
    """Top-level key → the block below it, as it is written."""
    blocks: dict[str, list[str]] = {}
    for line in text.splitlines(keepends=True):
        if not line.startswith(" "):
            current = blocks.setdefault(line.strip().removesuffix(":"), [])
        else:
            current.append(line.removeprefix("  "))
    return {name: "".join(lines) for name, lines in blocks.items()}
