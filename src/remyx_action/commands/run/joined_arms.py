"""One arm out of its runs, read one by one: several seeds, or the shards of several machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.evidence.merging import NotMergedError, merge_seeds, merge_shards, told_of
from remyx_action.readers.scores import ArmScores
from remyx_action.report.report import ArmReport, Origin
from remyx_action.report.verdict import Arm, failed_arm


class MeasuredPart(Struct, frozen=True, kw_only=True):
    """One run of an arm."""

    name: str
    """In words, such as `seed 7`."""
    folder: str
    """Before the names of its files."""
    arm: Arm


def join_seeds(runs: Sequence[tuple[int | None, Arm]], keys: Iterable[str]) -> Arm:
    """Return the arm of a recipe; a run without a seed is the arm itself."""
    if len(runs) == 1 and runs[0][0] is None:
        return runs[0][1]
    parts = [MeasuredPart(name=f"seed {seed}", folder=f"seed-{seed}", arm=arm) for seed, arm in runs]

    def merge(parts: Sequence[MeasuredPart]) -> ArmScores:
        return merge_seeds([(part.name, part.name.removeprefix("seed "), part.arm.scores) for part in parts])

    return _joined(parts, keys, merge)


def join_shards(arms: Sequence[Arm], keys: Iterable[str]) -> Arm:
    """Return the whole arm of all its shards, in their order."""
    if len(arms) == 1:
        return arms[0]
    parts = [
        MeasuredPart(name=f"shard {index} of {len(arms)}", folder=f"shard-{index}", arm=arm)
        for index, arm in enumerate(arms)
    ]
    unlike = _unlike_images(parts)
    if unlike is not None:
        failed = parts[0].arm.report.model_copy(update={"state": "failed", "detail": unlike})
        return failed_arm(keys, failed)
    whole = _joined(parts, keys, lambda parts: merge_shards([(part.name, part.arm.scores) for part in parts]))
    return replace(whole, report=whole.report.model_copy(update={"shards": len(arms)}))


def _unlike_images(parts: Sequence[MeasuredPart]) -> str | None:
    """Return in words which image was not the same on the machines of all shards, or None."""
    first = parts[0]
    for part in parts[1:]:
        before, now = first.arm.report.images, part.arm.report.images
        for name in before.keys() & now.keys():
            if name.removeprefix("predict: ").startswith("FROM ") and before[name] != now[name]:
                return f"{name} is {before[name]} in {first.name}, and {now[name]} in {part.name}"
    return None


def _joined(
    parts: Sequence[MeasuredPart], keys: Iterable[str], merge: Callable[[Sequence[MeasuredPart]], ArmScores]
) -> Arm:
    report = _report(parts)
    if report.state != parts[0].arm.report.state or report.state in {"failed", "timed_out"}:
        return failed_arm(keys, report)
    try:
        scores = merge(parts)
    except NotMergedError as refused:
        return failed_arm(keys, report.model_copy(update={"state": "failed", "detail": str(refused)}))
    found = {"provenance": dict(scores.provenance), "unnamed": list(scores.unnamed)}
    new = [warning for warning in scores.warnings if warning not in report.warnings]
    return Arm(
        scores=scores, report=report.model_copy(update={**found, "warnings": [*report.warnings, *new]})
    )


def _report(parts: Sequence[MeasuredPart]) -> ArmReport:
    """Return the report of all parts: of the first that failed, and with the seconds of all."""
    reports = [part.arm.report for part in parts]
    failed = next((part for part in parts if part.arm.report.state in {"failed", "timed_out"}), None)
    first = failed.arm.report if failed else reports[0]
    seconds = [report.seconds for report in reports if report.seconds is not None]
    changes = {
        "detail": f"{failed.name}: {first.detail}" if failed else None,
        "seconds": sum(seconds, Decimal(0)) if seconds else None,
        "digests": {
            f"{part.folder}/{name}": digest
            for part in parts
            for name, digest in part.arm.report.digests.items()
        },
        "warnings": list(told_of((part.name, part.arm.report.warnings) for part in parts)),
        "images": {name: digest for report in reports for name, digest in report.images.items()},
        "cost": _sums(report.cost for report in reports),
        "origin": _origin([report.origin for report in reports if report.origin is not None]),
    }
    return first.model_copy(update=changes)


def _sums(costs: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for cost in costs:
        for unit, amount in cost.items():
            total[unit] = total.get(unit, Decimal(0)) + amount
    return total


def _origin(origins: Sequence[Origin]) -> Origin | None:
    """Return the oldest origin of the runs that were not measured now."""
    return min(origins, key=lambda origin: origin.clock or "", default=None)
