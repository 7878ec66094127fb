"""An unchanged, noisy model that is measured again and again: how often a pull request ships by luck."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from msgspec import Struct
from scipy.stats import binomtest

from remyx_action.github.events import Commit
from remyx_action.github.marks import Marker, Order, Scope, with_marker
from remyx_action.policy.bar import Bar
from remyx_action.policy.looks import Look
from remyx_action.project.models.policy import Looks, policy_key
from remyx_action.readers.scores import ArmScores
from remyx_action.report.report import ArmReport, JudgedUnder, Report, RunReport
from remyx_action.report.verdict import Arm, Arms, EarlierLooks, reach_verdict
from support.bars import bar, samples

KEY = policy_key("", "p")
SHIP = {"all": [{"metric": "a", "op": "improves_by", "threshold": 0, "confidence": 0.8}]}
WAVERING = 0.4
"""The share of samples that are right by chance, every second time; the rest are always right or wrong."""


class Shipped(Struct, frozen=True, kw_only=True):
    """How many of the simulated pull requests shipped within their looks."""

    looks: Looks
    ships: int
    pull_requests: int

    @property
    def share(self) -> float:
        return self.ships / self.pull_requests

    @property
    def limits(self) -> tuple[float, float]:
        """Clopper and Pearson's, two-sided at 95 %."""
        found = binomtest(self.ships, self.pull_requests).proportion_ci(0.95, method="exact")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        low, high = self.limits
        return (
            f"looks: {self.looks:<9}  {self.ships:>3} of {self.pull_requests} unchanged models shipped: "
            f"{self.share:.3f} [{low:.3f}, {high:.3f}]"
        )


def simulate(looks: Looks, *, seed: int, pull_requests: int, most_looks: int, n: int = 300) -> Shipped:
    """Return the share that ships, each pull request measured anew until it does, `most_looks` times at most.

    Both arms are drawn anew at every look. What was looked at before is read from the marker of the comment
    that the look before left, as in a job.
    """
    plain = bar(SHIP, metrics=[{"key": "a", "unit": "accuracy", "scores": "binary"}])
    subject = plain.model_copy(update={"policy": plain.policy.model_copy(update={"looks": looks})})
    ships = 0
    for number in range(pull_requests):
        reports = _looked_at(subject, Random(f"{seed} {number}"), most_looks, n)
        verdicts = (report.verdict for report in reports)
        ships += "ship" in verdicts
    return Shipped(looks=looks, ships=ships, pull_requests=pull_requests)


def _looked_at(subject: Bar, random: Random, most_looks: int, n: int) -> Iterator[Report]:
    comment = ""
    for _ in range(most_looks):
        marker = Marker.read(comment)
        known = marker.looks[KEY] if marker else []
        report = _measured(subject, random, n, known)
        assert report.looks is not None
        assert report.looks.id is not None
        now = Look(id=report.looks.id, verdict=report.verdict)
        looks = known if now.id in {look.id for look in known} else [*known, now]
        left = Marker(
            scope=Scope("", None), head=Commit("a" * 40), order=Order(1, 1), word="ship", looks={KEY: looks}
        )
        comment = with_marker("A verdict.", left)
        yield report


def _measured(subject: Bar, random: Random, n: int, known: Sequence[Look]) -> Report:
    wavering = round(WAVERING * n)

    def arm() -> Arm:
        scores = [str(random.getrandbits(1)) for _ in range(wavering)] + ["1", "0"] * ((n - wavering) // 2)
        return Arm(
            scores=ArmScores(scores={"a": samples(scores)}, provenance={}, unnamed=(), warnings=()),
            report=ArmReport(
                state="completed",
                asset="model",
                detail=None,
                seconds=None,
                provenance={},
                digests={},
                unnamed=[],
                warnings=[],
            ),
        )

    return reach_verdict(
        subject,
        Arms(baseline=arm(), variant=arm()),
        judged_under=UNDER,
        run=RUN,
        earlier_looks=EarlierLooks(content="the same", known=known),
    )


UNDER = JudgedUnder(
    source="a commit",
    digests={},
    commits={},
    isolation="L1",
    isolation_note="",
    lock="captured",
    reproduce="",
)
RUN = RunReport(clock="2026-01-01T00:00:00Z", host="", seconds=0, attempt=1, version="")  # type: ignore[arg-type]
