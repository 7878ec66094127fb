"""Lints of rules that chance decides: what they make of a variant that is exactly as good."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, exp, floor, lgamma, log, log1p, sqrt

from remyx_action.confidence.student import normal_below, normal_quantile
from remyx_action.decimals import plain
from remyx_action.policy.rules import Condition, Gate, OnField, OnMetric
from remyx_action.project.models.metrics import RecordedBaseline, declared_value
from remyx_action.project.models.results_map import MEASURE_FIRST

from .lint_context import Finding, LintContext, width_of
from .whole_rules import percent

USUAL_SPREAD = 0.44
"""Standard deviation of a paired difference as a part of the range, where nothing is known: two arms of
which one in five 0/1 scores differ have √0.2."""
USUAL_SAMPLES = 300
SUGGESTED_FLOOR = Fraction(4, 5)


def reject_without_floor(context: LintContext) -> Iterator[Finding]:
    rule = context.bar.rules.reject
    bare = [found for found in context.on_metrics("reject") if _counts(found) and found.floor is None]
    if rule is None or not bare:
        return
    chance = _chance(rule, suggested=None)
    floored = _chance(rule, suggested=SUGGESTED_FLOOR)
    sizes = {condition.metric.samples or USUAL_SAMPLES for condition in bare}
    about = "about" if all(_spread(condition) for condition in bare) else "up to"
    conditions = "1 condition has" if len(bare) == 1 else f"{len(bare)} conditions have"
    add = f"add `at 80%`, which makes it {percent(floored)}"
    if any(context.is_read_alone(condition.metric.key) for condition in bare):
        add = MEASURE_FIRST + add
    yield Finding(
        lint="reject-without-floor",
        pointer=bare[0].pointer,
        message=f"{conditions} no floor: at n = {min(sizes)} the rule rejects an unchanged model "
        f"with probability {about} {percent(chance)}",
        help=add,
    )


SEVERAL_LOOKS = 5


def looks_without_floor(context: LintContext) -> Iterator[Finding]:
    """Conditions of ship that `looks: corrected` has nothing to raise of."""
    if context.policy.looks != "corrected":
        return
    bare = [one for one in context.rules.ship.conditions() if one.declared_floor is None and _is_lucky(one)]
    if not bare:
        return
    told = bare[0].text if len(bare) == 1 else f"{bare[0].text} and {len(bare) - 1} more"
    message = f"`looks: corrected` raises floors, and {told} {'has' if len(bare) == 1 else 'have'} none"
    counted = [one for one in bare if isinstance(one, OnMetric) and _counts(one)]
    if counted:
        chance = chance_if_unchanged(counted[0])
        several = 1 - (1 - chance) ** SEVERAL_LOOKS
        message += (
            f": an unchanged model meets {counted[0].text} at one look with probability "
            f"{percent(chance)}, at one of {SEVERAL_LOOKS} with {percent(several)}"
        )
    add = "ask for a gain with a floor beside it"
    if isinstance(bare[0], OnMetric):
        add = MEASURE_FIRST * context.is_read_alone(bare[0].metric.key) + "add `at 80%`"
    yield Finding(lint="looks-without-floor", pointer=bare[0].pointer, message=message, help=add)


def _is_lucky(condition: Condition) -> bool:
    """Whether measuring again may change it: a score does, the number of samples does not."""
    if isinstance(condition, OnMetric):
        return condition.op != "=="
    return isinstance(condition, OnField) and condition.field in {"delta_confidence", "worse", "better"}


def _counts(condition: OnMetric) -> bool:
    return condition.claim.quantity != "value" and condition.op != "=="


def _chance(node: Gate | Condition, *, suggested: Fraction | None) -> float:
    """P(the rule is met | no difference), its children taken as independent."""
    if isinstance(node, Gate):
        return _at_least(node.k, [_chance(child, suggested=suggested) for child in node.children])
    if isinstance(node, OnMetric) and _counts(node):
        return _chance_of(node, node.floor or suggested)
    return 0.0  # about values and fields nothing is known


def _at_least(k: int, chances: list[float]) -> float:
    """P(k or more of independent events)."""
    counts = [1.0]
    for chance in chances:
        counts = [
            (counts[i] if i < len(counts) else 0.0) * (1 - chance) + (counts[i - 1] * chance if i else 0.0)
            for i in range(len(counts) + 1)
        ]
    return sum(counts[k:])


def _chance_of(condition: OnMetric, floor_: Fraction | None) -> float:
    """Φ of the threshold in standard errors, less what the floor asks for on top."""
    spread = _spread(condition)
    extra = normal_quantile(float(floor_)) if floor_ is not None else 0.0
    if spread is None:
        return normal_below(-extra)
    n = condition.metric.samples or USUAL_SAMPLES
    return normal_below(_boundary(condition, n) * sqrt(n) / spread - extra)


def chance_if_unchanged(condition: OnMetric) -> float:
    """Return P(the condition holds | no difference), at its declared samples or the usual number."""
    return _chance_of(condition, condition.floor)


def _spread(condition: OnMetric) -> float | None:
    """Standard deviation of one pair's difference; None where nothing is known."""
    metric = condition.metric
    if condition.is_relative and not declared_value(metric):
        return None
    baseline = metric.baseline
    if isinstance(baseline, RecordedBaseline) and baseline.stderr:
        return float(baseline.stderr) * sqrt(baseline.n)
    return None if (width := width_of(metric)) is None else USUAL_SPREAD * float(width)


def _boundary(condition: OnMetric, n: int) -> float:
    """How far on the satisfied side of no difference the condition starts, negative where it is beyond.

    With a range the mean of n 0/1 scores moves in steps: half a step is added, as for any normal
    approximation of counts.
    """
    claim = condition.claim
    threshold = Fraction(claim.threshold)
    if claim.quantity == "relative_delta":
        threshold *= abs(Fraction(declared_value(condition.metric) or 0))
    if claim.side == "at_least":
        threshold = -threshold
    width = width_of(condition.metric)
    if width is None:
        return float(threshold)
    step = Fraction(width) / n
    steps = ceil(threshold / step) - 1 if claim.strict else floor(threshold / step)
    return float((steps + Fraction(1, 2)) * step)


EACH_WAY = 1 / 200
"""Of an unchanged model: one score in a hundred changes from run to run, half of them for the worse."""
RARE = float(1 - SUGGESTED_FLOOR)
BY_CHANCE = "holds for an unchanged model with probability"


def changes_by_chance(context: LintContext) -> Iterator[Finding]:
    """Counts that an unchanged model often fails, or often reaches where nothing else asks for a gain."""
    claimed = _claimed(context)
    for condition in context.bar.rules.conditions():
        if not isinstance(condition, OnField) or condition.metric is None:
            continue
        if condition.field not in ("worse", "better"):
            continue
        n = condition.metric.samples or USUAL_SAMPLES
        found = _of_worse(condition, n) if condition.field == "worse" else None
        if condition.field == "better" and condition.role == "ship" and condition.metric.key not in claimed:
            found = _of_better(condition, n)
        if found is not None:
            yield Finding(
                lint="changes-by-chance",
                pointer=condition.pointer,
                message=f"with one change in a hundred, {condition.text} of {n} samples {found[0]}",
                help=found[1],
            )


def _of_worse(condition: OnField, n: int) -> tuple[str, str] | None:
    """What it does with an unchanged model, and what does better; None where that is as meant."""
    chance, is_limit = _chance_of_count(condition, n), condition.claim.side == "at_most"
    if condition.role == "ship" and is_limit and chance < 1 - RARE:
        return (
            f"lets an unchanged model ship with probability {percent(chance)}",
            f"`{_with_threshold(condition, n)}` passes it in at least {percent(1 - RARE)} of runs",
        )
    if condition.role == "reject" and not is_limit and chance > RARE:
        return (
            f"rejects an unchanged model with probability {percent(chance)}",
            f"`{_with_threshold(condition, n)}` rejects it in at most {percent(RARE)} of runs",
        )
    return None


def _of_better(condition: OnField, n: int) -> tuple[str, str] | None:
    chance = _chance_of_count(condition, n)
    if condition.metric is None or condition.claim.side == "at_most" or chance <= RARE:
        return None
    return (
        f"{BY_CHANCE} {percent(chance)}: alone it is no evidence",
        f"add `{condition.metric.key} improves_by 0 at 80%`",
    )


def _claimed(context: LintContext) -> set[str]:
    """Metrics of which every ship asks for an improvement with a floor."""
    deciding = context.deciding()
    return {
        found.metric.key
        for found in context.on_metrics("ship")
        if found.pointer in deciding and found.asks_to_improve and found.floor is not None
    }


def _chance_of_count(condition: OnField, n: int) -> float:
    """P(the count is as the condition asks) of an unchanged model with n samples."""
    threshold = Fraction(condition.claim.threshold)
    if condition.claim.side == "at_most":
        return _at_most(ceil(threshold) - 1 if condition.claim.strict else floor(threshold), n)
    return 1 - _at_most(floor(threshold) if condition.claim.strict else ceil(threshold) - 1, n)


def _at_most(count: int, n: int) -> float:
    """P(a binomial count of n at EACH_WAY is at most `count`)."""
    if count >= n:
        return 1.0
    return min(1.0, sum(exp(_log_weight(k, n)) for k in range(count + 1)))


def _log_weight(k: int, n: int) -> float:
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return ways + k * log(EACH_WAY) + (n - k) * log1p(-EACH_WAY)


def _with_threshold(condition: OnField, n: int) -> str:
    """The condition with the smallest count that an unchanged model seldom goes beyond."""
    enough, reached = 0, _at_most(0, n)
    while reached < 1 - RARE:
        enough += 1
        reached += exp(_log_weight(enough, n))
    number = enough + (condition.op in ("<", ">="))
    return condition.text.replace(
        f"{condition.op} {plain(condition.threshold):f}", f"{condition.op} {number}", 1
    )
