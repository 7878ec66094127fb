"""Random policies, random edits of them, and random evidence, all from one seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from decimal import Decimal
from random import Random
from typing import Any

from remyx_action.evidence.evidence import Inputs
from remyx_action.policy.bar import Bar
from remyx_action.policy.diff import DiffSide
from remyx_action.project.load import Bundle
from remyx_action.project.models import Metrics, Policy, Template
from remyx_action.readers.scores import Reason, Scores, Summary, Unusable
from support.bars import decimals, exact, inputs, number, samples

KEYS = "abcd"
METRICS: list[dict[str, Any]] = [
    {"key": "a", "unit": "accuracy", "baseline": 0.5},
    {"key": "b", "unit": "fraction", "direction": "lower", "baseline": 0.4},
    {"key": "c", "baseline": 0.5},
    {"key": "d", "unit": "accuracy", "aggregate": "p50", "baseline": 0.5},
]
"""Higher and lower is better, with a range and without, a mean and a percentile."""
THRESHOLDS = [-0.1, -0.05, 0.0, 0.05, 0.1]
FLOORS = [None, None, 0.6, 0.8, 0.95]
Tree = dict[str, Any]


def condition(random: Random) -> Tree:
    kind = random.choice(["compared", "compared", "directional", "directional", "field"])
    key = random.choice(KEYS)
    if kind == "field":
        field = random.choice(["delta_confidence", "sample_size", "coverage"])
        threshold = random.choice([10, 20, 21] if field == "sample_size" else [0.2, 0.5, 0.8, 1.0])
        found: Tree = {"field": field, "op": random.choice([">=", ">", "<=", "<"]), "threshold": threshold}
        found |= {"metric": key} if random.random() < 0.5 else {}
    elif kind == "compared":
        quantity = random.choice(["value", "delta", "delta", "relative_delta"])
        threshold = random.choice([0.4, 0.5, 0.55, 0.6] if quantity == "value" else THRESHOLDS)
        op = random.choice([">=", ">", "<=", "<", "=="])
        found = {"metric": f"{key}.{quantity}", "op": op, "threshold": threshold}
        found |= _floor(random) if op != "==" else {}
    else:
        op = random.choice(["improves_by", "regresses_by", "no_regression"])
        found = {"metric": key, "op": op, "threshold": random.choice([0.0, 0.05, 0.1]), **_floor(random)}
        found |= {"mode": "relative"} if random.random() < 0.3 else {}
    return found | ({"on_unknown": "violated"} if random.random() < 0.2 else {})


def _floor(random: Random) -> Tree:
    floor = random.choice(FLOORS)
    return {} if floor is None else {"confidence": floor}


def rule(random: Random, depth: int = 2) -> Tree:
    children = [
        rule(random, depth - 1) if depth > 1 and random.random() < 0.3 else condition(random)
        for _ in range(random.choice([1, 1, 2, 2, 3]))
    ]
    return combined(random, children)


def combined(random: Random, children: list[Tree]) -> Tree:
    kind = random.choice(["all", "all", "any", "at_least"])
    if kind == "all":
        return {"all": children}
    floors = {"floors": random.choice(["each", "shared"])}
    if kind == "any":
        return {"any": children, **floors}
    return {"at_least": random.randint(1, len(children)), "of": children, **floors}


def children_of(tree: Tree) -> list[Tree]:
    for name in ("all", "any", "of"):
        if name in tree:
            return list(tree[name])
    return []


def nodes(tree: Tree) -> list[Tree]:
    return [tree, *(node for child in children_of(tree) for node in nodes(child))]


def _replace(tree: Tree, new: Tree) -> None:
    tree.clear()
    tree.update(new)


def _edit_condition(tree: Tree, random: Random) -> None:
    leaf = random.choice([node for node in nodes(tree) if not children_of(node)])
    fresh = condition(random)
    shared = [key for key in ("threshold", "confidence", "on_unknown", "op") if key in leaf or key in fresh]
    key = random.choice(shared)
    if random.random() < 0.2 or "field" in fresh or "field" in leaf:
        _replace(leaf, fresh)
        return
    if key == "confidence" and key not in fresh:
        leaf.pop(key)
    elif key == "threshold":
        leaf[key] = round(abs(float(leaf[key]) + random.choice([-0.05, 0.05])), 2)
    elif key in fresh:
        leaf[key] = fresh[key]


def _add(tree: Tree, random: Random) -> None:
    gate = random.choice([node for node in nodes(tree) if children_of(node)])
    name = next(name for name in ("all", "any", "of") if name in gate)
    gate[name].insert(random.randint(0, len(gate[name])), condition(random))
    if name == "of" and random.random() < 0.5:
        gate["at_least"] += 1


def _remove(tree: Tree, random: Random) -> None:
    gate = random.choice([node for node in nodes(tree) if children_of(node)])
    name = next(name for name in ("all", "any", "of") if name in gate)
    if len(gate[name]) > 1:
        del gate[name][random.randrange(len(gate[name]))]
        if name == "of":
            gate["at_least"] = min(gate["at_least"], len(gate[name]))


def _recombine(tree: Tree, random: Random) -> None:
    gate = random.choice([node for node in nodes(tree) if children_of(node)])
    _replace(gate, combined(random, children_of(gate)))


def _share(tree: Tree, random: Random) -> None:
    gate = random.choice([node for node in nodes(tree) if children_of(node)])
    if "all" not in gate:
        gate["floors"] = "each" if gate.get("floors") == "shared" else "shared"


def _wrap(tree: Tree, random: Random) -> None:
    found = random.choice(nodes(tree))
    others = [condition(random) for _ in range(random.randint(0, 2))]
    _replace(found, combined(random, [deepcopy(found), *others]))


def _shuffle(tree: Tree, random: Random) -> None:
    gate = random.choice([node for node in nodes(tree) if children_of(node)])
    name = next(name for name in ("all", "any", "of") if name in gate)
    random.shuffle(gate[name])


EDITS: list[Callable[[Tree, Random], None]] = [
    _edit_condition,
    _edit_condition,
    _edit_condition,
    _add,
    _remove,
    _recombine,
    _share,
    _wrap,
    _shuffle,
]


def edited(policy: Tree, random: Random) -> Tree:
    """The policy after one or two edits of its rules; at times of the reject rule as a whole."""
    found = deepcopy(policy)
    for _ in range(random.choice([1, 1, 1, 2])):
        if random.random() < 0.1:
            if "reject" in found:
                del found["reject"]
            else:
                found["reject"] = rule(random)
            continue
        name = random.choice([name for name in ("ship", "reject") if name in found])
        random.choice(EDITS)(found[name], random)
    return found


def policy(random: Random) -> Tree:
    found: Tree = {"version": 1, "name": "p", "template": "t", "ship": rule(random)}
    return found | ({"reject": rule(random)} if random.random() < 0.5 else {})


def side(policy: Tree, vocabulary: list[Tree] | None = None, **template: Any) -> DiffSide:
    """Validation may refuse it: rules too deep."""
    given = {"version": 1, "name": "t", "script": "run.py", "baseline_asset": "old", "metrics": list(KEYS)}
    if template.get("runtime") == "lighteval":
        del given["script"]
    return DiffSide(
        bundle=Bundle(
            metrics=Metrics.model_validate(decimals({"version": 1, "metrics": vocabulary or METRICS})),
            templates={"t": Template.model_validate(decimals(given | template))},
            policies={"p": Policy.model_validate(decimals(policy))},
            experiments={},
            locks={},
        )
    )


def arm(random: Random, scores: list[float]) -> Scores:
    """One arm whose samples, where it has any, score that."""
    kind = random.choice(["samples"] * 12 + ["number", "summary", "clusters", "missing"])
    if kind == "missing":
        return Unusable(reason=Reason.MISSING_METRIC, message="missing")
    if kind == "number":
        return number(random.choice(["0.4", "0.45", "0.5", "0.55", "0.6"]))
    if kind == "summary":
        return Summary(value=Decimal(random.choice(["0.45", "0.5", "0.55"])), n=400, stderr=Decimal("0.025"))
    clusters: dict[str, Any] = {"clusters": [f"g{place % 7}" for place in range(len(scores))]}
    return samples(scores, **(clusters if kind == "clusters" else {}))


def evidence(random: Random) -> tuple[Mapping[str, Scores], Mapping[str, Scores], Mapping[str, Any]]:
    """Baseline arm, variant arm, and what else befell the run.

    The arms differ in few samples, so that points and confidences fall between the thresholds and
    floors that policies are drawn with.
    """
    before: dict[str, Scores] = {}
    after: dict[str, Scores] = {}
    for key in KEYS:
        ids = random.choice([20, 20, 40])
        scores = [float(random.random() < 0.5) for _ in range(ids)]
        moved = [float(random.random() < 0.5) if random.random() < 0.3 else score for score in scores]
        if key == "d" and random.random() < 0.5:  # percentiles of many values
            scores = [random.choice([0.4, 0.45, 0.5, 0.55]) for _ in range(ids)]
            moved = [round(score + random.choice([-0.05, 0.0, 0.05, 0.1]), 2) for score in scores]
        before[key] = exact("0.5") if random.random() < 0.05 else arm(random, scores)
        after[key] = arm(random, moved if random.random() < 0.95 else moved[:10])
    befell = {"not_comparable": ["judge"]} if random.random() < 0.05 else {}
    return before, after, befell


def held_against(
    bar: Bar, found: tuple[Mapping[str, Scores], Mapping[str, Scores], Mapping[str, Any]]
) -> Inputs:
    before, after, befell = found
    return inputs(bar, before, after, **befell)
