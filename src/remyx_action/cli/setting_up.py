"""The commands of whoever sets the bar: `lock`, `doctor`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from remyx_action.errors import Exit, WrongUsage

from .options import Format, TemplateName, root_of
from .screen import screen_colour, screen_width


def lock(
    context: typer.Context,
    template: TemplateName = None,
    owners: Annotated[
        list[str] | None,
        typer.Option(metavar="OWNER", help="@org/team or @user: whose review a change of the bar needs."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 3 where a lock has drifted or is missing.")
    ] = False,
) -> int:
    """Lock what HEAD holds: digests, owners of every protected path, and the branch rules to import.

    Example: remyx-action lock --owners @org/leads > ruleset.json
    """
    from remyx_action.commands import lock as command

    root = root_of(context)
    if check:
        held = command.check_locks(root, template=template)
        typer.echo(held.said, nl=False)
        return Exit.SHIP if held.holds else Exit.FILES_WRONG
    locked = command.lock(root, template=template, owners=owners or [])
    typer.echo(locked.said, nl=False, err=True)
    typer.echo(locked.ruleset, nl=False)
    return Exit.SHIP


def doctor(
    context: typer.Context,
    repository: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="On GitHub; default: that of `origin`.")
    ] = None,
    branch: Annotated[
        str | None, typer.Option(metavar="NAME", help="Into which changes go; default: the default branch.")
    ] = None,
    format: Format = "text",
) -> int:
    """Ask GitHub whether the lock is enforced: each item verified, missing or unknown, with the fix.

    Reads GITHUB_TOKEN. Example: GITHUB_TOKEN=$(gh auth token) remyx-action doctor
    """
    from remyx_action.commands import doctor as command
    from remyx_action.github.client import Client, Connection

    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN")
    if not token:
        raise WrongUsage("doctor asks GitHub, and there is no token", help="GITHUB_TOKEN=$(gh auth token)")
    place = command.local_place(root_of(context), repository=repository, branch=branch)
    address = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    client = Client(Connection(api_url=address, repository=place.repository, token=token))
    examined = command.doctor(client, place, format=format, width=screen_width(), colour=screen_colour())
    typer.echo(examined.output, nl=False)
    return examined.exit
