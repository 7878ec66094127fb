"""Load: templates of lighteval's tasks with their metrics filled in, and metrics.yaml completed by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from remyx_action.errors import Problem
from remyx_action.project.files.yaml_text import Document
from remyx_action.project.models import Metric, Metrics, Template
from remyx_action.project.models.field_types import unchecked
from remyx_action.project.models.metrics import ExactBaseline, RecordedBaseline, implied_range
from remyx_action.project.problems import Words, problem_at
from remyx_action.project.references import VOCABULARY, Files, Filled, needs_vocabulary

if TYPE_CHECKING:
    from . import Chosen


class _Meaning(Struct, frozen=True, kw_only=True):
    """What a key is, according to the first template that has it."""

    template: str
    label: str
    direction: str
    range: tuple[int, int] | None


def fill_in_tasks(files: Files) -> Iterator[Problem]:
    """Replace each template of lighteval in `files` by one with concrete metrics, and complete the metrics.

    A template that cannot be resolved is taken out, with every reason. Without metrics.yaml the completed
    metrics stand in its place where every template is of lighteval's own tasks.
    """
    templates = {path: spec for path, spec in files.specs.items() if _is_of_lighteval(spec)}
    meanings: dict[str, _Meaning] = {}
    for path, template in templates.items():
        assert isinstance(template, Template)
        yield from _fill_in(files, path, template, meanings)
    written = files.specs.get(VOCABULARY)
    if isinstance(written, Metrics):
        wrong = list(_contradictions(files.documents[VOCABULARY], written, meanings))
        yield from wrong
        if wrong:
            del files.specs[VOCABULARY]
            return
    if isinstance(written, Metrics) or not needs_vocabulary(files):
        files.specs[VOCABULARY] = _completed(written if isinstance(written, Metrics) else None, meanings)


def _is_of_lighteval(spec: object) -> bool:
    return isinstance(spec, Template) and spec.runtime == "lighteval"


def _fill_in(files: Files, path: str, template: Template, meanings: dict[str, _Meaning]) -> Iterator[Problem]:
    from . import resolve, task_list  # brings the list along

    document = files.documents[path]
    resolved, faults = resolve(template, task_list())
    for fault in faults:
        words = Words(code=fault.code, message=fault.message, help=fault.help)
        yield problem_at(document, path, fault.pointer, words, at_key=fault.at_key)
    yield from (problem_at(document, path, "/model/generation/seed", words) for words in _one_draw(template))
    if resolved is None:
        del files.specs[path]
        return
    keys = [one.key for one in resolved.chosen]
    files.specs[path] = template.model_copy(update={"metrics": keys})
    files.filled[path] = Filled(measured=keys, provided=resolved.from_list)

    for one in resolved.chosen:
        now = _meaning_of(one, template)
        first = meanings.setdefault(one.key, now) if now else None
        if now and first and (first.direction, first.range) != (now.direction, now.range):
            yield problem_at(document, path, "/task", _two_meanings(one, first))


def _one_draw(template: Template) -> Iterator[Words]:
    """A fixed seed of the draws together with several runs: they would be one run, and their variance 0."""
    generation = template.model.generation if template.model else None
    if template.seeds and generation is not None and generation.seed is not None:
        yield Words(
            code="seeds-without-effect",
            message="`seeds` measures each version several times, and this draws the same each time",
            help="remove one of the two: each run's seed follows from `seeds`",
        )


def _meaning_of(one: Chosen, template: Template) -> _Meaning | None:
    from .listing import label_of

    if one.metric is None:
        return None
    return _Meaning(
        template=template.name,
        label=label_of(one.metric.name),
        direction=one.metric.direction,
        range=one.metric.range,
    )


def _two_meanings(one: Chosen, first: _Meaning) -> Words:
    name = next(iter(one.of.values()))
    return Words(
        code="two-meanings",
        message=f"the metric {one.key} is something else here than in the template {first.template}",
        help=f"give one of them a key of its own, as in `names: {{{one.key}-2: {name}}}`",
    )


def _contradictions(
    document: Document, written: Metrics, meanings: Mapping[str, _Meaning]
) -> Iterator[Problem]:
    """Entries of metrics.yaml that say otherwise than lighteval."""
    for index, metric in enumerate(written.metrics):
        meaning = meanings.get(metric.key)
        if meaning is None:
            continue
        at = f"/metrics/{index}"
        if "direction" in metric.model_fields_set and metric.direction != meaning.direction:
            words = Words(
                code="direction-of-task",
                message=f"lighteval's {meaning.label} is better when it is {meaning.direction}",
                help=f"write `direction: {meaning.direction}`, or leave it out",
            )
            yield problem_at(document, VOCABULARY, f"{at}/direction", words)
        yield from _of_another_range(document, at, metric, meaning)


def _of_another_range(document: Document, at: str, metric: Metric, meaning: _Meaning) -> Iterator[Problem]:
    if meaning.range is None:
        return
    low, high = meaning.range
    implied = implied_range(metric)
    if implied is not None and implied != _decimals(meaning.range):
        words = Words(
            code="range-of-task",
            message=f"lighteval's {meaning.label} lies in [{low}, {high}], not in "
            f"[{implied[0]}, {implied[1]}]",
            help="leave unit and range out, or write those of lighteval's scores",
        )
        yield problem_at(document, VOCABULARY, f"{at}/{'unit' if metric.range is None else 'range'}", words)
    baseline = metric.baseline
    is_object = isinstance(baseline, RecordedBaseline | ExactBaseline)
    value = baseline.value if isinstance(baseline, RecordedBaseline | ExactBaseline) else baseline
    if implied is None and value is not None and not low <= value <= high:
        words = Words(
            code="out-of-range",
            message=f"the baseline {value} lies outside the range [{low}, {high}] of lighteval's "
            f"{meaning.label}",
            help=f"did you mean {(value / 100).normalize():f}?" if 0 <= value <= 100 * high else "correct it",
        )
        yield problem_at(document, VOCABULARY, f"{at}/baseline{'/value' if is_object else ''}", words)


def _completed(written: Metrics | None, meanings: Mapping[str, _Meaning]) -> Metrics:
    """The written metrics in their order, and behind them those that templates bring along."""
    declared = written.metrics if written else []
    known = {metric.key for metric in declared}
    brought = [
        unchecked(Metric)(
            key=key,
            label=meaning.label,
            direction="lower" if meaning.direction == "lower" else "higher",
            range=_decimals(meaning.range),
        )
        for key, meaning in meanings.items()
        if key not in known
    ]
    return unchecked(Metrics)(
        version=1, metrics=[*(_with(metric, meanings.get(metric.key)) for metric in declared), *brought]
    )


def _with(metric: Metric, meaning: _Meaning | None) -> Metric:
    if meaning is None:
        return metric
    return metric.model_copy(
        update={
            "label": metric.label or meaning.label,
            "direction": meaning.direction,
            "range": implied_range(metric) or _decimals(meaning.range),
        }
    )


def _decimals(limits: tuple[int, int] | None) -> list[Decimal] | None:
    return None if limits is None else [Decimal(limit) for limit in limits]
