"""`init`: what is known, found and answered → the files of a bar, written once they were shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, count
from pathlib import Path
from posixpath import basename
from shlex import join
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.commands.output import Say
from remyx_action.errors import Exit, WrongUsage
from remyx_action.project.files.wording import shown_as
from remyx_action.readers.arm_files import fits
from remyx_action.sources.git import find_repository

from .answers import Answers, Contents
from .drafting import Draft, draft, example, shown, write
from .finding import Found, survey
from .interview import KEYS, Ask, Given, NobodyAnswers, interview, refuse_unused
from .origin import release_named
from .questions import Questions


class Wishes(Struct, frozen=True, kw_only=True):
    """What is never asked."""

    template: str = ""
    """Names; "": free ones."""
    policy: str = ""
    branch: str = ""
    """"": the default one."""
    action: str = ""
    looks: Literal["counted", "corrected"] | None = None
    """None: counted, where nothing else says it."""
    owners: Sequence[str] = ()
    yes: bool = False
    dry_run: bool = False
    force: bool = False
    for_forks: bool = False
    """Also the workflow that comments on pull requests from forks."""
    recorded: bool = False
    """Also the job that puts each verdict onto the branch of the record."""


TryOut = Callable[[Path, Answers], Contents]


def init(root: Path, given: Given, wishes: Wishes, *, ask: Ask, say: Say, try_out: TryOut) -> Exit:
    """Find, ask, show, write; nothing is written before it was shown and agreed to.

    `given`: what flags answer; `ask` is asked the rest, and where nobody is there, or with `yes`, nobody is.
    """
    found = survey(root)
    questions = Questions(root, found, given, partial(try_out, root))
    if not wishes.yes:
        try:
            return _init(root, questions, given, wishes, found=found, ask=_to_the_last(ask), say=say)
        except NobodyAnswers:
            pass
    return _init(root, questions, given, wishes, found=found, ask=None, say=say)


def _init(
    root: Path, questions: Questions, given: Given, wishes: Wishes, *, found: Found, ask: Ask | None, say: Say
) -> Exit:
    if ask is not None:
        for line in _seen(root, found):
            say(shown_as(line))
        say(KEYS)
    known = _named(root, wishes)
    ready = None
    known = interview(known, [questions.example, *questions.steps], given, ask, say)
    if known.example:
        named = {"--template": wishes.template, "--policy": wishes.policy, "--looks": wishes.looks}
        refuse_unused([flag for flag, typed in named.items() if typed], known)
        of_example, ready = example(known.example)
        known = replace(known, policy=of_example.policy, template=of_example.template, example="")
    known = replace(known, samples=known.samples or _counts(known))
    drafted = draft(root, known, ready=ready)
    _show(root, drafted, say)
    if wishes.dry_run or not interview(known, [questions.agreement], {}, ask, say).is_agreed:
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


def _branch(root: Path) -> str:
    repository = find_repository(root)
    try:
        return repository.target_branch() if repository else "main"
    except WrongUsage:
        return "main"


def _named(root: Path, wishes: Wishes) -> Answers:
    """Return answers with names for template and policy: free ones, where a bar is here already."""

    def free(folder: str, usual: str) -> str:
        names = chain([usual], (f"{usual}-{number}" for number in count(2)))
        taken = (root / f".remyx/{folder}/{name}.yaml" for name in names)
        overwrites = wishes.force or wishes.yes
        return next(path.stem for path in taken if overwrites or not path.exists())

    return Answers(
        template=wishes.template or free("templates", "suite"),
        policy=wishes.policy or free("policies", "default"),
        branch=wishes.branch or _branch(root),
        action=release_named(wishes.action),
        looks=wishes.looks or "counted",
        owners=tuple(wishes.owners),
        for_forks=wishes.for_forks,
        recorded=wishes.recorded,
    )


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
    if all(folders) and folders[0] != folders[1] and _fits_both(known, after):
        before, after = folders
    return ["--variant", after, "--baseline", before]


def _fits_both(known: Answers, path: str) -> bool:
    """Whether the map that was found in the baseline's file finds this file in its folder, too."""
    maps = known.contents.maps if known.contents else ()
    pattern = maps[0].file if len(maps) == 1 else None
    return pattern is None or fits(pattern, basename(path))
