"""The commands of whoever sets the bar: `lock`."""

from __future__ import annotations

from typing import Annotated

import typer

from remyx_action.errors import Exit

from .options import TemplateName, root_of


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
