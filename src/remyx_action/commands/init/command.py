"""`init`: what is known, found and answered → the files of a bar, written once they were shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.commands.output import Say
from remyx_action.errors import Exit, WrongUsage
from remyx_action.project.models.fields import KEY_PATTERN

from . import Answers, Found, MetricAnswer, recommended
from .drafting import EXAMPLES, draft, example, shown, survey, write
from .interview import Ask, interview


class Wishes(Struct, frozen=True, kw_only=True):
    """How the person wants it done."""

    example: str | None = None
    headline: Sequence[str] = ()
    owners: Sequence[str] = ()
    yes: bool = False
    dry_run: bool = False
    force: bool = False
    for_forks: bool = False
    """Also the workflow that comments on pull requests from forks."""


def known_from(
    metrics: Sequence[str], variant_file: str, ship: Sequence[str], reject: Sequence[str], **texts: str
) -> Answers:
    """What flags say; `texts` are fields of Answers, `variant_file` is FILE or FILE#POINTER."""
    file, _, pointer = variant_file.partition("#")
    return Answers(
        metrics=metrics_of(metrics),
        variant_file=file,
        variant_pointer=pointer or "/model",
        ship=tuple(ship),
        reject=tuple(reject),
        **texts,  # type: ignore[arg-type]
    )


def init(root: Path, known: Answers, wishes: Wishes, *, ask: Ask, say: Say, is_terminal: bool) -> Exit:
    """Find, ask, show, write; nothing is written before it was shown and agreed to."""
    ready: Mapping[str, str] | None = None
    asks = is_terminal and not wishes.yes
    found = survey(root)
    name = wishes.example
    if name is None and asks and not (found.scripts or found.results or known.metrics):
        answer = ask(
            f"Nothing to evaluate found here. Start from an example ({', '.join(EXAMPLES)}), or none",
            "digits",
        )
        name = None if answer == "none" else answer
    if name is not None:
        of_example, ready = example(name)
        branch = ask("Branch that the bar protects", known.branch) if asks else known.branch
        known = replace(of_example, branch=branch, action=known.action)
    elif asks:
        known = interview(known, found, ask, say)
    else:
        known = without_asking(known, found, wishes)
    owners = wishes.owners
    if asks and not owners:
        answer = ask("Whose review does a change of the bar need (@org/team; - to say it later)", "-")
        owners = () if answer == "-" else tuple(answer.split())
    drafted = draft(root, known, owners, ready=ready, for_forks=wishes.for_forks)
    say(f"\n{shown(root, drafted)}\n")
    for note in drafted.notes:
        say(f"note: {note}")
    if wishes.dry_run or (
        asks and ask("Write these files (yes or no)", "yes").casefold() not in {"y", "yes"}
    ):
        say("nothing was written")
        return Exit.SHIP
    for path in write(root, drafted, force=wishes.force):
        say(f"wrote {path}")
    say(NEXT)
    return Exit.SHIP


NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
YES = {"y", "yes"}
NEXT = """
next: remyx-action check
      git add -A && git commit -m "Set the bar"
      remyx-action lock --owners @org/team > ruleset.json   # then commit what it wrote
      remyx-action run --variant ASSET"""


def without_asking(known: Answers, found: Found, wishes: Wishes) -> Answers:
    """Flags, then what was found, then the recommended shape; WrongUsage names the flags that are missing."""
    metrics = known.metrics or next(iter(found.results.values()), ())
    script = known.script or next(iter(found.scripts), "")
    if not metrics or not script:
        missing = [
            flag
            for flag, value in (("--metric KEY:UNIT:BASELINE", metrics), ("--script PATH", script))
            if not value
        ]
        raise WrongUsage(
            "there is nobody to ask, and not enough is known",
            help=f"add {' and '.join(missing)}, or --from {next(iter(EXAMPLES))}",
        )
    ship, reject = recommended(metrics, wishes.headline or (metrics[0].key,))
    return replace(
        known,
        metrics=metrics,
        script=script,
        baseline_asset=known.baseline_asset or "baseline",
        ship=known.ship or ship,
        reject=known.reject or (() if known.ship else reject),
    )


def metrics_of(given: Sequence[str]) -> tuple[MetricAnswer, ...]:
    """`accuracy:accuracy:0.42`, `-latency:ms:120` → metrics."""
    metrics = []
    for text in given:
        key, unit, baseline = (*text.removeprefix("-").split(":", 2), "", "")[:3]
        if not re.match(KEY_PATTERN, key) or (
            baseline and not re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", baseline)
        ):
            raise WrongUsage(
                f"{text!r} is no metric", help="write KEY, KEY:UNIT or KEY:UNIT:BASELINE, such as acc:%:71.5"
            )
        direction: Literal["lower", ""] = "lower" if text.startswith("-") else ""
        metrics.append(MetricAnswer(key=key, unit=unit, direction=direction, baseline=baseline))
    return tuple(metrics)
