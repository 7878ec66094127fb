"""`replay`: recompute a verdict from its own file, and say what differs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from remyx_action.errors import Exit, NotJudged, WrongUsage
from remyx_action.policy.judgement import judge
from remyx_action.project.files import json_text as strict_json
from remyx_action.report.draw_up import lay_out
from remyx_action.report.report import COMPARED, Report, to_json
from remyx_action.sources.disk import open_results

from .output import Output

HELP = "name a verdict.json that `run` or `judge` wrote, of the same version of remyx-action"


def read_verdict(path: Path) -> Report:
    """The report in the file, or in the output folder, at `path`."""
    if not os.path.lexists(path):
        raise WrongUsage(f"there is no {path}", help=HELP)
    folder, name = open_results(path, "verdict.json")
    try:
        content = b"".join(folder(name))
        return Report.model_validate(strict_json.read(content))
    except FileNotFoundError as error:
        raise WrongUsage(f"there is no {name} in {path}", help=HELP) from error
    except strict_json.NotStrictJson as error:
        raise NotJudged(f"{path} is not strict JSON: {error}", help=HELP) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise NotJudged(f"{path} is not a verdict: $.{place}: {first['msg'].lower()}", help=HELP) from error


SHOWN = 20
"""Differences that are listed before the rest is counted."""


def replay(path: Path) -> Output:
    """Return SHIP (0) where the compared part is reproduced byte for byte, else REJECT (1)."""
    report = read_verdict(path)
    found = list(differences(report))
    if not found:
        verdict = report.verdict or "no verdict"
        text = f"reproduced: {verdict} ({report.reason}) follows from the policy and inputs in the file\n"
        return Output(formats={"text": lambda _: text})
    rest = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    lines = ["not reproduced:", *found[:SHOWN], *rest]
    return Output(formats={"text": lambda _: "\n".join(lines) + "\n"}, exit=Exit.REJECT)


def differences(report: Report) -> Iterator[str]:
    """One line per value of the compared part that does not follow from policy and inputs."""
    written = _compared(report)
    recomputed = _compared(recompute(report))
    for place in dict.fromkeys([*written, *recomputed]):
        before, after = written.get(place, "nothing"), recomputed.get(place, "nothing")
        if before != after:
            yield f"  {place}: the file says {before}, its policy and inputs give {after}"


def follows(report: Report) -> bool:
    """Return whether every compared value follows from policy and inputs; numbers are compared by value."""
    try:
        again = recompute(report)
    except NotJudged:
        return False
    return all(getattr(report, name) == getattr(again, name) for name in COMPARED)


def recompute(report: Report) -> Report:
    """The same report with its compared part computed anew. Raises NotJudged where a number overflows."""
    try:
        judgement = judge(report.policy, report.inputs)
        compared = lay_out(judgement, bar=report.policy, inputs=report.inputs)
    except (ArithmeticError, LookupError, ValueError) as error:
        raise NotJudged("the policy and the sums under $.inputs lead beyond any number", help=HELP) from error
    return report.model_copy(
        update={
            "verdict": judgement.verdict,
            "reason": judgement.reason,
            "run_state": judgement.run_state,
            "metrics": compared.metrics,
            "rules": compared.rules,
            "fields": compared.fields,
            "advice": compared.advice,
        }
    )


def _compared(report: Report) -> dict[str, str]:
    """JSON path → literal, for every value in the compared part."""
    whole = strict_json.read_as_written(to_json(report))
    return {place: value for name in COMPARED for place, value in _flattened(f"$.{name}", whole[name])}


def _flattened(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from _flattened(f"{place}.{key}", child)
    elif isinstance(value, list) and value:
        for index, child in enumerate(value):
            yield from _flattened(f"{place}[{index}]", child)
    else:
        yield place, str(value) if isinstance(value, strict_json.NumberText) else repr(value)
