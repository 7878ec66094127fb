"""The commands of whoever sets the bar: `init`, `lock`, `doctor`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec.structs import replace

from remyx_action.errors import Exit, WrongUsage

from . import on_github
from .options import FormatOption, TemplateName, root_of
from .screen import echo, screen_colour, screen_width, show

if TYPE_CHECKING:
    from remyx_action.commands.init.answers import Answers, Contents

Owners = Annotated[
    list[str] | None,
    typer.Option(metavar="OWNER", help="@org/team or @user: whose review a change of the bar needs."),
]
Example = Annotated[
    str | None, typer.Option("--from", metavar="EXAMPLE", help="Start from a working example: digits.")
]
MetricRows = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY[:UNIT[:BASELINE]]", help="A metric; - in front: less is better."),
]
ScriptPath = Annotated[
    str,
    typer.Option(
        metavar="PATH",
        help="File, folder or command that scores one version; `lighteval TASK`; `results`: none.",
    ),
]
TodaysAsset = Annotated[
    str,
    typer.Option(metavar="ASSET", help="The asset that counts today; `commits`: the code before a change."),
]
VariantPlace = Annotated[
    str, typer.Option(metavar="FILE[#POINTER]", help="Where a pull request names its variant.")
]
HarnessFiles = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GLOB", help="Files that decide a score; default: the script, and data in its folder."
    ),
]
Headline = Annotated[
    list[str] | None, typer.Option(metavar="KEY", help="A metric that must gain; default: the first.")
]
ShipConditions = Annotated[
    list[str] | None, typer.Option(metavar="CONDITION", help="Such as 'accuracy improves_by 0.02 at 0.80'.")
]
RejectConditions = Annotated[
    list[str] | None, typer.Option(metavar="CONDITION", help="Such as 'accuracy regresses_by 0.01 at 0.80'.")
]
ActionUsed = Annotated[
    str, typer.Option(metavar="OWNER/NAME@COMMIT", help="What the workflow uses: a release.")
]


ProtectedBranch = Annotated[
    str, typer.Option(metavar="NAME", help="Branch that the bar protects; default: the default one.")
]
WithRecord = Annotated[
    bool, typer.Option("--record", help="Also the job that keeps each verdict on the branch remyx-verdicts.")
]
LooksOfPolicy = Annotated[
    Literal["counted", "corrected"] | None,
    typer.Option(help="corrected: each look at a pull request raises the floors of ship; default: counted."),
]
ForForks = Annotated[
    bool, typer.Option("--forks", help="Also the workflow that comments on pull requests from forks.")
]
AppId = Annotated[
    int | None,
    typer.Option(metavar="ID", help="The GitHub App whose token posts the check; default: GitHub Actions."),
]


TargetBranch = Annotated[
    str | None, typer.Option(metavar="NAME", help="Into which changes go; default: the default branch.")
]
OnlyTemplate = Annotated[
    str | None, typer.Argument(metavar="[TEMPLATE]", help="Only this template; default: every one.")
]
AllowOwn = Annotated[
    bool, typer.Option("--allow-own", help="Let administrators merge their own pull requests, unreviewed.")
]
RulesOfRecord = Annotated[
    bool, typer.Option("--record", help="Write nothing; print the rules for the branch remyx-verdicts.")
]
OnlyCheck = Annotated[
    bool,
    typer.Option(
        "--check", help="Write nothing; exit 3 where a lock drifted or is missing, or its owners changed."
    ),
]


def lock(
    context: typer.Context,
    name: OnlyTemplate = None,
    template: TemplateName = None,
    owners: Owners = None,
    branch: TargetBranch = None,
    app_id: AppId = None,
    allow_own: AllowOwn = False,
    check: OnlyCheck = False,
    record: RulesOfRecord = False,
    format: FormatOption = "text",
) -> int:
    """Lock what HEAD holds: digests, owners of every protected path, and the branch rules to import.

    Example: remyx-action lock --owners @org/leads > ruleset.json
    """
    from remyx_action.commands import lock as command

    root = root_of(context)
    if name and template not in {None, name}:
        raise WrongUsage(f"two templates are named: {name} and {template}", help="name one of them")
    chosen = name or template
    if check:
        return show(command.check_locks(root, template=chosen).as_output(), format)
    if format != "text":
        raise WrongUsage("`--format` is for `lock --check`: `lock` prints a ruleset", help="add --check")
    if record:
        from remyx_action.history.record import BRANCH
        from remyx_action.report.render.ruleset import ruleset_of_record

        echo(ruleset_of_record(BRANCH), "json", nl=False)
        return Exit.SHIP
    locked = command.lock(
        root, template=chosen, owners=owners or [], branch=branch, app_id=app_id, allow_own=allow_own
    )
    echo(locked.log, nl=False, err=True)
    echo(locked.ruleset, "json", nl=False)
    return Exit.SHIP


def doctor(
    context: typer.Context,
    repository: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="On GitHub; default: that of `origin`.")
    ] = None,
    branch: TargetBranch = None,
    app_id: AppId = None,
    format: FormatOption = "text",
) -> int:
    """Ask GitHub whether the lock is enforced: each item verified, missing or unknown, with the fix.

    Reads GITHUB_TOKEN. Example: GITHUB_TOKEN=$(gh auth token) remyx-action doctor
    """
    from remyx_action.commands import doctor as command
    from remyx_action.github.client import Client, Connection

    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN")
    if not token:
        raise WrongUsage("doctor asks GitHub, and there is no token", help="GITHUB_TOKEN=$(gh auth token)")
    asked = command.branch_of_clone(root_of(context), repository=repository, branch=branch)
    address = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    client = Client(Connection(api_url=address, repository=asked.repository, token=token))
    answer = command.doctor(
        client, asked, app_id=app_id, format=format, width=screen_width(), colour=screen_colour()
    )
    echo(answer.output, format, nl=False)
    return answer.exit


def tasks(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A task, a group, or what to search for.")
    ] = None,
    format: FormatOption = "text",
) -> int:
    """List lighteval's tasks, or show one: its data, its metrics, and a template to paste.

    Example: remyx-action tasks gsm8k
    """
    from remyx_action.commands import tasks as command

    return show(command.tasks(name), format)


def init(
    context: typer.Context,
    from_: Example = None,
    metric: MetricRows = None,
    script: ScriptPath = "",
    baseline: TodaysAsset = "",
    variant_file: VariantPlace = "",
    harness: HarnessFiles = None,
    samples: Annotated[str, typer.Option(metavar="N", help="How many samples are expected.")] = "",
    template: Annotated[str, typer.Option(metavar="NAME", help="The evaluation's name.")] = "",
    policy: Annotated[str, typer.Option(metavar="NAME", help="The policy's name.")] = "",
    headline: Headline = None,
    ship: ShipConditions = None,
    reject: RejectConditions = None,
    owners: Owners = None,
    branch: ProtectedBranch = "",
    action: ActionUsed = "",
    forks: ForForks = False,
    record: WithRecord = False,
    looks: LooksOfPolicy = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: flags, findings and defaults.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
) -> int:
    """Set a bar up: finds, asks at most ten questions, shows what it will write, and writes it.

    Example: remyx-action init --from digits --owners @org/leads
    """
    from remyx_action.commands.init import command

    single = {"--from": from_, "--script": script, "--baseline": baseline, "--samples": samples}
    single |= {"--variant-file": variant_file}
    several = {"--metric": metric, "--harness": harness, "--headline": headline}
    several |= {"--ship": ship, "--reject": reject}
    wishes = command.Wishes(template=template, policy=policy, branch=branch, action=action)
    wishes = replace(wishes, owners=owners or [], for_forks=forks, recorded=record, yes=yes)
    wishes = replace(wishes, dry_run=dry_run, force=force, looks=looks)
    root = (context.obj or Path()).absolute()
    given = _given(single, several)
    return command.init(root, given, wishes, ask=_ask, say=echo, try_out=_try_out)


def _given(
    single: Mapping[str, str | None], several: Mapping[str, list[str] | None]
) -> dict[str, Sequence[str]]:
    """Return flag → what was typed, without those that were not."""
    one = {flag: [typed] for flag, typed in single.items() if typed}
    return {**one, **{flag: typed for flag, typed in several.items() if typed}}


def _try_out(root: Path, answers: Answers) -> Contents:
    from remyx_action.commands.init.trial import try_out

    return try_out(root, answers, on_github.world())


def _ask(question: str, proposal: str = "", *, many: bool = False) -> list[str]:
    """Put a question on the terminal, or read the answer from a pipe; NobodyAnswers at its end."""
    from remyx_action.commands.init.interview import NobodyAnswers
    from remyx_action.project.files.wording import shown_as

    lines: list[str] = []
    prompt = f"{question} [{shown_as(proposal)}]: " if proposal else f"{question}: "
    while True:
        echo(prompt, nl=False)
        line = sys.stdin.readline()
        if not sys.stdin.isatty():
            echo("")
        if not line and not lines:
            raise NobodyAnswers
        if line.strip():
            lines.append(line.strip())
        if not many or not line.strip() or lines in (["?"], ["<"]):
            return lines
        prompt = "  another, or Enter: "


experiment_commands = typer.Typer(
    help="Write down what a variant is to show, so that its verdict says it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@experiment_commands.callback()
def _experiment() -> None:
    """Keep `new` a command of its own: Typer would fold a single one into its group."""


@experiment_commands.command("new")
def new_experiment(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, and that of its file.")],
    template: Annotated[
        str, typer.Option(metavar="NAME", help="The template that measures it; default: the only one.")
    ] = "",
    variant: Annotated[str, typer.Option(metavar="ASSET", help="What is to be scored.")] = "",
    hypothesis: Annotated[str, typer.Option(metavar="TEXT", help="What is expected, and why.")] = "",
    target_metric: Annotated[str, typer.Option(metavar="KEY", help="The metric that should move.")] = "",
    tag: Annotated[
        list[str] | None, typer.Option(metavar="WORD", help="A free word; more than once.")
    ] = None,
) -> int:
    """Write .remyx/experiments/NAME.yaml: hypothesis, target metric, tags, variant.

    Example: remyx-action experiment new sft-3 --variant org/sft-3 --target-metric accuracy
    """
    from remyx_action.commands import experiment as command

    wanted = command.NewExperiment(
        name=name,
        template=template,
        variant=variant,
        hypothesis=hypothesis,
        target_metric=target_metric,
        tags=tag or (),
    )
    person = (lambda question: "".join(_ask(question))) if sys.stdin.isatty() else None
    echo(f"wrote {command.new(root_of(context), wanted, person)}")
    echo(f"next: remyx-action run --experiment {name}")
    return Exit.SHIP
