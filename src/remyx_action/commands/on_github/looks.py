"""Looks at a pull request: which measurements were judged before, as its own comment lists them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from remyx_action.decimals import round_significant
from remyx_action.github.marks import Look
from remyx_action.report.conclusion import Section
from remyx_action.report.render import escape
from remyx_action.report.report import to_json


def look_of(section: Section) -> Look | None:
    """Return what a later run counts of this verdict; None where nothing of the variant was scored.

    The id is a digest of the asset, of what measured and of the sums in `inputs`, so that the same
    measurement published twice is one look.
    """
    report = section.report
    scored = [] if report is None else [row for row in report.metrics if row.variant is not None]
    if report is None or not scored:
        return None
    variant = report.arms["variant"]
    measured_by = {name: report.judged_under.digests.get(name) for name in ("template", "harness")}
    known = [variant.asset, measured_by, json.loads(to_json(report))["inputs"]]
    identity = sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]
    delta = scored[0].delta
    shown = None if delta is None else f"{round_significant(delta, 3):+f}"
    return Look(id=identity, verdict=report.verdict, delta=shown)


def as_text(policy: str, looks: Sequence[Look]) -> str:
    """Return one line that names every look, this one last."""
    words = [
        f"{look.verdict or 'no verdict'} {(look.delta or '').replace('-', '−')}".strip() for look in looks
    ]
    return f"Looks under {escape.code(policy)}: {', '.join(words[:-1])}, now {words[-1]}."
