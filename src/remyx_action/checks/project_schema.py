"""Load: schemas that know one project's metrics and templates, for completion and hover in editors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from remyx_action.checks.bundle import Bundle
from remyx_action.checks.json_schema import schema_of
from remyx_action.decimals import plain
from remyx_action.policy.bar import implied_range
from remyx_action.specs import Metric
from remyx_action.specs.metrics import ExactBaseline, RecordedBaseline

SUFFIXES = {
    "value": "the variant's own value",
    "delta": "variant minus baseline, never turned by the direction",
    "relative_delta": "variant minus baseline, as a fraction of the baseline's size",
}
WITH_SUFFIX = ("Comparison", "Equality")
WITHOUT_SUFFIX = ("Directional", "Guard", "FieldCondition")


def project_schemas(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """By file name the schemas whose values may name this project's metrics and templates.

    Files that are wrong are left out: what they would have declared is not offered.
    """
    metrics = bundle.metrics.metrics if bundle.metrics else []
    keys = _choice((metric.key, describe(metric)) for metric in metrics)
    templates = _choice(
        (name, f"measures {', '.join(template.metrics)}") for name, template in bundle.templates.items()
    )
    policy, template, experiment = (schema_of(name) for name in ("policy", "template", "experiment"))
    definitions = policy["$defs"]
    for owner in WITH_SUFFIX:
        _narrow(definitions[owner]["properties"], "metric", _references(metrics))
    for owner in WITHOUT_SUFFIX:
        _narrow(definitions[owner]["properties"], "metric", keys)
    _narrow(policy["properties"], "template", templates)
    _narrow(experiment["properties"], "template", templates)
    _narrow(experiment["properties"], "target_metric", keys)
    # a task of lighteval's brings keys along that no file of the project holds
    of_a_script = template["else"]["properties"]["metrics"]
    of_a_script["items"] = template["properties"]["metrics"]["anyOf"][0]["items"]
    _narrow(of_a_script, "items", keys)
    return {
        f"{name}.schema.json": schema | {"$id": f"{schema['$id']}:project"}
        for name, schema in {"policy": policy, "template": template, "experiment": experiment}.items()
    }


def describe(metric: Metric) -> str:
    """What a person wants to know of a metric while writing a rule."""
    baseline = metric.baseline
    value = baseline.value if isinstance(baseline, RecordedBaseline | ExactBaseline) else baseline
    limits = implied_range(metric)
    parts = [
        metric.label or metric.key,
        metric.unit,
        f"{metric.direction} is better",
        f"range {plain(limits[0]):f} to {plain(limits[1]):f}" if limits else "",
        f"baseline {plain(value):f}" if value is not None else "",
    ]
    return " · ".join(part for part in parts if part)


def _references(metrics: Iterable[Metric]) -> dict[str, Any]:
    return _choice(
        (f"{metric.key}.{suffix}", f"{describe(metric)} — {meaning}")
        for metric in metrics
        for suffix, meaning in SUFFIXES.items()
    )


def _choice(words: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A schema of words with their descriptions; of nothing where there are none."""
    described = dict(words)
    return (
        {"enum": list(described), "markdownEnumDescriptions": list(described.values())} if described else {}
    )


def _narrow(owner: dict[str, Any], key: str, choice: dict[str, Any]) -> None:
    """Allow only the choice, keeping what the schema says besides; nothing to choose changes nothing."""
    if choice:
        kept = {name: value for name, value in owner[key].items() if name != "pattern"}
        owner[key] = kept | choice
