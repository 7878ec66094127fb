"""`init`: what is known, found and answered → the files of a bar, written once they were shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from shlex import join

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.commands.output import Say
from remyx_action.errors import Exit, WrongUsage
from remyx_action.project.files.wording import shown_as
from remyx_action.sources.git import find_repository

from .answers import Answers, Contents
from .conditions import check_condition, recommended
from .drafting import EXAMPLES, Draft, draft, example, shown, write
from .finding import Found, container_of, harness_of, survey
from .interview import KEYS, Ask, NobodyAnswers, confirm, interview
from .questions import NOTHING_RUNS, chosen, questions, split_words, with_program, with_results
from .tables import metrics_in


class Wishes(Struct, frozen=True, kw_only=True):
    """How the person wants it done."""

    example: str | None = None
    owners: Sequence[str] = ()
    yes: bool = False
    dry_run: bool = False
    force: bool = False
    for_forks: bool = False
    """Also the workflow that comments on pull requests from forks."""


class Flags(Struct, frozen=True, kw_only=True):
    """What flags say, as it was typed; an empty text was not flags."""

    metrics: Sequence[str] = ()
    script: str = ""
    """A path, a command, or `results`."""
    variant_file: str = ""
    """FILE or FILE#POINTER."""
    harness: Sequence[str] = ()
    baseline: str = ""
    """An asset, or `commits`."""
    samples: str = ""
    template: str = ""
    policy: str = ""
    headline: Sequence[str] = ()
    ship: Sequence[str] = ()
    reject: Sequence[str] = ()
    branch: str = ""
    action: str = ""


TryOut = Callable[[Path, Answers], Contents]


def init(root: Path, flags: Flags, wishes: Wishes, *, ask: Ask, say: Say, try_out: TryOut) -> Exit:
    """Find, ask, show, write; nothing is written before it was shown and agreed to."""
    found = survey(root)
    known = _named(root, _known(root, found, flags), wishes)
    asks, ready = not wishes.yes, None
    ask = _to_the_last(ask)
    try:
        name = wishes.example or (_example_asked_for(known, found, ask, say) if asks else None)
        if name is not None:
            of_example, ready = example(name)
            known = replace(of_example, branch=known.branch, action=known.action)
        elif asks:
            for line in _seen(root, found):
                say(shown_as(line))
            say(KEYS)
            known = interview(known, questions(root, found, partial(try_out, root)), ask, say)
    except NobodyAnswers:
        asks = False
    if not asks and ready is None:
        known = without_asking(root, known, found)
    drafted = draft(root, _settled(known), wishes.owners, ready=ready, for_forks=wishes.for_forks)
    _show(root, drafted, say)
    if wishes.dry_run or (
        asks and not confirm(ask, say, "Write these files (yes or no)", "no writes nothing")
    ):
        say("nothing was written")
        return Exit.SHIP
    for path in write(root, drafted, force=wishes.force):
        say(f"wrote {path}")
    for one in drafted.left_out:
        say(f"left out: {one}")
    say(f"next: {_next(known, found)}")
    return Exit.SHIP


def _to_the_last(ask: Ask) -> Ask:
    """Return `ask`, which raises WrongUsage where the answers end after the first."""
    answered = 0

    def asked(question: str, proposal: str = "", *, many: bool = False) -> Sequence[str]:
        nonlocal answered
        try:
            answer = ask(question, proposal, many=many)
        except NobodyAnswers:
            if answered:
                help_ = "answer every question, or let flags and --yes answer"
                raise WrongUsage(f"the answers end at: {question}", help=help_) from None
            raise
        answered += 1
        return answer

    return asked


def _known(root: Path, found: Found, flags: Flags) -> Answers:
    """Return the answers that flags give. WrongUsage."""
    known = Answers(
        metrics=metrics_in(flags.metrics) if flags.metrics else (),
        harness=tuple(flags.harness),
        compare="commits" if flags.baseline == "commits" else "assets",
        baseline_asset="" if flags.baseline == "commits" else flags.baseline,
        samples=flags.samples,
        template=flags.template,
        policy=flags.policy,
        headline=tuple(flags.headline),
        ship=tuple(flags.ship),
        reject=tuple(flags.reject),
        branch=flags.branch or _branch(root),
        action=flags.action,
    )
    if known.samples and not re.fullmatch(r"[1-9][0-9]{0,8}", known.samples):
        raise WrongUsage(f"--samples {known.samples} is no number", help="write a number such as 2000")
    if flags.variant_file:
        file, _, pointer = flags.variant_file.partition("#")
        known = replace(known, variant_file=file, variant_pointer=pointer or "/model")
    if flags.script == NOTHING_RUNS:
        return with_results(known, found)
    if flags.script:
        words = split_words(flags.script)
        script = next((word for word in words if (root / word).exists()), words[0])
        known = with_program(known, root, found, script, words)
    return known


def _branch(root: Path) -> str:
    repository = find_repository(root)
    try:
        return repository.target_branch() if repository else "main"
    except WrongUsage:
        return "main"


def _named(root: Path, known: Answers, wishes: Wishes) -> Answers:
    """Return the answers with names for template and policy: free ones, where a bar is here already."""
    names = {"template": known.template, "policy": known.policy}
    for kind, folder, usual in (("template", "templates", "suite"), ("policy", "policies", "default")):
        if names[kind]:
            continue
        names[kind], number = usual, 2
        while not (wishes.force or wishes.yes) and (root / f".remyx/{folder}/{names[kind]}.yaml").exists():
            names[kind] = f"{usual}-{number}"
            number += 1
    return replace(known, **names)


def _example_asked_for(known: Answers, found: Found, ask: Ask, say: Say) -> str | None:
    """Return the example that a person starts from, where the repository shows nothing."""
    if found.programs or found.results or known.metrics or known.script:
        return None
    while True:
        question = f"Nothing to evaluate found here. Start from an example ({', '.join(EXAMPLES)}), or none"
        answer = (ask(question, "digits") or ["digits"])[0]
        if answer in {*EXAMPLES, "none"}:
            return None if answer == "none" else answer
        say(f"  one of {', '.join(EXAMPLES)}, none")


def _seen(root: Path, found: Found) -> Sequence[str]:
    """Return what was found, a line each."""
    lines = []
    if (root / ".remyx/metrics.yaml").exists():
        lines.append("there is a bar here already: another one is set beside it (--force writes it anew)")
    lines += [f"found {program.script}" for program in found.programs[:3]]
    for path, contents in list(found.results.items())[:3]:
        values = ", ".join(f"{one.label or one.key} {one.baseline}" for one in contents.metrics[:4])
        of = f", {contents.samples:,} samples" if contents.samples else ""
        lines.append(f"found {path}: {contents.engine or 'results'}, {values}{of}")
    return lines


def without_asking(root: Path, known: Answers, found: Found) -> Answers:
    """Flags, then what was found, then the recommended shape; WrongUsage names the flags that are missing."""
    if not known.script and known.runtime == "custom":
        if found.programs:
            first = found.programs[0]
            known = with_program(known, root, found, first.script, first.command or [first.script])
        elif found.results:
            known = with_results(known, found)
    contents = known.contents or next(iter(found.results.values()), None)
    metrics = known.metrics or (contents.metrics if contents else ())
    if not metrics or not (known.script or known.runtime == "results"):
        missing = [
            flag
            for flag, value in (("--metric KEY:UNIT:BASELINE", metrics), ("--script PATH", known.script))
            if not value
        ]
        raise WrongUsage(
            "there is nobody to ask, and not enough is known",
            help=f"add {' and '.join(missing)}, or --from {next(iter(EXAMPLES))}",
        )
    if not known.metrics:
        known = replace(known, contents=contents)
    if known.runtime == "custom":
        container = known.container or container_of(root, known.script, found.paths, "")
        harness = known.harness
        if not harness and (root / known.script).exists():
            harness = harness_of(root, found, known.script, container)
        asset = known.baseline_asset or ("baseline" if known.compare == "assets" else "")
        known = replace(known, container=container, harness=harness, baseline_asset=asset)
    keys = [metric.key for metric in metrics]
    headline = chosen(known.headline, keys) or (keys[0],)
    ship, reject = recommended(metrics, headline)
    return replace(
        known,
        metrics=metrics,
        ship=tuple(check_condition(line, metrics) for line in known.ship) or ship,
        reject=tuple(check_condition(line, metrics) for line in known.reject)
        or (() if known.ship else reject),
    )


def _settled(known: Answers) -> Answers:
    """Return the answers with `-` as nothing, and the sample counts that were seen."""
    file = "" if known.variant_file == "-" else known.variant_file
    samples = "" if known.samples == "-" else known.samples or _counts(known)
    return replace(known, samples=samples, variant_file=file)


def _counts(known: Answers) -> str:
    """Return the sample counts as YAML: one number where all metrics have as many."""
    counts = {metric.key: metric.samples for metric in known.metrics if metric.samples is not None}
    if len(counts) == len(known.metrics) and len(set(counts.values())) == 1:
        return str(next(iter(counts.values())))
    return f"{{{', '.join(f'{key}: {count}' for key, count in counts.items())}}}" if counts else ""


def _show(root: Path, drafted: Draft, say: Say) -> None:
    say(f"\n{shown(root, drafted)}\n")
    for problem in drafted.warnings:
        say(f"warning: {problem.path}:{problem.line}: {problem.message}\n  help: {problem.help}")
    for note in drafted.notes:
        say(f"note: {note}")


def _next(known: Answers, found: Found) -> str:
    """Return the command that gives the first verdict."""
    if known.runtime == "results":
        return join(["remyx-action", "judge", "--policy", known.policy, *_arms_of(found, known)])
    if known.compare == "commits":
        return "remyx-action run"
    return "remyx-action run --variant ASSET"


def _arms_of(found: Found, known: Answers) -> Sequence[str]:
    """Return the flags that name both arms: the folders of two result files alike, as far as there are."""
    alike = [
        path
        for path, one in found.results.items()
        if known.contents and one.file and one.engine == known.contents.engine
    ]
    before = next((path for path in alike if found.results[path] is known.contents), "BASELINE")
    after = next((path for path in alike if path != before), "VARIANT")
    folders = [path.rpartition("/")[0] for path in (before, after)]
    if all(folders) and folders[0] != folders[1]:
        before, after = folders
    return ["--variant", after, "--baseline", before]
