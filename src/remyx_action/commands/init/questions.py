"""The questions of `init`, at most ten, each with a proposal that was found in the repository."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from remyx_action.errors import WrongUsage
from remyx_action.project.files.globs import matcher
from remyx_action.project.files.wording import did_you_mean, nearest, quoted

from .answers import Answers, Contents, MetricAnswer
from .conditions import check_condition, recommended
from .finding import Found, Program, container_of, harness_of, parsed, program_at, texts_in
from .interview import Prompt, Step
from .tables import HELP, as_line, merged, metrics_in
from .texts import dotted

NOTHING_RUNS, BY_COMMIT, NOWHERE, UNKNOWN = "results", "commits", "-", "-"
EXAMPLE = MetricAnswer(key="accuracy", unit="accuracy")
ASSET_HELP = "put {asset} into the command, such as --model {asset}, or name the file that it reads below"
Try = Callable[[Answers], Contents]
"""Runs the script once on the baseline; NotJudged where it fails or leaves no score."""


def questions(root: Path, found: Found, try_out: Try) -> Sequence[Step]:
    """Return the questions in the order in which a person thinks of them."""
    asked = _Questions(root, found, try_out)
    return [
        asked.program,
        asked.baseline,
        asked.variant,
        asked.harness,
        asked.trial,
        asked.metrics,
        asked.samples,
        asked.headline,
        asked.ship,
        asked.reject,
    ]


class _Questions:
    def __init__(self, root: Path, found: Found, try_out: Try) -> None:
        self._root = root
        self._found = found
        self._try_out = try_out
        self._insisted: set[str] = set()
        self._failed = False

    def program(self, known: Answers) -> Prompt | None:
        """What scores one version: a script, a command, or files that another job makes."""
        if known.script or known.runtime == "results":
            return None
        first = next(iter(self._found.programs), None)
        proposal = _as_typed(first) if first else NOTHING_RUNS if self._found.results else "evaluate.py"
        return Prompt(
            text="Which script or command scores one version (`results`: another job does)",
            help="A file, a folder with a Dockerfile, or a command; it is run once for the baseline and once "
            "for the variant. {asset} is the version's name and {output_dir} a folder for results; the "
            "script also finds them in REMYX_ASSET and REMYX_OUTPUT_DIR.",
            proposal=[proposal],
            accept=lambda lines: self._with_program(known, lines[0]),
        )

    def _with_program(self, known: Answers, typed: str) -> Answers:
        if typed == NOTHING_RUNS:
            return with_results(known, self._found)
        words = split_words(typed)
        script = next((word for word in words if (self._root / word).exists()), None)
        if script is None:
            self._say_once(typed, words)
            script = next((word for word in words if word.endswith((".py", ".sh", "/"))), words[0])
        return with_program(known, self._root, self._found, script, words)

    def _say_once(self, typed: str, words: Sequence[str]) -> None:
        """Refuse a path that is not there, unless it is given a second time."""
        scripts = [program.script for program in self._found.programs]
        if typed in self._insisted or not (self._found.paths or scripts):
            return
        self._insisted.add(typed)
        like = [one for word in words if (one := nearest(word, [*scripts, *self._found.paths]))]
        named = f"did you mean {like[0]}? " if like else ""
        raise WrongUsage(
            f"there is no {quoted(typed)}", help=f"{named}the same again: it will be written later"
        )

    def baseline(self, known: Answers) -> Prompt | None:
        """What the variant is compared with."""
        if known.runtime == "results" or known.baseline_asset or known.compare == "commits":
            return None
        model = next(iter(self._found.models), None)
        return Prompt(
            text="Which version counts today (`commits`: the code before a change)",
            help="Its name as the script knows it: a model, a prompt, a configuration. Every variant is "
            "compared with it. With `commits` the code of the merge base is compared with that of the "
            "pull request.",
            proposal=[model.asset if model else "baseline"],
            accept=lambda lines: _with_baseline(known, lines[0]),
        )

    def variant(self, known: Answers) -> Prompt | None:
        """Where a pull request names its variant."""
        if known.runtime == "results" or known.compare == "commits" or known.variant_file:
            return None
        model = next((one for one in self._found.models if one.asset == known.baseline_asset), None)
        place = f"{model.file}#{model.pointer}" if model else "model.yaml#/model"
        return Prompt(
            text=f"Where a pull request names its version, as FILE#/KEY ({NOWHERE}: nowhere)",
            help="A value in a YAML or JSON file. A pull request that changes it proposes that version. "
            "A file that does not exist is written. "
            "Without one, --variant and experiments name it.",
            proposal=[place],
            accept=lambda lines: self._with_variant(known, lines[0]),
        )

    def _with_variant(self, known: Answers, typed: str) -> Answers:
        program = self._program_of(known)
        reads = program.reads_asset or any("{asset}" in word for word in known.command)
        if typed == NOWHERE:
            if not reads and (self._root / known.script).exists():
                raise WrongUsage(f"nothing tells {known.script} which version to score", help=ASSET_HELP)
            return self._with_container(replace(known, variant_file=NOWHERE))
        file, _, pointer = typed.partition("#")
        return self._with_container(
            with_variant_file(known, self._root, file, pointer or "/model", reads=reads)
        )

    def _with_container(self, known: Answers) -> Answers:
        config = known.variant_file if known.is_patched else ""
        container = container_of(self._root, known.script, self._found.paths, config)
        return replace(known, container=container)

    def _program_of(self, known: Answers) -> Program:
        named = (one for one in self._found.programs if one.script == known.script)
        return next(named, None) or program_at(self._root, known.script)

    def harness(self, known: Answers) -> Prompt | None:
        """Which files decide a score."""
        if known.runtime == "results" or known.harness or not (self._root / known.script).exists():
            return None
        proposal = harness_of(self._root, self._found, known.script, known.container)
        return Prompt(
            text="Which files decide a score (script, test data, prompts)",
            help="They are locked: a pull request that changes one of them cannot judge itself. Paths, or "
            "globs such as data/**, separated by blanks.",
            proposal=[" ".join(map(_word, proposal))],
            accept=lambda lines: self._with_harness(known, split_words(lines[0])),
        )

    def _with_harness(self, known: Answers, globs: Sequence[str]) -> Answers:
        for glob in globs:
            fits = matcher([glob])
            if not any(map(fits, self._found.paths)):
                raise WrongUsage(
                    f"no file fits {quoted(glob)}", help=did_you_mean(glob, self._found.paths, none="")
                )
        return replace(known, harness=tuple(globs))

    def trial(self, known: Answers) -> Prompt | None:
        """Whether the script is run once now."""
        if (
            known.runtime == "results"
            or known.contents
            or known.metrics
            or not (self._root / known.script).exists()
        ):
            return None
        asset = known.baseline_asset or "the code as it is"
        return Prompt(
            text=f"Run it once now on {asset}, to see what it reports (yes or no)",
            help="Metrics, sample count and the place of the scores then follow from what it leaves.",
            proposal=["no" if self._failed else "yes"],
            accept=lambda lines: self._tried(known, lines[0]),
        )

    def _tried(self, known: Answers, answer: str) -> Answers:
        if answer.casefold() in {"n", "no"}:
            return with_report_at_hand(known, self._found)
        if answer.casefold() not in {"y", "yes"}:
            raise WrongUsage("yes or no", help="")
        self._failed = True
        tried = replace(known, contents=self._try_out(known))
        self._failed = False
        return tried

    def metrics(self, known: Answers) -> Prompt | None:
        """What the script reports."""
        if known.metrics:
            return None
        reported = known.contents.metrics if known.contents else ()
        return Prompt(
            text="Metrics: key, label, unit, value today (- before the key: less is better)",
            help=f"{HELP}. accuracy and fraction go from 0 to 1, % from 0 to 100.",
            proposal=[as_line(one) for one in reported or (EXAMPLE,)],
            accept=lambda lines: replace(known, metrics=_metrics(lines, reported)),
            many=True,
        )

    def samples(self, known: Answers) -> Prompt | None:
        """How many samples are expected."""
        counted = known.contents and known.contents.samples
        if known.samples or counted or known.contents:
            return None
        return Prompt(
            text=f"How many samples it scores ({UNKNOWN}: unknown)",
            help="A run with fewer cannot ship.",
            proposal=[UNKNOWN],
            accept=lambda lines: replace(known, samples=_count(lines[0])),
        )

    def headline(self, known: Answers) -> Prompt | None:
        """Which metrics must gain."""
        keys = [metric.key for metric in known.metrics]
        if known.ship or (known.headline and set(known.headline) <= set(keys)):
            return None
        return Prompt(
            text="Which must gain; the others must not get worse",
            help=f"One or more of {', '.join(keys)}, separated by blanks.",
            proposal=[keys[0]],
            accept=lambda lines: replace(known, headline=chosen(re.split(r"[ ,]+", lines[0]), keys)),
        )

    def ship(self, known: Answers) -> Prompt | None:
        """The ship rule."""
        if known.ship:
            return None
        proposal, _ = recommended(known.metrics, known.headline)
        return Prompt(
            text="Ship when all of these hold",
            help="Such as accuracy.delta >= 0.02 at 80%, latency no_regression 5% of baseline, "
            "delta_confidence >= 0.80 or coverage >= 1; `at 80%` asks to be that sure.",
            proposal=proposal,
            accept=lambda lines: replace(known, ship=_conditions(lines, known.metrics)),
            many=True,
        )

    def reject(self, known: Answers) -> Prompt | None:
        """The reject rule."""
        if known.reject:
            return None
        _, proposal = recommended(known.metrics, known.headline)
        return Prompt(
            text=f"Reject when any of these is violated, or holds ({NOWHERE}: never)",
            help="no_regression rejects when it is violated; every other condition when it holds.",
            proposal=proposal,
            accept=lambda lines: replace(
                known, reject=() if list(lines) == [NOWHERE] else _conditions(lines, known.metrics)
            ),
            many=True,
        )


def _as_typed(program: Program) -> str:
    return " ".join(map(_word, program.command)) or program.script


def _word(word: str) -> str:
    return word if re.fullmatch(r"[\w./{}@:,=*-]+", word) else shlex.quote(word)


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


def with_results(known: Answers, found: Found) -> Answers:
    """Return the answers where nothing is run: with what the result files at hand hold."""
    first = next((path for path in found.results if "base" in path.casefold()), None)
    first = first or next(iter(found.results), None)
    if first is None:
        raise WrongUsage(
            "no file here looks like results", help="name a script, or put the baseline's results here first"
        )
    return replace(known, runtime="results", contents=found.results[first])


def with_report_at_hand(known: Answers, found: Found) -> Answers:
    """Return the answers with what an earlier run left, where one is found: nothing is run now."""
    contents = next(iter(found.results.values()), None)
    return replace(known, contents=contents) if contents is not None else known


def with_variant_file(known: Answers, root: Path, file: str, pointer: str, *, reads: bool) -> Answers:
    """Return the answers with the place that names the variant; a script that reads it gets a changed copy.

    `reads`: the script is told its asset otherwise.
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


def _with_baseline(known: Answers, typed: str) -> Answers:
    if not typed.isprintable() or len(typed) > 500:
        raise WrongUsage(f"{quoted(typed)} is no name", help="one line")
    return replace(known, compare="commits") if typed == BY_COMMIT else replace(known, baseline_asset=typed)


def _metrics(lines: Sequence[str], reported: Sequence[MetricAnswer]) -> tuple[MetricAnswer, ...]:
    by_key = {one.key: one for one in reported}
    typed = metrics_in(lines)
    for one in typed:
        if by_key and one.key not in by_key:
            raise WrongUsage(
                f"{one.label or one.key} is not among what was reported",
                help=did_you_mean(one.key, by_key, none=""),
            )
    return tuple(merged(one, by_key[one.key]) if one.key in by_key else one for one in typed)


def _count(typed: str) -> str:
    if typed == UNKNOWN:
        return UNKNOWN
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


def _conditions(lines: Sequence[str], metrics: Sequence[MetricAnswer]) -> tuple[str, ...]:
    return tuple(check_condition(line, metrics) for line in lines)
