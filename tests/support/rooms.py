"""The table of rooms, floor by floor, and which room imports which, read from the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "remyx_action"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "decimals"),
    ("project",),
    ("readers", "runtimes", "sources"),
    ("evidence",),
    ("confidence",),
    ("policy",),
    ("report", "github", "history", "odds"),
    ("commands",),
    ("cli",),
    ("__init__", "__main__"),
)
"""The rooms, floor by floor, from the ground up. A room imports from the floors below it and from itself."""
NEIGHBOURS = {
    (
        "readers",
        "remyx_action.runtimes.lighteval.child.names",
    ): "lighteval's metric names, as pure as the core",
    ("history", "remyx_action.report.report"): "a record is verdicts, and this is a verdict",
}
"""What a room may import from another one on its own floor."""
FLOOR = {room: floor for floor, rooms in enumerate(LAYERS) for room in rooms}

MODULES = sorted(SOURCE.rglob("*.py"))
VERSION = "remyx_action.__version__"
KNOWN = {
    ".".join(("remyx_action", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for path in MODULES
}
"""The dotted name of every module and package."""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def room(path: Path) -> str:
    """The part of the house that a file belongs to: its top-level module or folder."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    """Absolute dotted names of everything that the file imports."""
    package = ("remyx_action", *path.relative_to(SOURCE).parts[:-1])
    tree = tree_of(path)
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            stem = ".".join(part for part in (base, node.module or "") if part)
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def modules_imported(path: Path) -> set[str]:
    """Modules of this package that the file imports: names are cut down to the module that holds them."""
    found = (name for name in imports(path) if name.startswith("remyx_action.") and name != VERSION)
    return {name if name in KNOWN else name.rpartition(".")[0] for name in found}


def arrows() -> set[tuple[str, str]]:
    """Return every pair of rooms of which the first imports from the second."""
    found = set()
    for path in MODULES:
        found |= {(room(path), name.split(".")[1]) for name in modules_imported(path)}
    return {(one, other) for one, other in found if one != other}


def drawing() -> str:
    """Return the rooms as a Mermaid flowchart; arrows that follow from others are left out."""
    pairs = {(one, other) for one, other in arrows() if not one.startswith("__")}
    reach = {one: {other for first, other in pairs if first == one} for one in FLOOR}
    shown = [
        (one, other)
        for one, other in pairs
        if not any(other in reach[between] for between in reach[one] if between != other)
    ]
    lines = ["flowchart TD"]
    for floor in range(len(LAYERS) - 2, -1, -1):
        lines.append(f"  subgraph floor{floor + 1}[{floor + 1}]")
        lines += [f"    {name}" for name in LAYERS[floor]]
        lines.append("  end")
    shown.sort(key=lambda pair: (-FLOOR[pair[0]], pair))
    lines += [f"  {one} --> {other}" for one, other in shown]
    return "\n".join(lines) + "\n"
