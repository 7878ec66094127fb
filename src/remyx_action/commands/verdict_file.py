"""A verdict.json that somebody names: read as strictly as any other file from outside."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.files import strict_json
from remyx_action.reports.report import Report
from remyx_action.workspace import open_results

HELP = "name a verdict.json that `run` or `judge` wrote, of the same version of remyx-action"


def read_verdict(path: Path) -> Report:
    """The report in the file, or in the output folder, at `path`."""
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
