"""Where a verdict comes from: lock, isolation, commits, digests, and how each arm came about."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from remyx_action.decimals import plain
from remyx_action.policy.looks import number_of
from remyx_action.report.report import ArmReport, JudgedUnder, Report, help_of_failure
from remyx_action.report.run_record import age_in_words

from . import numbers
from .escape import Code, Phrase, Prose, joined
from .words import ARM_STATES, ISOLATION, lock_words

SHORT_COMMIT = 7
USUAL_LEVEL = "L1"
SHORT_DIGEST = len("sha256:") + 12


class ArmView(Struct, frozen=True, kw_only=True):
    """How one arm came about."""

    name: str
    state: str
    asset: str | None
    seconds: str
    cost: tuple[tuple[str, str], ...]
    """Unit and amount, as the harness reported them."""
    failed: bool
    detail: str | None
    facts: tuple[tuple[str, str], ...]
    """Provenance and digests, name and value."""
    unnamed: tuple[str, ...]


def short_commit(commit: str) -> str:
    """Return the first digits of a commit, with whatever follows it."""
    digits, space, more = commit.partition(" ")
    return digits[:SHORT_COMMIT] + space + more


def lock_line(report: Report) -> tuple[str, Phrase]:
    """Return symbol and words: what is locked, whether that is enough, and what was judged.

    That nothing was sandboxed is written here only where the policy asks for it; the provenance has it.
    """
    under = report.judged_under
    symbol, words = lock_words(under.lock, report.policy.policy.require_lock)
    level, commits = under.isolation, under.commits
    parts: list[Phrase] = [(Prose(words),)]
    if level != USUAL_LEVEL or "isolation" in report.inputs.caps:
        parts.append((Prose(ISOLATION.get(level, level)),))
    if "head" in commits:
        base: Phrase = (" against ", Code(short_commit(commits["base"]))) if "base" in commits else ()
        parts.append((Code(short_commit(commits["head"])), *base))
    look = look_words(report)
    return symbol, joined([*parts, *([look] if look else [])], "; ")


def look_words(report: Report) -> Phrase:
    """Return `second look (first: iterate, −0.012)`; () of a first look.

    Where the policy counts looks and this run does not, as on a laptop, a sentence says so.
    """
    looks = report.looks
    if looks is None and report.policy.policy.looks == "corrected" and not report.inputs.caps:
        return ("looks are not counted here (floors as written)",)
    if looks is None or looks.id is None:
        return ()
    known = {look.id: look for look in looks.known}
    place = number_of(looks.id, list(known))
    if place == 1:
        return ()
    before = [look for look in known.values() if look.id != looks.id][place - 2]
    delta = (before.delta or "").replace("-", numbers.MINUS)
    before_it = ", ".join(filter(None, (before.verdict or "no verdict", delta)))
    return (f"{numbers.ordinal(place)} look ({numbers.ordinal(place - 1)}: ", Prose(before_it), ")")


def arm_view(name: str, arm: ArmReport, now: str) -> ArmView:
    digests = ((file, digest[:SHORT_DIGEST]) for file, digest in arm.digests.items())
    images = ((name, digest[:SHORT_DIGEST]) for name, digest in arm.images.items())
    return ArmView(
        name=name,
        state=_state(arm, now),
        asset=arm.asset,
        seconds=numbers.duration(arm.seconds) if arm.seconds is not None else "",
        failed=arm.state in {"failed", "timed_out"},
        detail=arm.detail,
        cost=tuple((name, numbers.number(plain(amount))) for name, amount in arm.cost.items()),
        facts=(*arm.provenance.items(), *images, *digests),
        unnamed=tuple(arm.unnamed),
    )


def _state(arm: ArmReport, now: str) -> str:
    """How it ended; of an arm that was not measured now also how old it is."""
    if arm.origin is None or arm.state not in {"completed", "recorded"}:
        return "could not be read" if help_of_failure(arm) else ARM_STATES[arm.state]
    word = "recorded" if arm.origin.kind == "recorded" else "reused"
    return f"{word}, measured {age_in_words(arm.origin.clock, now)}"


def provenance(report: Report) -> Iterator[tuple[Phrase, Phrase]]:
    under, run = report.judged_under, report.run
    yield ("Policy",), (Code(report.policy.policy.name), " on template ", Code(report.policy.template))
    yield ("Rules read from",), (Prose(under.source),)
    for name, commit in under.commits.items():
        yield ("Commit ", Prose(name.replace("_", " "))), (Code(short_commit(commit)),)
    for name, digest in under.digests.items():
        yield ("Digest of ", Prose(name)), (Code(digest[:SHORT_DIGEST]),)
    yield ("Isolation",), _isolation(under)
    yield ("Lock",), (Prose(lock_words(under.lock, report.policy.policy.require_lock)[1]),)
    took = numbers.duration(run.seconds)
    yield ("Run",), (Prose(run.clock), f", {took}, attempt {run.attempt}, remyx-action ", Prose(run.version))


def _isolation(under: JudgedUnder) -> Phrase:
    """`Not sandboxed (level 1 of 3): …`."""
    words = ISOLATION.get(under.isolation)
    note: Phrase = (": ", Prose(under.isolation_note)) if under.isolation_note else ()
    if words is None:
        return (Prose(under.isolation), *note)
    return (f"{words[0].upper()}{words[1:]} (level {under.isolation[1:]} of 3)", *note)
