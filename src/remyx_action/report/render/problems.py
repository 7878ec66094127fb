"""Render: problems of files as text with a caret under the place, or as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import east_asian_width
from urllib.parse import quote

from remyx_action import __version__
from remyx_action.errors import Problem, Severity
from remyx_action.policy.lints.catalogue import LINTS
from remyx_action.project.files.pointer import json_path
from remyx_action.project.files.wording import shown_as

LONGEST_SOURCE = 100
"""Characters of a source line that are shown around the place."""

RED, YELLOW, CYAN, BOLD, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[1m", "\x1b[0m"


def problems_as_json(problems: Sequence[Problem], *, power: Sequence[str] = ()) -> str:
    """`{"problems": [{path, line, column, pointer, code, severity, message, help}]}`, with a newline.

    `power`: a sentence about each policy, under a key of its own where there are any.
    """
    rows = [
        {
            "path": problem.path,
            "line": problem.line,
            "column": problem.column,
            "pointer": problem.pointer,
            "code": problem.code,
            "severity": problem.severity.value,
            "message": problem.message,
            "help": problem.help,
        }
        for problem in problems
    ]
    value = {"problems": rows, **({"power": list(power)} if power else {})}
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def problems_as_text(problems: Sequence[Problem], texts: Mapping[str, bytes], *, colour: bool = False) -> str:
    """Each problem as `file:line:column $.path: what`, the line with a caret, and `help: …`."""
    sources = {path: _lines(texts[path]) for path in {problem.path for problem in problems} if path in texts}
    return "\n".join(_as_text(problem, sources, colour=colour) for problem in problems)


def counted(problems: Sequence[Problem]) -> str:
    """`2 errors and 1 warning`."""
    parts = []
    for severity in Severity:
        count = sum(problem.severity is severity for problem in problems)
        if count:
            parts.append(f"{count} {severity.value}{'s' if count > 1 else ''}")
    return " and ".join(parts) or "no problems"


def _as_text(problem: Problem, sources: Mapping[str, list[str]], *, colour: bool) -> str:
    def painted(text: str, *codes: str) -> str:
        return "".join(codes) + text + PLAIN if colour else text

    tone = RED if problem.severity is Severity.ERROR else YELLOW
    place = f"{shown_as(problem.path)}:{problem.line}:{problem.column} {json_path(problem.pointer)}"
    kind = "" if problem.severity is Severity.ERROR else "warning: "
    lines = [f"{painted(place, BOLD)}: {painted(kind + shown_as(problem.message), tone)} [{problem.code}]"]
    lines_of_file = sources.get(problem.path, [])
    source = lines_of_file[problem.line - 1] if problem.line <= len(lines_of_file) else ""
    if source.strip():
        start = max(0, problem.column - 1 - LONGEST_SOURCE * 3 // 4)
        shown = shown_as(source[start : start + LONGEST_SOURCE].replace("\t", " "))
        before = shown_as(source[start : problem.column - 1].replace("\t", " "))
        gutter = f"{problem.line:>5} | "
        lines.append(f"{painted(gutter, CYAN)}{shown}")
        lines.append(f"{painted('      | ', CYAN)}{' ' * _width(before)}{painted('^', tone)}")
    lines.append(f"  {painted('help:', CYAN)} {shown_as(problem.help)}\n")
    return "\n".join(lines)


def _lines(data: bytes) -> list[str]:
    return re.split(r"\r\n|\r|\n", data.decode("utf-8", "replace").removeprefix("\ufeff"))


def _width(text: str) -> int:
    """How many columns a terminal needs."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def problems_as_sarif(problems: Sequence[Problem]) -> str:
    """One run with one result per problem, with a newline at the end."""
    codes = sorted({problem.code for problem in problems})
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "remyx-action",
                        "semanticVersion": __version__,
                        "rules": [_rule(code) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, codes.index(problem.code)) for problem in problems],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str) -> dict[str, Any]:
    lint = LINTS.get(code)
    if lint is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": lint.title},
        "fullDescription": {"text": lint.why},
        "help": {"text": f"{lint.figure}\n\nInstead of\n  {lint.example}\nwrite\n  {lint.better}"},
    }


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity.value,
        "message": {"text": shown_as(f"{problem.message}; {problem.help}")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(problem.path), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": problem.line, "startColumn": problem.column},
                },
                "logicalLocations": [{"fullyQualifiedName": json_path(problem.pointer), "kind": "member"}],
            }
        ],
    }
