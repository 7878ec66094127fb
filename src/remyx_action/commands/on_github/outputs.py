"""What a job leaves on its runner whatever became of its posts: log lines, summary and outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from remyx_action.commands.output import Say
from remyx_action.errors import Exit
from remyx_action.github import workflow
from remyx_action.github.settings import Runner

from .target import Posts

if TYPE_CHECKING:
    from remyx_action.report.conclusion import Section


def write_verdict(runner: Runner, sections: Sequence[Section], say: Say) -> None:
    """Write the summary and the log, before anything is posted, so that no trouble there loses a verdict."""
    from remyx_action.report import render
    from remyx_action.report.conclusion import summaries

    for section in sections:
        level: workflow.Level = "notice" if section.passes else "error"
        title = f"remyx: {section.policy}" if section.policy else "remyx"
        say(workflow.annotation(level, section.title, title=title))
        text = (
            summaries([section], footer="")[-1]
            if section.report is None
            else render.text(section.report, width=100)
        )
        say(workflow.without_commands(text))
    if runner.summary_file is not None:
        _say_unless_written(workflow.write_summary(runner.summary_file, summaries(sections, footer="")), say)


def write_posts(runner: Runner, sections: Sequence[Section], posts: Posts, say: Say) -> None:
    """Write what was not posted, and why, and the lines of files that no check could hold."""
    for note in posts.notes:
        say(workflow.annotation("warning", note, title="remyx: not everything was posted"))
    for section in sections:
        if section.policy not in posts.check_urls:
            for each in section.annotations[:50]:
                level: workflow.Level = "error" if each.level == "failure" else "warning"
                say(
                    workflow.annotation(level, each.message, title=each.title, path=each.path, line=each.line)
                )
    if posts.notes and runner.summary_file is not None:
        from remyx_action.report.render import escape  # `open` draws nothing else

        blocks = [escape.block(note) for note in posts.notes]
        text = "\n\n".join(["#### Not everything was posted", *blocks])
        _say_unless_written(workflow.write_summary(runner.summary_file, [text]), say)


def write_outputs(runner: Runner, outputs: Mapping[str, str], say: Say) -> None:
    """Write the step's outputs."""
    if runner.output_file is not None:
        _say_unless_written(workflow.write_outputs(runner.output_file, outputs), say)


def outputs_of(
    sections: Sequence[Section], posts: Posts, out: Path, exit_code: Exit, *, pull_request: int | None
) -> dict[str, str]:
    """Return the outputs of a job that judged: of the policy that decides, and of each as JSON."""
    from remyx_action.report.conclusion import worst
    from remyx_action.report.report import digest_of

    chosen = worst(sections)
    alone = out / "verdict.json"
    verdict_file = alone if alone.exists() else out / chosen.policy / "verdict.json"
    return {
        "verdict": chosen.word,
        "reason": chosen.reason,
        "verdict-json": str(verdict_file) if chosen.policy and verdict_file.exists() else "",
        "report": str(out),
        "comment-url": posts.comment_url,
        "check-url": posts.check_urls.get(chosen.policy, ""),
        "verdicts": json.dumps(
            {
                each.policy: {
                    "verdict": each.word,
                    "reason": each.reason,
                    "passes": each.passes,
                    "check-url": posts.check_urls.get(each.policy, ""),
                    "digest": None if each.report is None else digest_of(each.report),
                    "pull-request": pull_request,
                }
                for each in sections
            }
        ),
        "exit-code": str(int(exit_code)),
    }


def _say_unless_written(written: workflow.Written | workflow.NotWritten, say: Say) -> None:
    if isinstance(written, workflow.NotWritten):
        say(workflow.annotation("warning", f"{written.reason}\n{written.next_step}"))
