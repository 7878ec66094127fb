"""The house's four properties, held over the syntax tree: direction, size, values, one place that prints."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "remyx_action"

SHELLS = {"__main__", "cli", "commands", "pipeline", "progress", "stages"}
"""Know several edges."""
EDGES = {
    "repository", "workspace", "runtimes", "settings", "github", "workflow", "circumstances",
    "lighteval_child",
}  # fmt: skip
"""Touch the world; know the core, never each other."""
SHARED = {"remyx_action.lighteval_child.names"}
"""Of an edge, and as pure as the core, which needs the same words."""
PROGRAMS = {"cli", "lighteval_child"}
"""Print and exit: the second runs by itself, in lighteval's own environment."""
THE_WORLD = {
    "asyncio", "datetime", "glob", "http", "multiprocessing", "os", "pathlib", "platform", "random",
    "secrets", "select", "shutil", "signal", "socket", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib.request", "uuid",
}  # fmt: skip
"""Modules through which something could come in or go out behind an argument's back."""
HEAVY = {
    "datasets", "docker", "github", "jinja2", "jsonschema", "lighteval", "pyarrow", "rich", "torch",
    "transformers",
}  # fmt: skip
"""Imported where they are used, so that `judge` and `--help` start fast."""

MODULES = sorted(SOURCE.rglob("*.py"))


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


def rooms_imported(path: Path) -> set[str]:
    found = (name for name in imports(path) if name.rpartition(".")[0] not in SHARED)
    return {name.split(".")[1] for name in found if name.startswith("remyx_action.")}


def module_name(path: Path) -> str:
    return ".".join(("remyx_action", *path.relative_to(SOURCE).with_suffix("").parts))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_keeps_its_place_in_the_line(path: Path) -> None:
    forbidden = set() if room(path) in SHELLS else SHELLS | (EDGES - {room(path)})
    assert set() == rooms_imported(path) & forbidden


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if room(path) not in SHELLS | EDGES or module_name(path) in SHARED],
    ids=lambda path: str(path.relative_to(SOURCE)),
)
def test_the_core_is_pure(path: Path) -> None:
    found = {".".join(name.split(".")[:depth]) for name in imports(path) for depth in (1, 2)}
    assert set() == found & THE_WORLD
    calls = {
        node.func.id
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert set() == calls & {"open", "input", "eval", "exec", "__import__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_heavy_packages_wait_until_they_are_used(path: Path) -> None:
    assert set() == {name.split(".")[0] for name in imports(path, top_level_only=True)} & HEAVY


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_modules_fit_on_a_few_screens_and_functions_on_one(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 400
    sizes = {function.name: function.end_lineno - function.lineno for function in functions(path)}  # type: ignore[operator]
    assert {} == {name: size for name, size in sizes.items() if size >= 40}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_its_place_in_one_sentence(path: Path) -> None:
    docstring = ast.get_docstring(tree_of(path))
    assert docstring


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if room(path) not in PROGRAMS],
    ids=lambda path: str(path.relative_to(SOURCE)),
)
def test_only_the_command_line_prints_and_exits(path: Path) -> None:
    source = tree_of(path)
    called = {ast.unparse(node.func) for node in ast.walk(source) if isinstance(node, ast.Call)}
    assert set() == called & {"print", "sys.exit", "exit", "quit", "typer.echo", "sys.stdout.write"}


def test_the_parts_of_the_house_exist() -> None:
    """So that renaming a room cannot silently free it from the rules above."""
    rooms = {room(path) for path in MODULES}
    assert {"cli", "pipeline", "commands", "repository", "workspace", "runtimes"} <= rooms


def test_the_program_that_runs_lighteval_knows_nothing_else_of_this_package() -> None:
    """It runs in an environment that holds lighteval and not this package."""
    for path in MODULES:
        if room(path) == "lighteval_child":
            assert {"lighteval_child"} >= rooms_imported(path)
            known = sys.stdlib_module_names | {"remyx_action"}
            assert known >= {name.split(".")[0] for name in imports(path, top_level_only=True)}
