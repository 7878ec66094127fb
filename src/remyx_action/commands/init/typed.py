"""What was typed → the answers with it; WrongUsage says what to write instead."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from remyx_action.errors import WrongUsage
from remyx_action.project.files.wording import did_you_mean, quoted
from remyx_action.project.tasks import task_list
from remyx_action.project.tasks.listing import label_of
from remyx_action.project.tasks.resolving import offers_of
from remyx_action.readers.arm_files import format_of

from .answers import Answers, MetricAnswer, check_condition
from .drafting import EXAMPLES
from .finding import Found, parsed, texts_in
from .result_files import contents_of_files, contents_of_output
from .tables import merged, metrics_in
from .texts import dotted

_BASELINE, _VARIANT = re.compile("base"), re.compile(r"(^|[/_.-])(variant|candidate)s?([/_.-]|$)")
NOTHING_RUNS, LIGHTEVAL, BY_COMMIT, NOWHERE, UNKNOWN = "results", "lighteval", "commits", "-", "-"
ASSET_HELP = "put {asset} into the command, such as --model {asset}, or name the file that it reads below"


def is_yes(answer: str) -> bool:
    """Whether the answer is yes; WrongUsage where it is neither yes nor no."""
    if answer.casefold() not in {"y", "yes", "n", "no"}:
        raise WrongUsage("yes or no", help="")
    return answer.casefold().startswith("y")


def example_named(name: str) -> str:
    """Return an example's name, "" for `none`. WrongUsage."""
    if name not in {*EXAMPLES, "none"}:
        advice = did_you_mean(name, EXAMPLES, none=f"one of {', '.join(EXAMPLES)}, none")
        raise WrongUsage(f"there is no example {quoted(name)}", help=advice)
    return "" if name == "none" else name


def split_words(text: str) -> list[str]:
    """Return the words of a line as a shell reads them. WrongUsage."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise WrongUsage(f"{quoted(text)} has a quote without its end", help="close it") from error
    if not words or not text.isprintable():
        raise WrongUsage("there is nothing in it", help="write a path or a command")
    return words


def with_program(known: Answers, root: Path, found: Found, script: str, words: Sequence[str]) -> Answers:
    """Return the answers with a script of the repository, and the words that start it."""
    if script.startswith(("/", "../")):
        raise WrongUsage(f"{script} lies outside this folder", help="name a path below it")
    if (root / script).is_dir() and not script.endswith("/"):
        words = [f"{word}/" if word == script else word for word in words]
        script = f"{script}/"
    if script.endswith("/") and (root / script).exists():
        starts = [name for name in ("Dockerfile", "run", "entrypoint.sh") if (root / script / name).exists()]
        if not starts:
            inside = [one.script for one in found.programs if one.script.startswith(script)]
            raise WrongUsage(
                f"{script} has no Dockerfile and no executable `run` or `entrypoint.sh`",
                help=f"name a script in it, such as {inside[0]}" if inside else "name a script in it",
            )
    return replace(known, script=script, command=() if list(words) == [script] else tuple(words))


def with_results(known: Answers, root: Path, found: Found, path: str = "") -> Answers:
    """Return the answers where nothing is run: with what a file or folder holds, or the results at hand."""
    if path:
        place = root / path
        if path.startswith(("/", "../")) or not place.exists():
            advice = did_you_mean(path, found.paths, none="name a file or folder below this one")
            raise WrongUsage(f"there is no {quoted(path)} here", help=advice)
        contents = (
            contents_of_output(place)
            if place.is_dir()
            else contents_of_files(place.parent, [place.name], lambda _name: True)
        )
        if contents is None:
            raise _without_scores(path)
        return replace(known, runtime="results", contents=contents)
    first = next((path for path in found.results if _BASELINE.search(path.casefold())), None)
    first = first or next((path for path in found.results if not _VARIANT.search(path.casefold())), None)
    if first is None and found.results:
        named = (path for path in found.paths if format_of(path) and _BASELINE.search(path.casefold()))
        unread = next(named, None)
        if unread is not None:
            raise _without_scores(unread)
        raise WrongUsage(
            f"no baseline was found, only {next(iter(found.results))}",
            help=f"name the baseline's file or folder: `{NOTHING_RUNS} PATH`",
        )
    if first is None:
        raise WrongUsage(
            "no file here looks like results",
            help=f"name a script, or the baseline's file or folder: `{NOTHING_RUNS} PATH`",
        )
    return replace(known, runtime="results", contents=found.results[first])


def _without_scores(path: str) -> WrongUsage:
    return WrongUsage(
        f"{path} has no scores that could be read", help=f"`remyx-action read {path}` says what is in it"
    )


def with_task(known: Answers, name: str) -> Answers:
    """Return the answers with a task of lighteval's, which brings its metrics along. WrongUsage."""
    tasks = task_list().find(name)
    offers = offers_of(tasks)
    if not offers:
        none = "`remyx-action tasks` lists them"
        why = "; ".join(dict.fromkeys(task.why_not for task in tasks))
        raise WrongUsage(
            f"no verdict can rest on {quoted(name)}: {why}"
            if why
            else f"lighteval has no task {quoted(name)}",
            help=none if why else did_you_mean(name, task_list().names, none=none),
        )
    metrics = tuple(
        MetricAnswer(
            key=offer.key,
            label=label_of(offer.name),
            unit="fraction" if offer.metric.range == (0, 1) else "",
            direction="lower" if offer.metric.direction == "lower" else "",
        )
        for offer in offers
    )
    return replace(known, runtime=LIGHTEVAL, task=name, metrics=metrics)


def with_variant_file(known: Answers, root: Path, file: str, pointer: str, *, reads: bool) -> Answers:
    """Return the answers with the place that names the variant; a script that reads it gets a changed copy.

    `reads`: the script gets its asset otherwise.
    """
    if file.startswith(("/", "../")) or not file.endswith((".yaml", ".yml", ".json")):
        raise WrongUsage(
            f"{quoted(file)} is no YAML or JSON file of this folder", help="such as model.yaml#/model"
        )
    if not pointer.startswith("/"):
        raise WrongUsage(f"{quoted(pointer)} is no JSON Pointer", help=f"write {file}#/{pointer}")
    output = ""
    if (root / file).exists():
        texts = texts_in(parsed(root, file))
        if pointer not in texts:
            help_ = did_you_mean(pointer, texts, none="name another file, or correct it first")
            raise WrongUsage(f"{file} has no text at {pointer}", help=help_)
        outputs = (place for place in texts if re.search(r"out(put)?(_?(dir|path|folder))?$", place))
        output = next(outputs, "")
    elif not reads and (root / known.script).exists():
        raise WrongUsage(f"nothing tells {known.script} which version to score", help=ASSET_HELP)
    return replace(
        known,
        variant_file=file,
        variant_pointer=pointer,
        is_patched=not reads and (root / file).exists(),
        patched_output=dotted(output) if output and not reads else "",
    )


def with_baseline(known: Answers, typed: str) -> Answers:
    """Return the answers with what variants are compared with. WrongUsage."""
    if not typed.isprintable() or len(typed) > 500:
        raise WrongUsage(f"{quoted(typed)} is no name", help="one line")
    return replace(known, compare="commits") if typed == BY_COMMIT else replace(known, baseline_asset=typed)


def metrics_typed(lines: Sequence[str], reported: Sequence[MetricAnswer]) -> tuple[MetricAnswer, ...]:
    """Return the typed metrics, completed by what was reported of them. WrongUsage."""
    by_key = {one.key: one for one in reported}
    typed = metrics_in(lines)
    for one in typed:
        if by_key and one.key not in by_key:
            raise WrongUsage(
                f"{one.label or one.key} is not among what was reported",
                help=did_you_mean(one.key, by_key, none=""),
            )
    return tuple(merged(one, by_key[one.key]) if one.key in by_key else one for one in typed)


def count_typed(typed: str) -> str:
    """Return a number of samples, "" where it is unknown. WrongUsage."""
    if typed == UNKNOWN:
        return ""
    number = typed.replace(",", "")
    if not re.fullmatch(r"[1-9][0-9]{0,8}", number):
        raise WrongUsage(f"{quoted(typed)} is no number of samples", help=f"write a number, or {UNKNOWN}")
    return number


def chosen(words: Iterable[str], keys: Sequence[str]) -> tuple[str, ...]:
    """Return the metrics that were named. WrongUsage for one that is none."""
    named = [word for word in words if word]
    for word in named:
        if word not in keys:
            raise WrongUsage(f"there is no metric {quoted(word)}", help=did_you_mean(word, keys, none=""))
    return tuple(dict.fromkeys(named))


def conditions_typed(lines: Sequence[str], metrics: Sequence[MetricAnswer]) -> tuple[str, ...]:
    """Return the typed conditions as lines. WrongUsage."""
    return tuple(check_condition(line, metrics) for line in lines)
