"""The questions of `init`, at most ten, each with a proposal that was found in the repository."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from remyx_action.errors import WrongUsage
from remyx_action.project.files.layout import matcher
from remyx_action.project.files.wording import did_you_mean, nearest, quoted

from .answers import Answers, Contents, MetricAnswer, recommended
from .drafting import EXAMPLES
from .finding import Found, Program, container_of, harness_of, program_at
from .interview import Given, Prompt, Step
from .tables import HELP, as_line
from .typed import (
    ASSET_HELP,
    BY_COMMIT,
    LIGHTEVAL,
    NOTHING_RUNS,
    NOWHERE,
    UNKNOWN,
    chosen,
    conditions_typed,
    count_typed,
    example_named,
    is_yes,
    metrics_typed,
    split_words,
    with_baseline,
    with_program,
    with_results,
    with_task,
    with_variant_file,
)

EXAMPLE = MetricAnswer(key="accuracy", unit="accuracy")
Try = Callable[[Answers], Contents]
"""Runs the script once on the baseline; NotJudged where it fails or leaves no score."""


class Questions:
    """Each question as a step of the interview: the one that comes up after some answers, if any does."""

    def __init__(self, root: Path, found: Found, given: Given, try_out: Try) -> None:
        self._root = root
        self._found = found
        self._given = given
        self._try_out = try_out
        self._insisted = set(given.get("--script", ()))
        self._failed = False

    @property
    def steps(self) -> Sequence[Step]:
        """All that ask for the bar, in the order in which a person thinks of them."""
        return [
            self.program,
            self.baseline,
            self.variant,
            self.harness,
            self.trial,
            self.metrics,
            self.samples,
            self.headline,
            self.ship,
            self.reject,
        ]

    def _is_there(self, known: Answers) -> bool:
        """Whether there is a script of the repository's own."""
        return bool(known.script) and (self._root / known.script).exists()

    def example(self, known: Answers) -> Prompt | None:
        """Which example a person starts from, where the repository shows nothing."""
        shows = self._found.programs or self._found.results or {"--metric", "--script"} & set(self._given)
        if shows and "--from" not in self._given:
            return None
        names = ", ".join(EXAMPLES)
        return Prompt(
            flag="--from EXAMPLE",
            text=f"Nothing to evaluate found here. Start from an example ({names}), `{LIGHTEVAL} TASK`, "
            f"`{NOTHING_RUNS} PATH`, or none",
            help="An example is a whole evaluation with its bar, to look at and to change. "
            "`remyx-action tasks` lists lighteval's tasks.",
            proposal=list(EXAMPLES)[:1],
            unasked=(),
            accept=lambda lines: (
                self._without_script(known, lines[0]) or replace(known, example=example_named(lines[0]))
            ),
        )

    def program(self, known: Answers) -> Prompt | None:
        """What scores one version: a script, a command, a task of lighteval, or files of another job."""
        if known.task or known.runtime == "results":
            return None
        first = next(iter(self._found.programs), None)
        proposal = _as_typed(first) if first else NOTHING_RUNS if self._found.results else "evaluate.py"
        return Prompt(
            flag="--script PATH",
            text=f"Which script or command scores one version (or `{LIGHTEVAL} TASK`; `{NOTHING_RUNS}`: "
            "another job does)",
            help="A file, a folder with a Dockerfile, or a command; it is run once for the baseline and once "
            "for the variant. {asset} is the version's name and {output_dir} a folder for results; the "
            "script also finds them in REMYX_ASSET and REMYX_OUTPUT_DIR. `remyx-action tasks` lists "
            f"lighteval's tasks. `{NOTHING_RUNS} PATH` names files that are not found by themselves.",
            proposal=[proposal],
            is_needed=not (first or self._found.results),
            accept=lambda lines: self._with_program(known, lines[0]),
        )

    def _with_program(self, known: Answers, typed: str) -> Answers:
        complete = self._without_script(known, typed)
        if complete is not None:
            return complete
        words = split_words(typed)
        script = next((word for word in words if (self._root / word).exists()), None)
        if script is None:
            self._say_once(typed, words)
            script = next((word for word in words if word.endswith((".py", ".sh", "/"))), words[0])
        known = with_program(known, self._root, self._found, script, words)
        return self._with_container(known)

    def _without_script(self, known: Answers, typed: str) -> Answers | None:
        """Return the answers with the task or the results that are named, or None where neither is."""
        name, _, named = typed.partition(" ")
        if name == NOTHING_RUNS:
            return with_results(known, self._root, self._found, named.strip())
        is_task = name == LIGHTEVAL and not (self._root / LIGHTEVAL).exists()
        return with_task(known, named.strip()) if is_task else None

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
        if known.runtime == "results":
            return None
        model = next(iter(self._found.models), None)
        usual = "org/model" if known.runtime == LIGHTEVAL else "baseline"
        return Prompt(
            flag="--baseline ASSET",
            text=f"Which version counts today (`{BY_COMMIT}`: the code before a change)",
            help="Its name as the script knows it: a model, a prompt, a configuration. Every variant is "
            "compared with it. With `commits` the code of the merge base is compared with that of the "
            "pull request.",
            proposal=[model.asset if model else usual],
            unasked=[usual],
            accept=lambda lines: with_baseline(known, lines[0]),
        )

    def variant(self, known: Answers) -> Prompt | None:
        """Where a pull request names its variant."""
        if known.runtime == "results" or known.compare == "commits":
            return None
        model = next((one for one in self._found.models if one.asset == known.baseline_asset), None)
        place = f"{model.file}#{model.pointer}" if model else "model.yaml#/model"
        return Prompt(
            flag="--variant-file FILE",
            text=f"Where a pull request names its version, as FILE#/KEY ({NOWHERE}: nowhere)",
            help="A value in a YAML or JSON file. A pull request that changes it proposes that version. "
            "A file that does not exist is written. "
            "Without one, --variant and experiments name it.",
            proposal=[place],
            unasked=(),
            accept=lambda lines: self._with_variant(known, lines[0]),
        )

    def _with_variant(self, known: Answers, typed: str) -> Answers:
        named = (one for one in self._found.programs if one.script == known.script)
        is_told = known.runtime == LIGHTEVAL or any("{asset}" in word for word in known.command)
        reads = is_told or (next(named, None) or program_at(self._root, known.script)).reads_asset
        if typed == NOWHERE and not reads and self._is_there(known):
            raise WrongUsage(f"nothing tells {known.script} which version to score", help=ASSET_HELP)
        if typed == NOWHERE:
            return known
        file, _, pointer = typed.partition("#")
        known = with_variant_file(known, self._root, file, pointer or "/model", reads=reads)
        return self._with_container(known)

    def _with_container(self, known: Answers) -> Answers:
        config = known.variant_file if known.is_patched else ""
        container = container_of(self._root, known.script, self._found.paths, config)
        return replace(known, container=container)

    def harness(self, known: Answers) -> Prompt | None:
        """Which files decide a score."""
        if known.runtime != "custom" or not (self._is_there(known) or "--harness" in self._given):
            return None
        proposal = harness_of(self._root, self._found, known.script, known.container)
        return Prompt(
            flag="--harness GLOB",
            text="Which files decide a score (script, test data, prompts)",
            help="They are locked: a pull request that changes one of them cannot judge itself. Paths, or "
            "globs such as data/**, separated by blanks.",
            proposal=[" ".join(map(_word, proposal))],
            accept=lambda lines: self._with_harness(known, split_words(" ".join(lines))),
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
        if known.runtime != "custom" or "--metric" in self._given or not self._is_there(known):
            return None
        asset = known.baseline_asset or "the code as it is"
        return Prompt(
            text=f"Run it once now on {asset}, to see what it reports (yes or no)",
            help="Metrics, sample count and the place of the scores then follow from what it leaves.",
            proposal=["no" if self._failed else "yes"],
            unasked=["no"],
            accept=lambda lines: self._tried(known, lines[0]),
        )

    def _tried(self, known: Answers, answer: str) -> Answers:
        if not is_yes(answer):
            return replace(known, contents=next(iter(self._found.results.values()), None))
        self._failed = True
        tried = replace(known, contents=self._try_out(known))
        self._failed = False
        return tried

    def metrics(self, known: Answers) -> Prompt | None:
        """What the script reports."""
        if known.metrics:
            return None
        reported = known.contents.metrics if known.contents else ()
        proposal = [as_line(one) for one in reported or (EXAMPLE,)]
        return Prompt(
            flag="--metric KEY:UNIT:BASELINE",
            text="Metrics: key, label, unit, value today (- before the key: less is better)",
            help=f"{HELP}. accuracy and fraction go from 0 to 1, % from 0 to 100.",
            proposal=proposal,
            is_needed=not reported,
            accept=lambda lines: replace(
                known,
                metrics=reported if reported and list(lines) == proposal else metrics_typed(lines, reported),
            ),
            many=True,
        )

    def samples(self, known: Answers) -> Prompt | None:
        """How many samples are expected."""
        if known.contents and "--samples" not in self._given:
            return None
        return Prompt(
            flag="--samples N",
            text=f"How many samples it scores ({UNKNOWN}: unknown)",
            help="A run with fewer cannot ship.",
            proposal=[UNKNOWN],
            unasked=(),
            accept=lambda lines: replace(known, samples=count_typed(lines[0])),
        )

    def headline(self, known: Answers) -> Prompt | None:
        """Which metrics must gain."""
        keys = [metric.key for metric in known.metrics]
        if not keys or ("--ship" in self._given and "--headline" not in self._given):
            return None
        return Prompt(
            flag="--headline KEY",
            text="Which must gain; the others must not get worse",
            help=f"One or more of {', '.join(keys)}, separated by blanks.",
            proposal=keys[:1],
            accept=lambda lines: replace(known, headline=chosen(re.split(r"[ ,]+", " ".join(lines)), keys)),
        )

    def ship(self, known: Answers) -> Prompt | None:
        """The ship rule."""
        proposal, _ = recommended(known.metrics, known.headline)
        if not known.metrics:
            return None
        return Prompt(
            flag="--ship CONDITION",
            text="Ship when all of these hold",
            help="Such as accuracy.delta >= 0.02 at 80%, latency no_regression 5% of baseline, "
            "delta_confidence >= 0.80 or coverage >= 1; `at 80%` asks to be that sure.",
            proposal=proposal,
            accept=lambda lines: replace(known, ship=conditions_typed(lines, known.metrics)),
            many=True,
        )

    def reject(self, known: Answers) -> Prompt | None:
        """The reject rule."""
        _, proposal = recommended(known.metrics, known.headline)
        if not known.metrics:
            return None
        return Prompt(
            flag="--reject CONDITION",
            text=f"Reject when any of these holds ({NOWHERE}: never)",
            help="Such as accuracy regresses_by 0.01 at 80%: more than 0.01 was lost, and that is 80 % sure. "
            "no_regression rejects when it is violated.",
            proposal=proposal,
            unasked=() if "--ship" in self._given else None,
            accept=lambda lines: replace(
                known, reject=() if list(lines) == [NOWHERE] else conditions_typed(lines, known.metrics)
            ),
            many=True,
        )

    def agreement(self, known: Answers) -> Prompt:
        """Whether what was shown is to be written."""
        return Prompt(
            text="Write these files (yes or no)",
            help="no writes nothing",
            proposal=["yes"],
            accept=lambda lines: replace(known, is_agreed=is_yes(lines[0])),
        )


def _as_typed(program: Program) -> str:
    return " ".join(map(_word, program.command)) or program.script


def _word(word: str) -> str:
    return word if re.fullmatch(r"[\w./{}@:,=*-]+", word) else shlex.quote(word)
