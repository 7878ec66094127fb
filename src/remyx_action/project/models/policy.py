"""`.remyx/policies/<name>.yaml`: what counts. Rules of conditions, three levels deep."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator

from .conditions import (
    ChangeCondition,
    Comparison,
    ConditionLine,
    Directional,
    Equality,
    ExplainedLine,
    FieldCondition,
    Guard,
    Why,
    WrittenCondition,
    condition_of,
)
from .field_types import Bounds, Integer, Line, Name, Spec, Text, Version, no_entries, refuse

MOST_LEVELS = 3
"""How deep rules may stand in rules, the outermost included."""

Floors = Literal["each", "shared"]
Looks = Literal["counted", "corrected"]


def _kind(value: Any) -> str | None:
    """Which model a condition or rule is meant to be, by its keys."""
    if isinstance(value, str):
        return "<line>"
    if isinstance(value, Spec):
        return f"<{type(value).__name__}>"
    if not isinstance(value, Mapping):
        return None
    for key, kind in KIND_OF_KEY.items():
        if key in value:
            return "<ChangeCondition>" if value.get("field") in ("worse", "better") else kind
    if not {"metric", "op", "threshold"} & set(value):
        return None
    op = value.get("op")
    known = KIND_OF_OP.get(op) if isinstance(op, str) else None
    return known or ("<Comparison>" if "." in str(value.get("metric", ".")) else "<Directional>")


KIND_OF_KEY = {
    "all": "<AllOf>",
    "any": "<AnyOf>",
    "at_least": "<AtLeast>",
    "of": "<AtLeast>",
    "if": "<ExplainedLine>",
    "field": "<FieldCondition>",
}
KIND_OF_OP = dict.fromkeys((">=", ">", "<=", "<"), "<Comparison>") | {
    "==": "<Equality>",
    "improves_by": "<Directional>",
    "regresses_by": "<Directional>",
    "no_regression": "<Guard>",
}


class AllOf(Spec):
    """True when every condition is."""

    all: Annotated[list[Child], Field(min_length=1, max_length=1000)]
    """Conditions, or rules again."""


class AnyOf(Spec):
    """True as soon as one condition is."""

    any: Annotated[list[Child], Field(min_length=1, max_length=1000)]
    """Conditions, or rules again."""
    floors: Floors = "each"
    """`shared`: floors are raised so that the whole rule keeps the confidence that is written."""


class AtLeast(Spec):
    """True when k of the conditions are."""

    at_least: Annotated[Integer, Bounds(least="1")]
    """k, 1 to the number of conditions."""
    of: Annotated[list[Child], Field(min_length=1, max_length=1000)]
    """Conditions, or rules again."""
    floors: Floors = "each"
    """`shared`: floors are raised so that the whole rule keeps the confidence that is written."""

    @field_validator("of")
    @classmethod
    def _so_many_can_hold(cls, children: list[Any], info: ValidationInfo) -> list[Any]:
        k = info.data.get("at_least", 0)
        if k > len(children):
            raise refuse(
                "at-least-too-many",
                f"at_least {k} of {len(children)} can never hold",
                help=f"use 1 to {len(children)}" if len(children) > 1 else "use 1, or add conditions",
                at="../at_least",
            )
        return children


Rule = Annotated[
    Annotated[AllOf, Tag("<AllOf>")]
    | Annotated[AnyOf, Tag("<AnyOf>")]
    | Annotated[AtLeast, Tag("<AtLeast>")],
    Discriminator(_kind),
]
Child = Annotated[
    Annotated[AllOf, Tag("<AllOf>")]
    | Annotated[AnyOf, Tag("<AnyOf>")]
    | Annotated[AtLeast, Tag("<AtLeast>")]
    | Annotated[ConditionLine, Tag("<line>")]
    | Annotated[ExplainedLine, Tag("<ExplainedLine>")]
    | Annotated[FieldCondition, Tag("<FieldCondition>")]
    | Annotated[ChangeCondition, Tag("<ChangeCondition>")]
    | Annotated[Comparison, Tag("<Comparison>")]
    | Annotated[Equality, Tag("<Equality>")]
    | Annotated[Directional, Tag("<Directional>")]
    | Annotated[Guard, Tag("<Guard>")],
    Discriminator(_kind),
]


def _rule_too_deep(rule: Any, level: int = 1, pointer: str = "") -> str | None:
    """The pointer, below the outermost rule, of the first rule that is nested too deep."""
    name = next((name for name in ("all", "any", "of") if hasattr(rule, name)), None)
    if name is None:
        return None
    if level > MOST_LEVELS:
        return pointer
    for index, child in enumerate(getattr(rule, name)):
        found = _rule_too_deep(child, level + 1, f"{pointer}/{name}/{index}")
        if found is not None:
            return found
    return None


IsolationLevel = Annotated[Integer, Bounds(least="0", most="3")]


class IterateGate(Spec):
    """What branch protection sees of an iterate."""

    iterate: Literal["block", "allow"] = "block"
    """`allow`: an iterate passes where the ship rule is not met and the reject rule is known to be clear."""


class Silence(Spec):
    """A warning of `check` that the team has read and decided to live with."""

    lint: Line
    """The warning's id."""
    why: Why
    """The reason, for those who come later."""


class Trust(Spec):
    """How far the numbers are believed."""

    min_level: IsolationLevel = 1
    """The isolation level that a ship needs: 0 handed in, 1 not sandboxed, 2 sandboxed, 3 enforced."""


class Policy(Spec):
    """When a variant ships, when it is rejected; everything else is iterate."""

    version: Version
    """The version of this file's format."""
    name: Name
    """The file's stem."""
    template: Name
    """The template whose numbers are judged."""
    ship: Rule
    """What must hold for a variant to ship."""
    reject: Rule | None = None
    """What rejects a variant; wins over ship."""
    gate: IterateGate = Field(
        default_factory=IterateGate, json_schema_extra={"default": {"iterate": "block"}}
    )
    """Whether an iterate blocks the pull request."""
    require_lock: Literal["off", "captured", "locked"] = "captured"
    """What a ship on a pull request needs: nothing; a lock that holds; branch rules that enforce it, too."""
    looks: Annotated[Looks, Field(exclude_if=lambda looks: looks == "counted")] = "counted"
    """Measurements of one pull request: `corrected` raises the floors of ship with each, so that luck at
    many tries does not ship; `counted` shows them and raises nothing."""
    trust: Trust = Field(default_factory=Trust, json_schema_extra={"default": {"min_level": 1}})
    """How far the numbers are believed."""
    notes: Text | None = None
    """Why these criteria."""
    silence: Annotated[list[Silence], Field(max_length=100)] = Field(default_factory=no_entries)
    """Warnings of `check` that the team accepts."""

    @field_validator("ship", "reject")
    @classmethod
    def _rules_are_not_too_deep(cls, rule: Any) -> Any:
        deep = _rule_too_deep(rule)
        if deep is not None:
            raise refuse(
                "rule-too-deep",
                f"rules stand more than {MOST_LEVELS} levels deep",
                help="flatten the rule",
                at=deep,
            )
        return rule


Node = AllOf | AnyOf | AtLeast
Leaf = str | ExplainedLine | WrittenCondition
"""A condition as it is written."""


def in_keys(policy: Policy) -> Policy:
    """Return the policy with every line as the keys that say the same."""
    reject = policy.reject and _in_keys(policy.reject)
    return policy.model_copy(update={"ship": _in_keys(policy.ship), "reject": reject})


def _in_keys(rule: Node) -> Node:
    name = "all" if isinstance(rule, AllOf) else "any" if isinstance(rule, AnyOf) else "of"
    written: list[Node | Leaf] = getattr(rule, name)
    children = [
        _in_keys(child) if isinstance(child, AllOf | AnyOf | AtLeast) else condition_of(child)
        for child in written
    ]
    return rule.model_copy(update={name: children})


def policy_key(folder: str, policy: str) -> str:
    """Return 12 hexadecimal digits for a policy of one project.

    `folder`: the project's, below the repository's root; "" is the root. Two projects may have policies of
    the same name.
    """
    return sha256(f"{folder}\0{policy}".encode()).hexdigest()[:12]
