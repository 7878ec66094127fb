"""Write a made-up year of 60 verdicts into a folder: what `history`, `backtest` and the page are shown on.

uv run python examples/year-of-verdicts/make_year.py DIR

The answers are drawn, the same ones every time; they are judged by the program itself, by the bar of this
folder and, until July, by a laxer one that asked for a confidence of 70 %.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from random import Random

from remyx_action.commands.record import add, decide, place_of
from remyx_action.commands.run.arms import arm_report
from remyx_action.commands.run.project import Project, load_project
from remyx_action.history.record import Recording
from remyx_action.policy.bar import Bar, make_bar
from remyx_action.project.lock import digest_of
from remyx_action.project.models import Policy
from remyx_action.readers.scores import ArmScores, Samples
from remyx_action.report.report import ExperimentReport, JudgedUnder, ProposalReport, Report, RunReport
from remyx_action.report.verdict import Arm, Arms, reach_verdict

HERE = Path(__file__).parent
VERDICTS, SAMPLES = 60, 400
START = datetime(2025, 1, 5, 9, 0, tzinfo=UTC)
CHANGED = 0.25
"""Share of the items that another prompt answers anew."""
TAGS = {"few-shot": 0.015, "rewording": -0.01, "retrieval": 0.05}
"""Tag of an experiment → the true gain in accuracy that its prompts have."""


def main(folder: Path) -> None:
    project, random = load_project(HERE), Random(7)
    [policy] = project.bundle.policies.values()
    [template] = project.bundle.templates.values()
    place = place_of(HERE, folder=folder)
    accuracy, made = 0.62, 0
    number = 100
    while made < VERDICTS:
        number += 1
        tag = random.choice(list(TAGS))
        gain = random.gauss(TAGS[tag], 0.02)
        for look in range(random.choice([1, 1, 1, 2, 3])):
            if made == VERDICTS:
                break
            clock = START + timedelta(days=6 * made + look)
            written = lax(policy) if clock.month < 7 else policy
            bar = make_bar(written, template, project.vocabulary)
            report = judged(project, bar, random, (accuracy, gain), (number, look, tag), clock)
            recording = Recording(pull_request=number, run=str(9000 + made), attempt=1)
            written_as = add(place, report, recording)
            made += 1
            if report.verdict == "ship":
                accuracy = min(0.85, accuracy + gain / 2)
                break
            if report.verdict == "reject":
                decide(
                    place,
                    written_as.path,
                    "abandon",
                    why="it loses what users noticed",
                    by="lead",
                    clock=shown(clock),
                )
                break


def lax(policy: Policy) -> Policy:
    """Return the bar of the first half of the year."""
    ship = policy.ship.model_copy(update={"all": ["accuracy improves_by 0.01 at 70%", policy.ship.all[1]]})
    whole = policy.model_dump(by_alias=True, exclude_defaults=True, mode="python")
    whole["ship"] = {"all": ship.all}
    return Policy.model_validate({**whole, "version": 1})


def judged(
    project: Project,
    bar: Bar,
    random: Random,
    truth: tuple[float, float],
    about: tuple[int, int, str],
    clock: datetime,
) -> Report:
    """Return the verdict on answers that are drawn around the truth: the baseline's accuracy and the gain."""
    (accuracy, gain), (number, look, tag) = truth, about
    before, after = [], []
    for _ in range(SAMPLES):
        hard = random.random()
        before.append(hard < accuracy)
        changed = random.random() < CHANGED
        after.append((random.random() < accuracy + gain / CHANGED) if changed else hard < accuracy)
    safe = [random.random() < 0.97 for _ in range(SAMPLES)]
    kept = [one if random.random() < 0.98 else random.random() < 0.97 for one in safe]
    today, proposed = arm(before, safe, "prompts/today.md"), arm(after, kept, f"prompts/{number}.md")
    head = sha256(f"{number} {look}".encode()).hexdigest()[:40]
    digests = {"policy": digest_of(bar.policy), "template": digest_of(project.bundle.templates["suite"])}
    return reach_verdict(
        bar,
        Arms(baseline=today, variant=proposed),
        judged_under=JudgedUnder(
            source="working tree",
            digests=digests,
            commits={"head": head},
            isolation="L0 self-reported",
            isolation_note="drawn, not measured",
            lock="unlocked: an example",
            reproduce="python examples/year-of-verdicts/make_year.py",
        ),
        run=RunReport(clock=shown(clock), host="example", seconds=Decimal(1), attempt=1, version="0.1.0"),
        proposal=ProposalReport(
            experiment=ExperimentReport(
                name=f"{tag}-{number}", hypothesis=None, target_metric="accuracy", tags=[tag]
            ),
            protected=[],
            workflow=[],
            changes=[],
            verdict=None,
            reason=None,
        ),
    )


def shown(clock: datetime) -> str:
    """Return the time as reports have it."""
    return f"{clock:%Y-%m-%dT%H:%M:%SZ}"


def arm(accuracy: list[bool], safety: list[bool], asset: str) -> Arm:
    """Return an arm with these answers."""
    ids = [f"item-{place:03d}" for place in range(SAMPLES)]
    columns = {"accuracy": accuracy, "safety": safety}
    scores = {key: Samples(ids=ids, scores=[str(int(one)) for one in rows]) for key, rows in columns.items()}
    return Arm(scores=ArmScores(scores=scores), report=arm_report("completed", asset=asset))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
