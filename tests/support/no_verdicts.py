"""One end without a verdict of each kind."""

from __future__ import annotations

from remyx_action.errors import Problem, Severity
from remyx_action.report.render.no_verdict import NoVerdict
from support.reports import HEAD


def problem(place: int = 1, message: str = "unknown key `treshold`", **changes: object) -> Problem:
    return Problem(
        **{  # type: ignore[arg-type]
            "path": ".remyx/policies/default.yaml",
            "line": place,
            "column": 7,
            "pointer": "/ship/all/0/treshold",
            "code": "unknown-key",
            "message": message,
            "help": "did you mean threshold?",
            **changes,
        }
    )


NO_VERDICTS = {
    "no_variant": NoVerdict(
        kind="not_judged",
        message="no_variant: nothing names the variant to judge",
        help="name it in configs/model.yaml at /model, or in a file under .remyx/experiments/; "
        "a command line takes --variant ASSET",
        commit=HEAD,
        policy="default",
    ),
    "no_results": NoVerdict(
        kind="not_judged",
        message="the results hold nothing of template spatial-suite",
        help="let the evaluation run again: push a commit, or update the branch",
        commit=HEAD,
    ),
    "files_wrong": NoVerdict(
        kind="files_wrong",
        problems=[problem(11), problem(14), problem(20, severity=Severity.WARNING)],
        commit=HEAD,
    ),
    "internal_error": NoVerdict(
        kind="internal_error",
        message="KeyError: a defect of remyx-action",
        help="file the report that the job's log names",
        commit=HEAD,
    ),
    "nothing": NoVerdict(
        kind="nothing", message="the change touches nothing that a template evaluates", commit=HEAD
    ),
    "first": NoVerdict(
        kind="first",
        message="the base branch holds no .remyx/ yet; the files of this pull request are valid",
        commit=HEAD,
    ),
}
