"""plan: a newly measured baseline as a change to metrics.yaml, for people to review."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from difflib import unified_diff

from remyx_action.files.yaml_loader import Place
from remyx_action.specs import Metrics
from remyx_action.specs.metrics import RecordedBaseline

PATH = ".remyx/metrics.yaml"
_OF_A_NUMBER = "+-.0123456789eE"


def propose_numbers(
    text: str, places: Mapping[str, Place], metrics: Metrics, measured: Mapping[str, Mapping[str, Decimal]]
) -> str:
    """A unified diff of metrics.yaml that puts measured numbers in place of declared ones; "" without any.

    `measured` has `value`, `n` and `stderr` by metric key, as far as known. Only numbers that stand there
    already are replaced: a metric without a baseline stays without, an exact one is a decision.
    """
    edits = []
    for index, metric in enumerate(metrics.metrics):
        found, pointer = measured.get(metric.key, {}), f"/metrics/{index}/baseline"
        if isinstance(metric.baseline, Decimal) and "value" in found:
            edits.append((places[pointer], found["value"]))
        elif isinstance(metric.baseline, RecordedBaseline):
            edits += [
                (places[f"{pointer}/{name}"], found[name])
                for name in ("value", "n", "stderr")
                if name in found and f"{pointer}/{name}" in places
            ]
    before = text.splitlines(keepends=True)
    after = list(before)
    for place, number in sorted(edits, key=lambda edit: (edit[0].line, edit[0].column), reverse=True):
        line, start = after[place.line - 1], place.column - 1
        end = start + len(line[start:]) - len(line[start:].lstrip(_OF_A_NUMBER))
        after[place.line - 1] = line[:start] + f"{number:f}" + line[end:]
    return "".join(unified_diff(before, after, f"a/{PATH}", f"b/{PATH}"))
