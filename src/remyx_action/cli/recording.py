"""The commands of the record: `history`, `decide`, `backtest`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from remyx_action.errors import Exit, WrongUsage

from . import on_github
from .options import PageFormat, PolicyName, root_of
from .screen import echo, show

if TYPE_CHECKING:
    from remyx_action.commands.record import RecordPlace
    from remyx_action.history.record import Record

RecordFolder = Annotated[
    Path | None, typer.Option("--record", metavar="DIR", help="A folder; default: branch remyx-verdicts.")
]
Push = Annotated[
    str | None, typer.Option(metavar="REMOTE", help="Write the branch there too; such as origin.")
]
Elsewhere = Annotated[
    str | None,
    typer.Option("--repository", metavar="OWNER/NAME", help="Another repository's branch, without a clone."),
]
OnlyTag = Annotated[str | None, typer.Option(metavar="TAG", help="Only experiments with this tag.")]

history_commands = typer.Typer(rich_markup_mode=None)


def _place(context: typer.Context, folder: Path | None, push: str | None = None) -> RecordPlace:
    from remyx_action.commands.record import place_of

    root = root_of(context)
    return place_of(root, folder=None if folder is None else root / folder, push=push)


def _record(context: typer.Context, folder: Path | None, repository: str | None) -> Record:
    """Return the record that is asked for: of this project, or of another repository."""
    from remyx_action.commands import record as command
    from remyx_action.sources.git import Remote

    if repository is None:
        return command.read_place(_place(context, folder))
    if folder is not None or not re.fullmatch(r"[\w-]+/[\w.-]+", repository, re.ASCII):
        raise WrongUsage(
            "--record and --repository name two places"
            if folder
            else f"--repository {repository} is not OWNER/NAME",
            help="write it as --repository some-team/some-project, alone",
        )
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    token = os.environ.get("GH_TOKEN") or os.environ.get("GITHUB_TOKEN") or None
    return command.read_remote(Remote(server_url=server, name=repository, token=token))


@history_commands.callback(invoke_without_command=True)
def history(
    context: typer.Context,
    metric: Annotated[str | None, typer.Option(metavar="KEY", help="Only this metric.")] = None,
    policy: PolicyName = None,
    tag: OnlyTag = None,
    record: RecordFolder = None,
    repository: Elsewhere = None,
    format: PageFormat = "text",
) -> int:
    """Show the record of verdicts: by date, with trends and the health of the gate.

    Example: remyx-action history --format page > history.html
    """
    if context.invoked_subcommand is not None:
        return Exit.SHIP
    from remyx_action.commands import history as command
    from remyx_action.commands.record import with_forgeries_named

    asking = command.Asking(metric=metric, policy=policy, tag=tag)
    now = on_github.world().now().clock
    found = with_forgeries_named(_record(context, record, repository))
    return show(command.history(found, asking, now=now), format)


@history_commands.command("add")
def add(
    context: typer.Context,
    verdict: Annotated[Path, typer.Argument(metavar="VERDICT", help="A verdict.json.")],
    pull_request: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Its pull request; default: the job's.")
    ] = None,
    record: RecordFolder = None,
    push: Push = None,
) -> int:
    """Add a verdict, without its samples, to the record.

    Example: remyx-action history add .remyx-out/verdict.json
    """
    from remyx_action.commands import record as command
    from remyx_action.commands.replay import read_verdict
    from remyx_action.history.record import Recording

    named = re.fullmatch(r"refs/pull/(\d+)/merge", os.environ.get("GITHUB_REF", ""))
    number = pull_request or (int(named[1]) if named else None)
    attempt = os.environ.get("GITHUB_RUN_ATTEMPT", "1")
    run = os.environ.get("GITHUB_RUN_ID")
    recording = Recording(
        pull_request=number,
        run=run if run and run.isdecimal() else None,
        attempt=int(attempt) if attempt.isdecimal() else 1,
    )
    added = command.add(_place(context, record, push), read_verdict(verdict), recording)
    echo(f"{'recorded' if added.is_new else 'already recorded'}: {added.path}")
    if added.first is not None:
        echo(f"the first on this head, policy and digests: {added.first}")
    return Exit.SHIP


@history_commands.command("insights")
def insights(
    context: typer.Context,
    policy: PolicyName = None,
    tag: OnlyTag = None,
    record: RecordFolder = None,
    repository: Elsewhere = None,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="text or json.")] = "text",
) -> int:
    """Say what the experiments of each tag gained, where it has three or more.

    Example: remyx-action history insights
    """
    from remyx_action.commands import history as command
    from remyx_action.commands.record import with_forgeries_named

    asking = command.Asking(policy=policy, tag=tag)
    found = with_forgeries_named(_record(context, record, repository))
    return show(command.what_was_gained(found, asking), format)


@history_commands.command("prune")
def prune(
    context: typer.Context,
    before: Annotated[str, typer.Option(metavar="YYYY-MM", help="Remove months before this one.")],
    push: Push = None,
) -> int:
    """Remove old verdicts from the branch's tip; its history keeps them.

    Example: remyx-action history prune --before 2025-01
    """
    from remyx_action.commands import record as command
    from remyx_action.report.render import numbers

    if not re.fullmatch(r"\d{4}-\d{2}", before):
        raise WrongUsage(f"--before {before} names no month", help="write it as 2025-01")
    count = command.prune(_place(context, None, push), before)
    echo(f"{numbers.plural(count, 'file')} removed" if count else "nothing is older")
    return Exit.SHIP


def decide(
    context: typer.Context,
    verdict: Annotated[str, typer.Argument(metavar="VERDICT", help="Its path in the record, or #12.")],
    decision: Annotated[
        Literal["ship", "iterate", "abandon"], typer.Argument(metavar="ship|iterate|abandon")
    ],
    why: Annotated[str, typer.Option(metavar="TEXT", help="The reason.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who; default: the user.")] = "",
    record: RecordFolder = None,
    push: Push = None,
) -> int:
    """Add the decision of people to a verdict of the record; nothing about the verdict changes.

    Example: remyx-action decide "#12" ship --why "the loss is in items that go away"
    """
    from remyx_action.commands import record as command

    who = by or os.environ.get("GITHUB_ACTOR") or os.environ.get("USER") or "somebody"
    clock = on_github.world().now().clock
    path = command.decide(_place(context, record, push), verdict, decision, why=why, by=who, clock=clock)
    echo(f"{decision}: {path}")
    return Exit.SHIP


def backtest(
    context: typer.Context,
    policy: PolicyName = None,
    base: Annotated[
        str | None, typer.Option(metavar="REF", help="The bar of this commit; default: the working tree.")
    ] = None,
    last: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the newest N verdicts of each policy.")
    ] = None,
    recorded: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the policy was called, if it was renamed.")
    ] = None,
    record: RecordFolder = None,
    repository: Elsewhere = None,
    format: PageFormat = "text",
) -> int:
    """Judge the recorded verdicts again, by the bar of the working tree.

    Example: remyx-action backtest --policy default --last 40
    """
    from remyx_action.commands.backtest import backtest_project

    kept = _record(context, record, repository)
    found = backtest_project(root_of(context), kept, policy=policy, base=base, last=last, recorded=recorded)
    return show(found, format)
