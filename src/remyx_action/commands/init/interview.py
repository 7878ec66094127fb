"""Questions, one after the other: `?` explains, `<` goes back, a wrong answer is asked for again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from msgspec import Struct

from remyx_action.commands.output import Say
from remyx_action.errors import NotJudged, WrongUsage

from .answers import Answers


class NobodyAnswers(Exception):
    """The answers have come to their end: there is no terminal, or a pipe is empty."""


class Ask(Protocol):
    """Put a question; return the answer's lines, none where only Enter was pressed. NobodyAnswers.

    `many`: further lines are read until an empty one.
    """

    def __call__(self, question: str, proposal: str = "", *, many: bool = False) -> Sequence[str]: ...


class Prompt(Struct, frozen=True, kw_only=True):
    """One question about what is not known yet."""

    text: str
    help: str
    """What `?` says."""
    proposal: Sequence[str]
    """Lines that Enter alone stands for."""
    accept: Callable[[Sequence[str]], Answers]
    """The answers with this one; raises WrongUsage, or NotJudged where something was tried and failed."""
    many: bool = False
    """Whether the answer may have several lines; then the proposal is shown below the question."""


Step = Callable[[Answers], Prompt | None]
"""The question that comes up after these answers, or None where it has been answered already."""
KEEP = "Enter keeps these; or others, one a line"
KEYS = "(Enter takes the proposal in brackets, ? explains, < goes back)"


class Turn(Enum):
    """Where an answer that is none of the question's leads."""

    AGAIN = "again"
    BACK = "back"


def interview(known: Answers, steps: Sequence[Step], ask: Ask, say: Say) -> Answers:
    """Return the answers after every step's question was answered."""
    asked: list[tuple[int, Answers]] = []
    place, answers = 0, known
    while place < len(steps):
        question = steps[place](answers)
        if question is None:
            place += 1
            continue
        accepted = _put(question, ask, say)
        if isinstance(accepted, Answers):
            asked.append((place, answers))
            place, answers = place + 1, accepted
        elif accepted is Turn.BACK and asked:
            place, answers = asked.pop()
        elif accepted is Turn.BACK:
            say("  this is the first question")
    return answers


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


def confirm(ask: Ask, say: Say, question: str, help: str) -> bool:
    """Return whether the answer is yes."""
    while True:
        answer = (ask(question, "yes") or ["yes"])[0].strip().casefold()
        if answer in {"y", "yes", "n", "no"}:
            return answer.startswith("y")
        say(f"  {help if answer == '?' else 'yes or no'}")
