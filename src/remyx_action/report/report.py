"""verdict.json: the versioned view of a verdict, and the only thing that renderers see.

Probabilities stand at 9 decimals, estimates at 12 significant digits. `replay` compares the fields
`COMPARED`, recomputed from `policy` and `inputs` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from msgspec.structs import replace
from pydantic import Field, model_validator

from remyx_action.evidence.evidence import Inputs
from remyx_action.evidence.samples_changed import SamplesChanged
from remyx_action.policy.advice import Advice
from remyx_action.policy.bar import Bar
from remyx_action.policy.looks import Look, LookId, number_of
from remyx_action.policy.rules import Condition, Gate, Mark
from remyx_action.project.files.json_writing import dump
from remyx_action.project.models.field_types import Integer, Number, Spec

COMPARED = ("verdict", "reason", "run_state", "metrics", "rules", "fields", "advice")

MarkName = Literal["true", "false", "unknown"]


class MetricRow(Spec):
    """One metric, compared. A number that is null has its `reason`."""

    key: str
    label: str
    unit: str
    direction: Literal["higher", "lower"]
    baseline: Number | None
    variant: Number | None
    delta: Number | None
    """variant - baseline, in the metric's unit; never turned by direction."""
    interval: Annotated[list[Number], Field(min_length=2, max_length=2)] | None
    """[low, high] of the delta at `level`, two-sided."""
    level: Number
    confidence_improved: Number | None
    """P(the variant is truly better), 0 to 1."""
    n: Integer | None
    n_effective: Number | None
    clusters: Integer | None
    method: str | None
    """paired · unpaired · one-sample · quantile; null where nothing could be computed."""
    reason: str | None
    """Why there is no confidence (reasons.py), else null."""
    note: str | None
    """What was found, in words, where there is a reason."""


class MetricConditionRow(Spec):
    text: str
    """The condition as written."""
    metric: str
    """The metric's key."""
    mark: MarkName
    reason: str | None
    observed: Number | None
    """The number compared with the threshold: value, delta, gain (improves_by), loss (the other two)."""
    threshold: Number
    confidence: Number | None
    """Of this very condition, wherever it could be computed."""
    floor: Number | None
    """The floor that applies, after sharing and after looks."""
    declared_floor: Number | None
    n: Integer | None
    why: str | None


class FieldConditionRow(Spec):
    text: str
    field: str
    mark: MarkName
    reason: str | None
    observed: Number | None
    threshold: Number
    confidence: None
    floor: Number | None
    """Of `delta_confidence`: the threshold that applies, where sharing or looks raised it; else null."""
    n: None
    why: str | None


class RuleRow(Spec):
    combinator: Literal["all", "any", "at_least"]
    k: Annotated[Integer | None, Field(exclude_if=lambda k: k is None)] = None
    """Of `at_least`; left out elsewhere."""
    mark: MarkName
    conditions: list[RuleRow | MetricConditionRow | FieldConditionRow]

    def leaves(self) -> Iterator[MetricConditionRow | FieldConditionRow]:
        """Yield every condition at any depth, in order."""
        for row in self.conditions:
            if isinstance(row, RuleRow):
                yield from row.leaves()
            else:
                yield row


class Rules(Spec):
    ship: RuleRow
    reject: RuleRow | None


OTHER_RULES = "the rules are not those of the policy"


def _with_marks(gate: Gate, row: RuleRow | MetricConditionRow | FieldConditionRow) -> Gate:
    """The compiled rule, marked as the rows say."""
    if not isinstance(row, RuleRow) or len(gate.children) != len(row.conditions):
        raise ValueError(OTHER_RULES)
    return replace(gate, children=tuple(map(_marked, gate.children, row.conditions)))


def _marked(
    node: Gate | Condition, row: RuleRow | MetricConditionRow | FieldConditionRow
) -> Gate | Condition:
    if isinstance(node, Gate):
        return _with_marks(node, row)
    if isinstance(row, RuleRow):
        raise ValueError(OTHER_RULES)  # noqa: TRY004 - of the file, not of a program
    return replace(
        node,
        mark=Mark(row.mark),
        reason=row.reason,
        observed=row.observed,
        confidence=row.confidence,
        n=row.n,
    )


class Fields(Spec):
    delta_confidence: Number | None
    delta_confidence_word: Literal["significant", "worse", "inconclusive", "not_tested"]
    sample_size: Number | None
    coverage: Number | None


class LooksReport(Spec):
    """Of a pull request: this measurement among all that were judged under the policy."""

    id: LookId | None
    """This measurement's; null where nothing of the variant was scored, which is no look."""
    known: list[Look]
    """Those known before this verdict, oldest first; a measurement that is judged again keeps its place."""

    @property
    def number(self) -> int | None:
        """Which look this is, from 1; None where it is none."""
        return None if self.id is None else number_of(self.id, [look.id for look in self.known])


class ExperimentReport(Spec):
    """The experiment that a pull request proposes."""

    name: str
    hypothesis: str | None
    target_metric: str | None
    tags: list[str]


class Report(Spec):
    # Types whose fields are left out where None are defined above: pydantic ignores that of later ones.
    schema_: Literal["remyx-verdict/1"] = Field(alias="schema")
    verdict: Literal["ship", "reject", "iterate"] | None
    reason: str
    run_state: Literal["complete", "partial", "not_comparable", "failed"]
    metrics: list[MetricRow]
    rules: Rules
    fields: Fields
    advice: list[Advice]
    policy: Bar
    inputs: Inputs
    samples_changed: dict[str, SamplesChanged]
    judged_under: JudgedUnder
    arms: dict[Literal["baseline", "variant"], ArmReport]
    proposal: ProposalReport | None = None
    """Of a pull request or merge group; null elsewhere."""
    experiment: Annotated[ExperimentReport | None, Field(exclude_if=lambda found: found is None)] = None
    """What was measured off GitHub; left out where there is none, and on GitHub, where `proposal` has it."""
    looks: Annotated[LooksReport | None, Field(exclude_if=lambda looks: looks is None)] = None
    """Of a pull request: what this measurement is known by, and those before it; left out elsewhere."""
    quick_look: Annotated[Integer | None, Field(exclude_if=lambda samples: samples is None)] = None
    """At most so many samples were asked for, fewer than there are; left out elsewhere."""
    run: RunReport

    @model_validator(mode="after")
    def _evidence_for_every_metric(self) -> Self:
        if {metric.key for metric in self.policy.metrics} != self.inputs.metrics.keys():
            raise ValueError("the inputs are not about the metrics of the policy")
        if not self.inputs.arms.keys() == self.arms.keys() == {"baseline", "variant"}:
            raise ValueError("an arm is lacking")
        return self

    def ship_rule(self) -> Gate:
        """The policy's ship rule with the marks and numbers of this report."""
        return _with_marks(self.policy.rules_at(self.inputs.look).ship, self.rules.ship)

    def reject_rule(self) -> Gate | None:
        """The policy's reject rule with the marks and numbers of this report; None where there is none."""
        rule, row = self.policy.rules.reject, self.rules.reject
        if (rule is None) != (row is None):
            raise ValueError(OTHER_RULES)
        return None if rule is None or row is None else _with_marks(rule, row)


class JudgedUnder(Spec):
    """Where the rules came from: enough to find the very bytes again."""

    source: str
    """`working tree`, or the commit that metrics, template and policy were read from."""
    digests: dict[str, str]
    """`sha256:…` of the normalised metrics, template, policy and of the harness files."""
    commits: dict[str, str]
    """`base`, `head`, `merge_base`, as far as known."""
    isolation: str
    """L0 self-reported · L1 shared · L2 separate · L3 enforced."""
    isolation_note: str
    lock: str
    """`captured`, `locked`, or `unlocked` with its first reason."""
    reproduce: str
    """The command that gives this verdict again on a laptop."""


class BarChange(Spec):
    """One thing that the pull request does to the bar."""

    effect: Literal["tightened", "loosened", "unchanged", "incomparable"]
    path: str
    sentence: str


class ProposalReport(Spec):
    """What a pull request proposes besides the variant; the verdict above is under the base's rules."""

    experiment: ExperimentReport | None
    protected: list[str]
    """Changed files that a verdict is judged by."""
    workflow: list[str]
    """Changed files under .github/: they start the evaluation itself."""
    others: Annotated[Integer, Field(ge=0)] = 0
    """How many other files the pull request changes."""
    not_measured: list[str] = Field(default_factory=list)
    """Changed files that neither arm ran with, at most 100."""
    moved: Annotated[list[str], Field(exclude_if=lambda moved: not moved)] = Field(default_factory=list)
    """Files that the base branch changed since the merge base, of those that are evaluated, at most 100: what
    merging brings was not measured. Left out where there is none."""
    changes: list[BarChange]
    verdict: Literal["ship", "reject", "iterate"] | None
    """Under the proposed rules, on the numbers measured under the base's; null: none, see `reason`."""
    reason: str | None
    """Null where the rules do not change."""


class Origin(Spec):
    """Where the numbers of an arm come from that was not measured now."""

    kind: Literal["kept", "recorded"]
    """`kept`: an earlier run's own files, hashed again. `recorded`: the project's recorded baseline."""
    clock: str | None
    """When it was measured: UTC, RFC 3339; null where the record does not say."""
    version: str | None
    """Of the program that measured it."""


HELP = "help: "
"""Begins the line of an arm's detail that says what to do."""


class ArmReport(Spec):
    state: Literal["completed", "failed", "timed_out", "recorded", "handed_in"]
    asset: str | None
    detail: str | None
    """Of a failure: what happened, with the last lines of the log."""
    seconds: Number | None
    provenance: dict[str, str]
    digests: dict[str, str]
    unnamed: list[str]
    warnings: list[str]
    scored: Annotated[str | None, Field(exclude_if=lambda scored: scored is None)] = None
    """Of an arm that failed after something was scored: a digest of those scores, which count for nothing
    but that somebody may have seen them; left out elsewhere."""
    origin: Annotated[Origin | None, Field(exclude_if=lambda origin: origin is None)] = None
    """Of an arm that was not measured now; left out elsewhere."""
    cost: Annotated[dict[str, Number], Field(exclude_if=lambda cost: not cost)] = Field(default_factory=dict)
    """What the harness says that it cost, by unit (`usd`, `tokens`), over all seeds and shards."""
    shards: Annotated[Integer | None, Field(exclude_if=lambda shards: shards is None)] = None
    """How many parts were merged; left out where the arm was measured in one."""
    images: Annotated[dict[str, str], Field(exclude_if=lambda images: not images)] = Field(
        default_factory=dict
    )
    """Of an arm that ran in containers: the image and what it was built from → digest; else left out."""


def help_of_failure(arm: ArmReport) -> str:
    """Return what to do about results that are there and cannot be read; "" of a run that failed itself."""
    lines = (arm.detail or "").splitlines()
    return lines[-1].removeprefix(HELP) if lines and lines[-1].startswith(HELP) else ""


class RunReport(Spec):
    """What differs between two runs of the same thing."""

    clock: str
    """UTC, RFC 3339."""
    host: str
    seconds: Number
    attempt: Annotated[Integer, Field(ge=1)]
    version: str


def to_json(report: Report) -> str:
    """verdict.json, byte for byte the same for the same report."""
    return dump(_plain(report))


def digest_of(report: Report) -> str:
    """Return `sha256:…` of verdict.json."""
    return f"sha256:{sha256(to_json(report).encode()).hexdigest()}"


def _plain(value: Any) -> Any:
    """Models as objects. `model_dump` says the same, but builds every model's serializer first."""
    if isinstance(value, Spec):
        plain = {}
        for name, field in type(value).model_fields.items():
            part = getattr(value, name)
            if field.exclude_if is None or not field.exclude_if(part):
                plain[field.alias or name] = _plain(part)
        return plain
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
