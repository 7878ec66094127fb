"""Templates before and after → changes: how the numbers come about, and who has to bring any.

Almost nothing here can be proved: another script gives other numbers. What can be proved is listed;
the rest is incomparable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from remyx_action.project.models import Template
from remyx_action.project.models.lighteval import Model
from remyx_action.project.protected import evaluated_globs

from .change import Change, DiffSide, Effect, effect_of
from .phrases import listed, number

JudgedChange = tuple[Effect, str]


def changes_of_templates(before: DiffSide, after: DiffSide) -> Iterator[Change]:
    """Every change of every template, by name."""
    old, new = before.bundle.templates, after.bundle.templates
    for name in sorted({*old, *new}):
        if name not in old or name not in new:
            what = "new" if name not in old else "gone"
            code = "template-added" if name not in old else "template-removed"
            sentence = f"template {name} is {what}: it counts where a policy judges by it"
            yield _change(name, "", (), code, Effect.UNCHANGED, sentence)
            continue
        policies = tuple(sorted(before.policies_of(name) | after.policies_of(name)))
        for key in Template.model_fields:
            if getattr(old[name], key) != getattr(new[name], key):
                effect, sentence = _judged(key, old[name], new[name])
                effect = effect if policies else Effect.UNCHANGED
                yield _change(name, f"/{key}", policies, key, effect, f"template {name}: {sentence}")
        yield from _changes_of_files(name, policies, before, after)


def _judged(key: str, old: Template, new: Template) -> JudgedChange:
    compare = _COMPARISONS.get(key)
    if compare is not None:
        return compare(old, new)
    words = _shown(getattr(new, key)), _shown(getattr(old, key))
    return Effect.INCOMPARABLE, f"{key} is {words[0]} instead of {words[1]}"


def _metrics(old: Template, new: Template) -> JudgedChange:
    gone = [key for key in old.metrics if key not in new.metrics]
    come = [key for key in new.metrics if key not in old.metrics]
    if gone and come:
        return Effect.INCOMPARABLE, f"measures {listed(come)} instead of {listed(gone)}"
    if gone:
        sentence = (
            f"no longer measures {listed(gone)}, whose inputs could show that baseline and variant differ"
        )
        return Effect.LOOSENED, sentence
    if come:
        sentence = (
            f"measures {listed(come)} too, whose inputs may show that baseline and variant cannot be compared"
        )
        return Effect.INCOMPARABLE, sentence
    return Effect.UNCHANGED, "the metrics stand in another order"


def _samples(old: Template, new: Template) -> JudgedChange:
    was, is_ = (_by_metric(template) for template in (old, new))
    sentence = f"expects {_counts(new.samples)} samples instead of {_counts(old.samples)}"
    shared = [key for key in new.metrics if key in was]
    if all(was[key] == is_[key] for key in shared):
        same = sorted({*was.values()}, key=str) == sorted({*is_.values()}, key=str)
        return (Effect.UNCHANGED, f"{sentence}, which says the same") if same else _anything(sentence)
    if all((is_[key] or 0) <= (was[key] or 0) for key in shared):
        return Effect.LOOSENED, sentence
    return _anything(sentence)


def _anything(sentence: str) -> JudgedChange:
    return Effect.INCOMPARABLE, f"{sentence}, which the harness receives"


def _by_metric(template: Template) -> Mapping[str, int | None]:
    samples = template.samples
    return {key: samples.get(key) if isinstance(samples, dict) else samples for key in template.metrics}


def _counts(samples: Any) -> str:
    if isinstance(samples, dict):
        return listed([f"{key} {count:,}" for key, count in sorted(samples.items())])
    return "any number of" if samples is None else f"{samples:,}"


def _missing(_old: Template, new: Template) -> JudgedChange:
    if new.missing == "bounds":
        return Effect.LOOSENED, "missing samples are bounded, where they left their metric undecided before"
    return Effect.INCOMPARABLE, "any missing sample leaves its metric undecided instead of bounded"


def _max_missing(old: Template, new: Template) -> JudgedChange:
    sentence = (
        f"a share of {number(new.max_missing)} of the samples may be missing, not {number(old.max_missing)}"
    )
    return Effect.LOOSENED if new.max_missing > old.max_missing else Effect.INCOMPARABLE, sentence


def _timeout(old: Template, new: Template) -> JudgedChange:
    sentence = f"a run may take {number(new.timeout)} s instead of {number(old.timeout)}"
    if new.timeout > old.timeout:
        return Effect.LOOSENED, f"{sentence}: one that failed before may ship"
    return Effect.INCOMPARABLE, f"{sentence}: one that was judged before may fail"


def _seeds(old: Template, new: Template) -> JudgedChange:
    was, is_ = len(old.seeds or ()), len(new.seeds or ())
    sentence = f"measures each version with seeds {_shown(new.seeds)} instead of {_shown(old.seeds)}"
    if is_ < 2 <= was:
        return Effect.LOOSENED, f"{sentence}: the variance between seeds no longer counts"
    return Effect.INCOMPARABLE, sentence


def _retries(old: Template, new: Template) -> JudgedChange:
    sentence = f"repeats a run that its machine failed {new.retries:,} times instead of {old.retries:,}"
    if new.retries > old.retries:
        return Effect.LOOSENED, f"{sentence}: one that failed before may ship"
    return Effect.INCOMPARABLE, sentence


def _shards(old: Template, new: Template) -> JudgedChange:
    sentence = f"spreads a run over {_shown(new.shards)} shards instead of {_shown(old.shards)}"
    return Effect.UNCHANGED, f"{sentence}, which are judged as one"


def _baseline_asset(old: Template, new: Template) -> JudgedChange:
    sentence = f"the baseline is {_shown(new.baseline_asset)} instead of {_shown(old.baseline_asset)}"
    if old.baseline == new.baseline == "recorded":
        return Effect.UNCHANGED, f"{sentence}, and recorded numbers stand in its place"
    return Effect.INCOMPARABLE, sentence


def _predict(old: Template, new: Template) -> JudgedChange:
    was, is_ = old.predict, new.predict
    if is_ is None:
        return Effect.LOOSENED, "the code under test is no longer in a container of its own"
    if was is None:
        return Effect.INCOMPARABLE, "the code under test is in a container of its own, and predicts"
    if is_.container.network != was.container.network:
        loosens = is_.container.network == "bridge"
        sentence = f"the container of the code under test has the network {is_.container.network}"
        return Effect.LOOSENED if loosens else Effect.INCOMPARABLE, sentence
    return Effect.INCOMPARABLE, "the code under test is put into its container in another way"


def _paths(old: Template, new: Template) -> JudgedChange:
    before, after = evaluated_globs(old), evaluated_globs(new)
    sentence = f"judges changes of {_listed(after)} instead of {_listed(before)}"
    was, is_ = set(before), set(after)
    if any(glob.startswith("!") for glob in was | is_):
        return Effect.INCOMPARABLE, sentence
    tightens = was <= is_ or "**" in is_
    return effect_of(tightens=tightens, loosens=is_ <= was or "**" in was), sentence


def _listed(globs: list[str]) -> str:
    return listed(globs) if globs else "the variant file alone"


def _harness(old: Template, new: Template) -> JudgedChange:
    was, is_ = _harness_of(old), _harness_of(new)
    sentence = f"protects {listed(is_)} instead of {listed(was)}"
    return (Effect.LOOSENED if set(is_) < set(was) else Effect.INCOMPARABLE), sentence


def _harness_of(template: Template) -> list[str]:
    return template.harness or ([template.script] if template.script else [])


def _max_samples(old: Template, new: Template) -> JudgedChange:
    was, is_ = (
        "all samples" if one.max_samples is None else f"at most {one.max_samples:,} samples of each task"
        for one in (old, new)
    )
    return Effect.INCOMPARABLE, f"scores {is_} instead of {was}"


def _model(old: Template, new: Template) -> JudgedChange:
    if old.model is None or new.model is None:
        return (
            Effect.INCOMPARABLE,
            f"the model is run with {_shown(new.model)} instead of {_shown(old.model)}",
        )
    changed = [key for key in Model.model_fields if getattr(old.model, key) != getattr(new.model, key)]
    differences = [
        f"{key} {_shown(getattr(new.model, key))} instead of {_shown(getattr(old.model, key))}"
        for key in changed
    ]
    sentence = f"the model is run with {listed(differences)}"
    if set(changed) <= {"concurrency"}:
        return Effect.UNCHANGED, f"{sentence}, which changes how fast it answers"
    return Effect.INCOMPARABLE, sentence


def _names(old: Template, new: Template) -> JudgedChange:
    changed = sorted(key for key in {*old.names, *new.names} if old.names.get(key) != new.names.get(key))
    meant = [f"{key} is {new.names.get(key, 'its own name')}" for key in changed]
    return Effect.INCOMPARABLE, f"takes other numbers of lighteval's for its metrics: {listed(meant)}"


_COMPARISONS: Mapping[str, Callable[[Template, Template], JudgedChange]] = {
    "metrics": _metrics,
    "samples": _samples,
    "missing": _missing,
    "max_missing": _max_missing,
    "timeout": _timeout,
    "seeds": _seeds,
    "retries": _retries,
    "shards": _shards,
    "baseline_asset": _baseline_asset,
    "paths": _paths,
    "predict": _predict,
    "harness": _harness,
    "max_samples": _max_samples,
    "model": _model,
    "names": _names,
}


def _changes_of_files(
    name: str, policies: tuple[str, ...], before: DiffSide, after: DiffSide
) -> Iterator[Change]:
    """The recorded baseline and the harness's files, byte by byte."""
    recorded = before.recorded.get(name), after.recorded.get(name)
    if recorded[0] != recorded[1]:
        word = "new" if recorded[0] is None else "gone" if recorded[1] is None else "another"
        kinds = {side.bundle.templates[name].baseline for side in (before, after)}
        counts = bool(policies) and "recorded" in kinds
        sentence = f"template {name}: the recorded baseline is {word}"
        yield Change(
            path=f".remyx/baselines/{name}.json",
            pointer="",
            policies=policies if counts else (),
            code="recorded-baseline",
            effect=Effect.INCOMPARABLE if counts else Effect.UNCHANGED,
            sentence=sentence if counts else f"{sentence}; the baseline is measured",
        )
    old, new = before.harness.get(name, {}), after.harness.get(name, {})
    changed = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    if changed:
        effect = Effect.INCOMPARABLE if policies else Effect.UNCHANGED
        sentence = f"template {name}: the harness changed ({listed(changed)})"
        yield _change(name, "/harness", policies, "harness-files", effect, sentence)


def _change(
    name: str, pointer: str, policies: tuple[str, ...], code: str, effect: Effect, sentence: str
) -> Change:
    return Change(
        path=f".remyx/templates/{name}.yaml",
        pointer=pointer,
        policies=policies,
        code=code,
        effect=effect,
        sentence=sentence,
    )


def _shown(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        return " ".join(str(one) for one in value)
    if hasattr(value, "model_dump"):
        value = value.model_dump(exclude_none=True, exclude_defaults=True)
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items()) or "the defaults"
    return str(value)
