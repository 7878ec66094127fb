"""The house's properties, held over the syntax tree: layers, values, one place that prints."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from support.rooms import (
    FLOOR,
    LAYERS,
    MODULES,
    NEIGHBOURS,
    SOURCE,
    drawing,
    imports,
    modules_imported,
    room,
    tree_of,
)

TOUCHES_THE_WORLD = {"runtimes", "sources", "github", "commands", "cli", "__main__"}
"""Read files, clocks, processes and the network; every other room is pure."""
PRINTS = ("cli/", "runtimes/lighteval/child/", "sources/disk/parquet_child.py")
"""Print and exit: the second and third are programs of their own."""
THE_WORLD = {
    "asyncio", "glob", "http", "multiprocessing", "os", "pathlib", "platform", "random",
    "secrets", "select", "shutil", "signal", "socket", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib.request", "uuid",
}  # fmt: skip
"""Modules through which something could come in or go out behind an argument's back."""
VALUES = {"pathlib.PurePath", "pathlib.PurePosixPath"}
"""Of those modules what only computes."""
HEAVY = {
    "datasets", "docker", "github", "jinja2", "jsonschema", "lighteval", "pyarrow", "rich", "torch",
    "transformers",
}  # fmt: skip
"""Imported where they are used, so that `judge` and `--help` start fast."""


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_the_house_has_nine_floors() -> None:
    assert ("__init__", "__main__") == LAYERS[-1]
    assert 9 == len(LAYERS[:-1])


@cache
def count_house() -> ModuleType:
    """The script of that name, as a module."""
    script = SOURCE.parents[1] / "script" / "count-house"
    spec = spec_from_file_location("count_house", script, loader=SourceFileLoader("count_house", str(script)))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_name_of_a_type_means_two_things() -> None:
    assert [] == count_house().two_meanings(count_house().trees(SOURCE))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_from_floors_below(path: Path) -> None:
    """Lazy imports, and those for type checking alone, count like all others."""
    above = {
        name
        for name in modules_imported(path)
        if (other := name.split(".")[1]) != room(path)
        and FLOOR[other] >= FLOOR[room(path)]
        and (room(path), name) not in NEIGHBOURS
    }
    assert set() == above


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if room(path) not in TOUCHES_THE_WORLD],
    ids=lambda path: str(path.relative_to(SOURCE)),
)
def test_the_core_is_pure(path: Path) -> None:
    names = (name for name in imports(path) if name not in VALUES)
    found = {".".join(name.split(".")[:depth]) for name in names for depth in (1, 2)}
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
    [path for path in MODULES if not path.relative_to(SOURCE).as_posix().startswith(PRINTS)],
    ids=lambda path: str(path.relative_to(SOURCE)),
)
def test_only_the_command_line_prints_and_exits(path: Path) -> None:
    source = tree_of(path)
    called = {ast.unparse(node.func) for node in ast.walk(source) if isinstance(node, ast.Call)}
    assert set() == called & {"print", "sys.exit", "exit", "quit", "typer.echo", "sys.stdout.write"}


def test_the_table_of_rooms_is_whole() -> None:
    assert set(FLOOR) == {room(path) for path in MODULES}


CHILD = SOURCE / "runtimes" / "lighteval" / "child"


@pytest.mark.parametrize("path", sorted(CHILD.rglob("*.py")), ids=lambda path: path.name)
def test_the_program_that_runs_lighteval_knows_nothing_else_of_this_package(path: Path) -> None:
    """It runs in an environment that holds lighteval and not this package."""
    assert all(name.startswith("remyx_action.runtimes.lighteval.child") for name in modules_imported(path))
    known = sys.stdlib_module_names | {"remyx_action"}
    assert known >= {name.split(".")[0] for name in imports(path, top_level_only=True)}


def test_the_drawing_in_contributing_is_the_code() -> None:
    """`script/draw-rooms` writes it again."""
    page = (SOURCE.parents[1] / "CONTRIBUTING.md").read_text("utf-8")
    assert f"```mermaid\n{drawing()}```\n" in page


def test_the_reading_route_in_contributing_is_how_judge_goes() -> None:
    """At most 15 modules, and `judge` enters each of them."""
    page = (SOURCE.parents[1] / "CONTRIBUTING.md").read_text("utf-8")
    section = page.partition("## From `judge` to a verdict")[2].partition("```\n")[2].partition("```")[0]
    route = [line.split()[1] for line in section.splitlines()]
    assert 0 < len(route) <= 15
    entered = count_house().modules_entered(SOURCE.parents[1], Path(sys.executable), count_house().JUDGE)
    assert [] == [path for path in route if "remyx_action." + path[:-3].replace("/", ".") not in entered]
