"""What a rendered page says, without its markup."""

from __future__ import annotations

from decimal import Decimal

from remyx_action.evidence.samples_changed import SampleChange, SamplesChanged
from remyx_action.policy.advice import Advice
from remyx_action.report.report import BarChange, ExperimentReport, Report
from support.reports import REPORTS, arm, proposed


def spoken_by(text: str, kind: str = "partial") -> Report:
    """The report with `text` wherever text from outside can stand."""
    report = REPORTS[kind]()
    rows = [row.model_copy(update={"label": text, "unit": text, "note": text}) for row in report.metrics]
    advice = Advice(
        condition=text,
        metric="mindcube",
        kind="no_estimate",
        n_needed=None,
        n_now=None,
        smallest_effect=None,
        expected=None,
        expected_from=None,
        counted_in="samples",
        evidence_against=False,
        message=text,
    )
    ship = report.rules.ship
    conditions = [child.model_copy(update={"why": text, "text": text}) for child in ship.conditions]
    change = SampleChange(id=text, baseline=Decimal(0), variant=Decimal(1))
    spoken = arm(
        text, provenance={text: text}, digests={text: text}, unnamed=[text], warnings=[text], detail=text
    )
    under = {"source": text, "isolation_note": text, "lock": text, "reproduce": text}
    return report.model_copy(
        update={
            "metrics": rows,
            "advice": [advice],
            "rules": report.rules.model_copy(
                update={"ship": ship.model_copy(update={"conditions": conditions})}
            ),
            "samples_changed": {text: SamplesChanged(up=1, down=0, examples=[change])},
            "arms": {"baseline": spoken, "variant": spoken},
            "judged_under": report.judged_under.model_copy(
                update={**under, "digests": {text: text}, "commits": {"head": text, text: text}}
            ),
            "inputs": report.inputs.model_copy(update={"not_comparable": [text]}),
            "proposal": proposed(
                experiment=ExperimentReport(name=text, hypothesis=text, target_metric=text, tags=[text]),
                protected=[text, f"{text}/harness"],
                workflow=[text],
                changes=[BarChange(effect="loosened", path=text, sentence=text)],
                verdict=None,
                reason="policy_removed",
            ),
        }
    )
