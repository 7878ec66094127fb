"""One sentence about each policy: how often it ships what is hoped for, and how many samples to plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from remyx_action.odds.power import plan_samples, sizes_in, spreads_for
from remyx_action.odds.words import planned_in_words
from remyx_action.policy.bar import make_bar
from remyx_action.project.load import Bundle
from remyx_action.report.report import Report

from .record import newest_report


def planned_samples(root: Path, bundle: Bundle, *, policy: str | None = None) -> Sequence[str]:
    """Return `default: With 300 samples …` of each policy, or of one, where a closed form gives it.

    Changes spread as in the newest recorded verdict of the template, else as assumed.
    """
    if bundle.errors or bundle.metrics is None:
        return []
    recorded: dict[str, Report | None] = {}
    lines = []
    for name, written in bundle.policies.items():
        if policy not in {None, name}:
            continue
        template = bundle.templates[written.template]
        if template.name not in recorded:
            recorded[template.name] = newest_report(root, template.name)
        report = recorded[template.name]
        bar = make_bar(written, template, bundle.metrics)
        spreads = spreads_for(bar, None if report is None else report.inputs)
        planned = plan_samples(bar, sizes_in(bar), spreads)
        if planned is not None:
            lines.append(f"{name}: {planned_in_words(bar, planned)}")
    return lines
