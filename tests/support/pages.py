"""Reads the project's own pages: which commands, files and table rows they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

FENCE = re.compile(
    r"(?:^`(?P<path>[^`\n]+)`:\n\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"\[[^\]\n]*(?:\n[^\]\n]*)?\]\((?P<target>[^)\s]+)\)")
ROW = re.compile(r"^\| (?P<cells>.+) \|$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One `$` line of a console block, and the lines that the page shows below it."""

    line: str
    shown: tuple[str, ...]


def pages() -> list[Path]:
    """Every page that people wrote."""
    folders = [ROOT / "docs", ROOT / "examples"]
    return sorted([*ROOT.glob("*.md"), *(page for folder in folders for page in folder.rglob("*.md"))])


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [found["text"] for found in FENCE.finditer(_text(page)) if found["language"] == language]


def named_files(page: Path) -> dict[str, str]:
    """Path → text of every fenced block that stands below "`path`:"."""
    return {found["path"]: found["text"] for found in FENCE.finditer(_text(page)) if found["path"]}


def commands(page: Path) -> Iterator[Command]:
    """The commands of a page's console blocks, in order."""
    for block in blocks(page, "console"):
        for command in block.removeprefix("$ ").split("\n$ "):
            line, *shown = command.strip().splitlines()
            yield Command(line=line, shown=tuple(shown))


def links(page: Path) -> list[str]:
    """Targets of a page's links and images."""
    return [found["target"] for found in LINK.finditer(_text(page))]


def table(page: Path, header: str) -> list[list[str]]:
    """The rows, as cells without backticks, of the table whose first header cell is `header`."""
    rows: list[list[str]] = []
    inside = False
    for line in _text(page).splitlines():
        found = ROW.match(line)
        cells = [cell.strip().strip("`") for cell in found["cells"].split(" | ")] if found else []
        if not inside:
            inside = bool(cells) and cells[0] == header
        elif not cells:
            return rows
        elif set(cells[0]) != {"-"}:
            rows.append(cells)
    return rows


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")
