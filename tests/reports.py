"""Realistic reports for the tests of renderers: declared in a few lines, valid to the last field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from statistics import NormalDist
from typing import Any

from remyx_action.bar import Bar, Node, children_of, set_bar
from remyx_action.claims import claim_of, key_of
from remyx_action.decimals import round_significant
from remyx_action.evidence import Inputs
from remyx_action.floors import effective_floor, share_of
from remyx_action.logic import Mark, at_least, mark_of
from remyx_action.report import (
    Advice,
    ArmReport,
    FieldConditionRow,
    Fields,
    JudgedUnder,
    MetricConditionRow,
    MetricRow,
    Report,
    RuleRow,
    Rules,
    RunReport,
    SampleChange,
    SamplesChanged,
)
from remyx_action.specs import FieldCondition, Metrics, Policy, Template
from remyx_action.specs.policy import AllOf, AnyOf, AtLeast, Comparison, Equality

Measured = Mapping[str, tuple[str | None, str | None, str | None, int | None]]
"""By metric key: baseline, variant, standard error of the delta, n."""

SPATIAL = {
    "version": 1,
    "metrics": [
        {"key": "spatialscore", "label": "SpatialScore", "unit": "accuracy", "baseline": 0.42},
        {"key": "omnispatial", "label": "OmniSpatial", "unit": "accuracy", "baseline": 0.31},
        {"key": "space10", "label": "SpaCE-10", "unit": "accuracy", "baseline": 0.55},
        {"key": "mindcube", "label": "MindCube", "unit": "accuracy", "baseline": 0.38},
    ],
}
KEYS = ("spatialscore", "omnispatial", "space10", "mindcube")
SHIP = {
    "all": [
        {"metric": "spatialscore.delta", "op": ">=", "threshold": 0.02, "confidence": 0.80},
        {"metric": "omnispatial", "op": "improves_by", "threshold": 0.02, "confidence": 0.80},
        {"field": "delta_confidence", "op": ">=", "threshold": 0.80},
        {"metric": "space10", "op": "no_regression", "threshold": 0.01},
        {"metric": "mindcube", "op": "no_regression", "threshold": 0.01},
    ]
}
REJECT = {
    "any": [
        {"metric": "space10.delta", "op": "<", "threshold": -0.01, "confidence": 0.80},
        {"metric": "mindcube", "op": "no_regression", "threshold": 0.01, "confidence": 0.80},
    ],
    "floors": "shared",
}


def spec(model: Any, value: object) -> Any:
    """The value as the strict loader would hand it over: numbers as the decimals that were written."""
    return model.model_validate(json.loads(json.dumps(value), parse_float=Decimal))


def bar_of(ship: object, reject: object, metrics: Mapping[str, Any] = SPATIAL) -> Bar:
    policy = {"version": 1, "name": "default", "template": "spatial-suite", "ship": ship, "reject": reject}
    template = {
        "version": 1,
        "name": "spatial-suite",
        "runtime": "custom",
        "script": "docker/eval_stage/",
        "baseline_asset": "Qwen/Qwen2.5-VL-7B-Instruct",
        "metrics": [metric["key"] for metric in metrics["metrics"]],
    }
    return set_bar(spec(Policy, policy), spec(Template, template), spec(Metrics, metrics))


def report_of(
    bar: Bar,
    measured: Measured,
    *,
    verdict: Any,
    reason: str,
    run_state: Any = "complete",
    reasons: Mapping[str, tuple[str, str]] | None = None,
    advice: Sequence[Advice] = (),
    changed: Mapping[str, SamplesChanged] | None = None,
    arms: Mapping[Any, ArmReport] | None = None,
    **under: Any,
) -> Report:
    """A report whose marks follow from the measured numbers; `reasons` says why a metric has none."""
    rows = {metric.key: _row(metric, measured, reasons or {}) for metric in bar.metrics}
    asked = [rows[key] for key in ("spatialscore", "omnispatial") if key in rows] or list(rows.values())
    improved = [row.confidence_improved for row in asked if row.confidence_improved is not None]
    policy = bar.policy
    fields = Fields(
        delta_confidence=min(improved, default=None),
        delta_confidence_word="inconclusive" if improved else "not_tested",
        sample_size=min((Decimal(row.n) for row in rows.values() if row.n), default=None),
        coverage=Decimal(1),
    )
    return Report(
        schema="remyx-verdict/1",
        verdict=verdict,
        reason=reason,
        run_state=run_state,
        metrics=list(rows.values()),
        rules=Rules(
            ship=_rule(policy.ship, rows, fields, bar),
            reject=_rule(policy.reject, rows, fields, bar) if policy.reject else None,
        ),
        fields=fields,
        advice=list(advice),
        policy=bar,
        inputs=Inputs.model_construct(metrics={}, arms={}, not_comparable=[], caps=[]),
        samples_changed=dict(changed or {}),
        judged_under=JudgedUnder(
            **{
                "source": "working tree",
                "digests": {
                    "metrics": "sha256:" + "3f" * 32,
                    "template": "sha256:" + "7a" * 32,
                    "policy": "sha256:" + "c4" * 32,
                },
                "commits": {},
                "isolation": "L1 shared",
                "isolation_note": "both arms ran as this user on this machine",
                "lock": "unlocked: there is no lock file",
                "reproduce": "remyx-action run --template spatial-suite --variant remyx/qwen2.5-vl-7b-sft",
                **under,
            }
        ),
        arms=dict(arms or {"baseline": arm("Qwen/Qwen2.5-VL-7B-Instruct"), "variant": arm("remyx/sft-3")}),
        run=RunReport(
            clock="2026-05-04T09:12:44Z", host="runner", seconds=Decimal("754.2"), attempt=1, version="0.1.0"
        ),
    )


def arm(asset: str, **changes: Any) -> ArmReport:
    return ArmReport(
        **{
            "state": "completed",
            "asset": asset,
            "detail": None,
            "seconds": Decimal("371.4"),
            "provenance": {"dataset_revision": "2025-11-03", "judge": "none"},
            "digests": {"results.json": "sha256:" + "9b" * 32},
            "unnamed": [],
            "warnings": [],
            **changes,
        }
    )


def _row(metric: Any, measured: Measured, reasons: Mapping[str, tuple[str, str]]) -> MetricRow:
    baseline, variant, error, n = measured.get(metric.key, (None, None, None, None))
    b, x = (None if value is None else Decimal(value) for value in (baseline, variant))
    delta = x - b if x is not None and b is not None else None
    reason, note = reasons.get(metric.key, (None, None))
    improved = interval = None
    if delta is not None and error is not None:
        interval = [delta - Decimal("1.96") * Decimal(error), delta + Decimal("1.96") * Decimal(error)]
        gain = delta if metric.direction == "higher" else -delta
        improved = _probability(gain / Decimal(error))
    return MetricRow(
        key=metric.key,
        label=metric.label,
        unit=metric.unit,
        direction=metric.direction,
        baseline=b,
        variant=x,
        delta=delta,
        interval=interval,
        level=Decimal("0.95"),
        confidence_improved=improved,
        n=n,
        n_effective=None,
        clusters=None,
        method="paired" if error else None,
        reason=reason,
        note=note,
    )


def _probability(z: Decimal) -> Decimal:
    return Decimal(str(round(NormalDist().cdf(float(z)), 9)))


def _rule(rule: Node, rows: Mapping[str, MetricRow], fields: Fields, bar: Bar, share: int = 1) -> RuleRow:
    share *= share_of(rule)
    children: list[Any] = []
    for child in children_of(rule):
        if isinstance(child, AllOf | AnyOf | AtLeast):
            children.append(_rule(child, rows, fields, bar, share))
        elif isinstance(child, FieldCondition):
            children.append(_field(child, fields))
        else:
            children.append(_condition(child, rows[key_of(child)], bar, share))
    marks = [Mark(child.mark) for child in children]
    k = rule.at_least if isinstance(rule, AtLeast) else len(children) if isinstance(rule, AllOf) else 1
    return RuleRow(
        combinator="all" if isinstance(rule, AllOf) else "any" if isinstance(rule, AnyOf) else "at_least",
        k=k if isinstance(rule, AtLeast) else None,
        mark=at_least(k, marks).value,
        conditions=children,
    )


def _condition(condition: Any, row: MetricRow, bar: Bar, share: int) -> MetricConditionRow:
    direction = bar.metric(row.key).direction
    claim = claim_of(condition, direction)
    x = row.variant if claim.quantity == "value" else row.delta
    holds = None
    if x is not None:
        holds = {
            ("at_least", False): x >= claim.threshold,
            ("at_least", True): x > claim.threshold,
            ("at_most", False): x <= claim.threshold,
            ("at_most", True): x < claim.threshold,
        }[(claim.side, claim.strict)]
    turned = 1
    if not isinstance(condition, Comparison | Equality):
        turned = 1 if (condition.op == "improves_by") == (direction == "higher") else -1
    confidence = None
    if row.interval and x is not None:
        error = (row.interval[1] - row.interval[0]) / Decimal("3.92")
        side = 1 if claim.side == "at_least" else -1
        confidence = _probability(side * (x - claim.threshold) / error)
    declared = getattr(condition, "confidence", None)
    floor = None
    if declared is not None:
        exact = effective_floor(declared, share)
        floor = round_significant(exact)
    mark = mark_of(holds)
    if holds and floor is not None:
        mark = mark_of(None if confidence is None else confidence >= floor)
    reason = None
    if mark is not Mark.TRUE:
        reason = row.reason or ("low_confidence" if holds else "threshold")
        if holds is False:
            reason = "threshold"
    return MetricConditionRow(
        text=f"{condition.metric} {condition.op} {condition.threshold}",
        metric=row.key,
        mark=mark.value,
        reason=reason,
        observed=None if x is None else turned * x,
        threshold=condition.threshold,
        confidence=confidence,
        floor=floor,
        declared_floor=declared,
        n=row.n,
        why=condition.why,
    )


def _field(condition: FieldCondition, fields: Fields) -> FieldConditionRow:
    value = getattr(fields, condition.field)
    holds = None if value is None else bool(value >= condition.threshold)
    return FieldConditionRow(
        text=f"{condition.field} {condition.op} {condition.threshold}",
        field=condition.field,
        mark=mark_of(holds).value,
        reason=None if holds else "threshold" if holds is False else "no_uncertainty",
        observed=value,
        threshold=condition.threshold,
        confidence=None,
        floor=None,
        n=None,
        why=condition.why,
    )


def changes(*examples: tuple[str, int, int], up: int, down: int) -> SamplesChanged:
    listed = [SampleChange(id=i, baseline=Decimal(b), variant=Decimal(v)) for i, b, v in examples]
    return SamplesChanged(up=up, down=down, examples=listed)


def shipping() -> Report:
    measured = {
        "spatialscore": ("0.42", "0.4512", "0.0071", 5000),
        "omnispatial": ("0.31", "0.3468", "0.0082", 1533),
        "space10": ("0.55", "0.5514", "0.0068", 2000),
        "mindcube": ("0.38", "0.3771", "0.0059", 1050),
    }
    flips = changes(("q-0017", 0, 1), ("q-0211", 0, 1), ("q-0450", 1, 0), up=261, down=105)
    return report_of(
        bar_of(SHIP, REJECT),
        measured,
        verdict="ship",
        reason="bar_met",
        changed={"spatialscore": flips},
        source="commit 41f0c8d2e9a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3",
        commits={
            "base": "41f0c8d2e9a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3",
            "head": "9d1e2f30a4b5c6d7e8f90a1b2c3d4e5f60718293",
            "merge_base": "41f0c8d2e9a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3",
        },
        lock="locked",
    )


def rejecting() -> Report:
    measured = {
        "spatialscore": ("0.42", "0.4498", "0.0071", 5000),
        "omnispatial": ("0.31", "0.3421", "0.0082", 1533),
        "space10": ("0.55", "0.5482", "0.0068", 2000),
        "mindcube": ("0.38", "0.3343", "0.0112", 1050),
    }
    flips = changes(("mc-101", 1, 0), ("mc-340", 1, 0), ("mc-341", 1, 0), up=44, down=92)
    return report_of(
        bar_of(SHIP, REJECT), measured, verdict="reject", reason="reject_rule", changed={"mindcube": flips}
    )


def iterating() -> Report:
    measured = {
        "spatialscore": ("0.42", "0.4433", "0.0214", 300),
        "omnispatial": ("0.31", "0.3212", "0.0238", 300),
        "space10": ("0.55", "0.5533", "0.0196", 300),
        "mindcube": ("0.38", "0.3767", "0.0187", 300),
    }
    advice = [
        Advice(
            condition="spatialscore.delta >= 0.02",
            metric="spatialscore",
            kind="more_samples",
            n_needed=20_400,
            n_now=300,
            smallest_effect=Decimal("0.056"),
            expected=Decimal("0.0233"),
            expected_from="observed",
            counted_in="samples",
            evidence_against=False,
            message="If the true delta is the observed +0.0233, about 20,400 samples settle it (now 300); "
            "at 300 samples only a true delta of +0.056 or more would be confirmed.",
        ),
        Advice(
            condition="omnispatial improves_by 0.02",
            metric="omnispatial",
            kind="more_samples_do_not_help",
            n_needed=None,
            n_now=300,
            smallest_effect=Decimal("0.06"),
            expected=Decimal("0.0112"),
            expected_from="observed",
            counted_in="samples",
            evidence_against=False,
            message="The observed gain +0.0112 lies below 0.02: more samples are not expected to help.",
        ),
    ]
    return report_of(bar_of(SHIP, REJECT), measured, verdict="iterate", reason="below_bar", advice=advice)


LOG = """Traceback (most recent call last):
  File "docker/eval_stage/run.py", line 88, in <module>
    main()
  File "docker/eval_stage/run.py", line 61, in main
    scores = evaluate(model, load_benchmark(name))
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.31 GiB.
"""


def failing() -> Report:
    failed = arm("remyx/sft-3", state="failed", detail=f"exit code 1\n{LOG}", seconds=Decimal(41), digests={})
    return report_of(
        bar_of(SHIP, REJECT),
        {},
        verdict=None,
        reason="run_failed",
        run_state="failed",
        reasons=dict.fromkeys(KEYS, ("arm_failed", "the variant arm failed")),
        arms={"baseline": arm("Qwen/Qwen2.5-VL-7B-Instruct"), "variant": failed},
    )


def incomparable() -> Report:
    measured = dict.fromkeys(KEYS, ("0.42", "0.47", None, None))
    report = report_of(
        bar_of(SHIP, REJECT),
        measured,
        verdict="iterate",
        reason="not_comparable",
        run_state="not_comparable",
        reasons=dict.fromkeys(KEYS, ("not_comparable", "dataset_revision differs")),
    )
    inputs = report.inputs.model_copy(
        update={"not_comparable": ["dataset_revision differs: 2025-11-03 in baseline, 2025-12-19 in variant"]}
    )
    return report.model_copy(update={"inputs": inputs})


def partial() -> Report:
    measured = {
        "spatialscore": ("0.42", "0.4512", "0.0071", 5000),
        "omnispatial": ("0.31", "0.3468", "0.0082", 1533),
        "space10": ("0.55", "0.5514", "0.0068", 2000),
        "mindcube": ("0.38", None, None, None),
    }
    return report_of(
        bar_of(SHIP, REJECT),
        measured,
        verdict="iterate",
        reason="ship_undetermined",
        run_state="partial",
        reasons={"mindcube": ("missing_metric", "the variant reports 3 of 4 metrics, not mindcube")},
        arms={
            "baseline": arm("Qwen/Qwen2.5-VL-7B-Instruct"),
            "variant": arm(
                "remyx/sft-3",
                unnamed=["mind_cube", "latency"],
                warnings=["mind_cube is named by no metric: did you mean mindcube?"],
            ),
        },
    )


def without_reject() -> Report:
    """Bare numbers under `no reject rule`: points decide, nothing has a confidence."""
    ship = {"all": [{"metric": f"{key}.delta", "op": ">=", "threshold": 0.02} for key in KEYS]}
    measured = {
        "spatialscore": ("0.42", "0.44", None, None),
        "omnispatial": ("0.31", "0.33", None, None),
        "space10": ("0.55", "0.57", None, None),
        "mindcube": ("0.38", "0.4", None, None),
    }
    return report_of(
        bar_of(ship, None),
        measured,
        verdict="ship",
        reason="bar_met",
        reasons=dict.fromkeys(KEYS, ("no_uncertainty", "the baseline is a bare number")),
    )


SERVING = {
    "version": 1,
    "metrics": [
        {"key": "exact_match", "label": "Exact match", "unit": "%", "baseline": 61.2},
        {"key": "latency_p50", "label": "Latency", "unit": "ms", "direction": "lower", "baseline": 184},
        {"key": "tokens", "label": "Tokens per answer", "unit": "tokens", "direction": "lower"},
        {"key": "log_loss", "label": "Log-loss", "unit": "loss", "direction": "lower", "baseline": 0.412},
    ],
}


def serving() -> Report:
    """Lower is better, percent, relative and nested conditions."""
    ship = {
        "all": [
            {"metric": "exact_match", "op": "no_regression", "threshold": 0.5, "confidence": 0.80},
            {
                "at_least": 2,
                "of": [
                    {"metric": "latency_p50", "op": "improves_by", "threshold": 10, "confidence": 0.90},
                    {"metric": "tokens.delta", "op": "<=", "threshold": -20, "why": "the budget of the app"},
                    {"any": [{"metric": "log_loss", "op": "improves_by", "threshold": 0.01}]},
                ],
                "floors": "shared",
            },
            {"metric": "latency_p50.value", "op": "<=", "threshold": 170},
        ]
    }
    reject = {"any": [{"metric": "log_loss", "op": "no_regression", "threshold": 0.02, "confidence": 0.95}]}
    measured = {
        "exact_match": ("61.2", "61.45", "0.38", 1200),
        "latency_p50": ("184.31", "162.07", "1.92", 1200),
        "tokens": ("412.6", "381.25", "6.4", 1200),
        "log_loss": ("0.412", "0.41204", "0.0051", 1200),
    }
    return report_of(bar_of(ship, reject, SERVING), measured, verdict="ship", reason="bar_met")


def many(amount: int = 400) -> Report:
    """A report of `amount` metrics, one in 37 of which lost."""
    keys = [f"task_{place:03d}" for place in range(amount)]
    metrics = [{"key": key, "label": f"MMLU {key}", "unit": "accuracy", "baseline": 0.5} for key in keys]
    ship = {"all": [{"metric": key, "op": "no_regression", "threshold": 0.02} for key in keys]}
    reject = {
        "any": [
            {"metric": f"{key}.delta", "op": "<", "threshold": -0.05, "confidence": 0.95} for key in keys
        ],
        "floors": "shared",
    }
    measured = {
        key: ("0.5", "0.46" if place % 37 == 5 else f"0.5{place % 4}1", "0.012", 400)
        for place, key in enumerate(keys)
    }
    flips = {key: changes(*((f"{key}-{i}", 0, 1) for i in range(20)), up=20, down=3) for key in keys}
    return report_of(
        bar_of(ship, reject, {"version": 1, "metrics": metrics}),
        measured,
        verdict="iterate",
        reason="below_bar",
        changed=flips,
    )


REPORTS: dict[str, Callable[[], Report]] = {
    "ship": shipping,
    "reject": rejecting,
    "iterate": iterating,
    "failed": failing,
    "not_comparable": incomparable,
    "partial": partial,
    "no_reject_bare": without_reject,
    "serving": serving,
    "many": lambda: many(40),
}
"""By name, a report of each kind."""
