"""The questions of `init`: what is known already is the default, so that Enter is an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from msgspec.structs import replace

from remyx_action.commands.output import Say
from remyx_action.errors import WrongUsage
from remyx_action.project.models.fields import KEY_PATTERN, NAME_PATTERN
from remyx_action.project.models.metrics import UNITS_THAT_NEED_A_DIRECTION

from . import Answers, Found, MetricAnswer, check_condition, recommended

_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")


class Ask(Protocol):
    """A question to a person; the default where they only press Enter."""

    def __call__(self, question: str, default: str = "") -> str: ...


def interview(known: Answers, found: Found, ask: Ask, say: Say) -> Answers:
    """Every answer that is still missing, asked in the order in which a person thinks of it."""
    metrics = known.metrics or _metrics(found, ask, say)
    keys = [metric.key for metric in metrics]
    script = ask("Script or folder that scores one version", _first(found.scripts, known.script))
    compare = _one_of(ask, say, "Compare two assets, or two commits", ("assets", "commits"), known.compare)
    asset = variant = ""
    pointer = known.variant_pointer
    if compare == "assets":
        asset = ask("Baseline: the asset that counts today", known.baseline_asset or "baseline")
        variant = ask(
            "File in which a pull request names its variant (- for none)", known.variant_file or "model.yaml"
        )
        variant = "" if variant == "-" else variant
        pointer = ask("Where in it, as a JSON Pointer", known.variant_pointer) if variant else pointer
    samples = _matching(
        ask, say, "How many samples are expected (- for unknown)", known.samples or "-", r"[1-9][0-9]*|-"
    )
    template = _matching(ask, say, "Name of this evaluation", known.template, NAME_PATTERN)
    ship, reject = known.ship, known.reject
    if not ship:
        ship, reject = _rules(metrics, keys, ask, say)
    branch = ask("Branch that the bar protects", known.branch)
    return replace(
        known,
        metrics=tuple(metrics),
        script=script,
        compare="commits" if compare == "commits" else "assets",
        baseline_asset=asset,
        variant_file=variant,
        variant_pointer=pointer,
        samples="" if samples == "-" else samples,
        template=template,
        ship=ship,
        reject=reject,
        branch=branch,
    )


def _metrics(found: Found, ask: Ask, say: Say) -> tuple[MetricAnswer, ...]:
    proposed = {one.key: one for metrics in found.results.values() for one in metrics}
    for path, metrics in found.results.items():
        say(f"found {path}: {', '.join(f'{one.key} {one.baseline}' for one in metrics)}")
    say("Metrics: what the script reports, one a row; an empty key ends the list.")
    rows: list[MetricAnswer] = []
    waiting = iter(proposed.values())
    while True:
        default = next(waiting, None) or (MetricAnswer(key="accuracy", unit="accuracy") if not rows else None)
        key = _matching(
            ask, say, f"  key of metric {len(rows) + 1}", default.key if default else "", KEY_PATTERN + "|^$"
        )
        if not key:
            return tuple(rows)
        if key in {row.key for row in rows}:
            say(f"  {key} is there already")
            continue
        rows.append(
            _metric(key, default if default and default.key == key else MetricAnswer(key=key), ask, say)
        )


def _metric(key: str, known: MetricAnswer, ask: Ask, say: Say) -> MetricAnswer:
    label = ask("    label (shown everywhere)", known.label or key)
    unit = ask(
        "    unit (accuracy and fraction: 0 to 1; % : 0 to 100; ms, s, usd, …)", known.unit or "accuracy"
    )
    lower = known.direction == "lower" or unit.casefold() in UNITS_THAT_NEED_A_DIRECTION
    direction = _one_of(ask, say, "    better is", ("higher", "lower"), "lower" if lower else "higher")
    number = f"(?:{_NUMBER.pattern})|-"
    baseline = _matching(ask, say, "    value today (- for unknown)", known.baseline or "-", number)
    return MetricAnswer(
        key=key,
        label="" if label == key else label,
        unit=unit,
        direction="lower" if direction == "lower" else "",
        baseline="" if baseline == "-" else baseline,
    )


def _rules(
    metrics: tuple[MetricAnswer, ...], keys: list[str], ask: Ask, say: Say
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    headline = ask("Which must gain? The others must not lose", keys[0])
    chosen = [word for word in re.split(r"[ ,]+", headline) if word]
    unknown = [word for word in chosen if word not in keys]
    if unknown:
        say(f"  there is no metric {unknown[0]}: {', '.join(keys)}")
        return _rules(metrics, keys, ask, say)
    ship, reject = recommended(metrics, chosen)
    return (
        _conditions("Ship when all of these hold", ship, metrics, ask, say),
        _conditions("Reject when any of these is surely violated or holds", reject, metrics, ask, say),
    )


def _conditions(
    title: str, proposed: tuple[str, ...], metrics: tuple[MetricAnswer, ...], ask: Ask, say: Say
) -> tuple[str, ...]:
    say(f"{title}:")
    for one in proposed:
        say(f"  {one}")
    answer = ask("Enter keeps them; or type your own, one a line, an empty line ends them")
    return tuple(_typed(answer, metrics, ask, say)) or proposed


def _typed(answer: str, metrics: tuple[MetricAnswer, ...], ask: Ask, say: Say) -> Iterator[str]:
    while answer:
        try:
            check_condition(answer, metrics)
            yield answer
        except WrongUsage as wrong:
            say(f"  {wrong.message}: {wrong.help}")
        answer = ask("  and")


def _matching(ask: Ask, say: Say, question: str, default: str, pattern: str) -> str:
    while True:
        answer = ask(question, default)
        if re.match(rf"(?:{pattern})(?![\s\S])", answer):
            return answer
        say(f"  {answer!r} does not fit: {_wanted(pattern)}")


def _wanted(pattern: str) -> str:
    if pattern.startswith(KEY_PATTERN):
        return "a-z, 0-9, _ and -, starting with a letter"
    return "letters, digits, . _ and -" if pattern == NAME_PATTERN else "write a number, or -"


def _one_of(ask: Ask, say: Say, question: str, words: tuple[str, ...], default: str) -> str:
    while True:
        answer = ask(f"{question} ({' or '.join(words)})", default)
        if answer in words:
            return answer
        say(f"  one of {', '.join(words)}")


def _first(found: tuple[str, ...], default: str) -> str:
    return found[0] if found else default
