"""Questions, one after the other: a flag answers, else a person, else what was found.

`?` explains, `<` goes back, a wrong answer is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Protocol

from msgspec import Struct

from remyx_action.commands.output import Say
from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.files.wording import listed

from .answers import Answers


class NobodyAnswers(Exception):
    """The answers have come to their end: there is no terminal, or a pipe is empty."""


class Ask(Protocol):
    """Put a question; return the answer's lines, none where only Enter was pressed. NobodyAnswers.

    `many`: further lines are read until an empty one.
    """

    def __call__(self, question: str, proposal: str = "", *, many: bool = False) -> Sequence[str]: ...


class Prompt(Struct, frozen=True, kw_only=True):
    """One question, which a flag, a person or what was found answers: all three through `accept`."""

    flag: str = ""
    """The flag that answers it, and what it takes: `--script PATH`; "": none does."""
    text: str
    help: str
    """What `?` says."""
    proposal: Sequence[str]
    """Lines that Enter alone stands for."""
    unasked: Sequence[str] | None = None
    """Lines where nobody is asked, none where it then stays open; None: those of the proposal."""
    is_needed: bool = False
    """Whether the flag must answer where nobody is asked."""
    accept: Callable[[Sequence[str]], Answers]
    """The answers with this one; raises WrongUsage, or NotJudged where something was tried and failed."""
    many: bool = False
    """Whether the answer may have several lines; then the proposal is shown below the question."""


Step = Callable[[Answers], Prompt | None]
"""The question that comes up after these answers, or None where it does not."""
Given = Mapping[str, Sequence[str]]
"""Flag → what was typed."""
KEEP = "Enter keeps these; or others, one a line"
KEYS = "(Enter takes the proposal in brackets, ? explains, < goes back)"


class Turn(Enum):
    """Where an answer that is none of the question's leads."""

    AGAIN = "again"
    BACK = "back"


def interview(known: Answers, steps: Sequence[Step], given: Given, ask: Ask | None, say: Say) -> Answers:
    """Return the answers after every step's question was answered; without `ask` nobody is asked.

    An example answers all further questions. WrongUsage for a wrong flag, for one whose question does not
    come up, and with every flag that is needed where nobody is asked.
    """
    unused = dict.fromkeys(given)
    asked: list[tuple[int, Answers]] = []
    needed: list[str] = []
    place, answers = 0, known
    while place < len(steps) and not answers.example:
        prompt = steps[place](answers)
        accepted: Answers | Turn = answers
        if prompt is not None and _flag(prompt) in given:
            accepted = _by_flag(prompt, given[_flag(prompt)])
            unused.pop(_flag(prompt), None)
        elif prompt is not None and ask is None:
            lines = prompt.proposal if prompt.unasked is None else prompt.unasked
            needed += [prompt.flag] if prompt.is_needed else []
            accepted = prompt.accept(lines) if lines and not prompt.is_needed else answers
        elif prompt is not None and ask is not None:
            accepted = _put(prompt, ask, say)
            asked += [(place, answers)] if isinstance(accepted, Answers) else []
        if isinstance(accepted, Answers):
            place, answers = place + 1, accepted
        elif accepted is Turn.BACK and asked:
            place, answers = asked.pop()
        elif accepted is Turn.BACK:
            say("  this is the first question")
    if needed:
        help_ = f"add {' and '.join(needed)}, or --script 'results PATH', or --from digits"
        raise WrongUsage("there is nobody to ask, and not enough is known", help=help_)
    refuse_unused(list(unused), answers)
    return answers


def refuse_unused(flags: Sequence[str], answers: Answers) -> None:
    """WrongUsage where there are flags: those that nothing was asked for."""
    if flags:
        apply = "does not apply" if len(flags) == 1 else "do not apply"
        raise WrongUsage(
            f"{listed(flags)} {apply}: {_why_unused(answers)}", help=f"leave out {listed(flags)}"
        )


def _why_unused(answers: Answers) -> str:
    if answers.example:
        return f"--from {answers.example} is a whole evaluation"
    if answers.runtime == "results":
        return "nothing is run here, another job's results are judged"
    if answers.task:
        return f"lighteval scores {answers.task}, with metrics of its own"
    return "commits are compared" if answers.compare == "commits" else "its question does not come up"


def _flag(prompt: Prompt) -> str:
    return prompt.flag.partition(" ")[0]


def _by_flag(prompt: Prompt, lines: Sequence[str]) -> Answers:
    try:
        return prompt.accept(lines)
    except WrongUsage as wrong:
        raise WrongUsage(f"{_flag(prompt)}: {wrong.message}", help=wrong.help) from None


def _put(question: Prompt, ask: Ask, say: Say) -> Answers | Turn:
    """Ask once; return the answers with this one, or whether to go back or to ask again."""
    if question.many:
        say("\n".join([f"{question.text}:", *(f"  {line}" for line in question.proposal)]))
        answer = ask(KEEP, many=True)
    else:
        answer = ask(question.text, *question.proposal[:1])
    lines = [line.strip() for line in answer] or list(question.proposal)
    if lines == ["<"]:
        return Turn.BACK
    if lines == ["?"]:
        say(f"  {question.help}")
        return Turn.AGAIN
    try:
        return question.accept(lines)
    except (WrongUsage, NotJudged) as wrong:
        say(f"  {wrong.message}" + (f"\n  help: {wrong.help}" if wrong.help else ""))
        return Turn.AGAIN
