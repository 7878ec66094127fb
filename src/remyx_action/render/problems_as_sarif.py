"""Render: problems as SARIF 2.1.0, which code-scanning services read.

<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from remyx_action import __version__
from remyx_action.checks.lint_catalogue import LINTS
from remyx_action.errors import Problem
from remyx_action.files.nearest import shown_as

from .problems import path_of

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
                "logicalLocations": [{"fullyQualifiedName": path_of(problem.pointer), "kind": "member"}],
            }
        ],
    }
