"""Check: what a bar says without meaning it, found before anything runs. Warnings never change an exit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from remyx_action.errors import Problem, Severity
from remyx_action.project.files.yaml_text import TOP
from remyx_action.project.load import Bundle

from .catalogue import PAGE
from .chances import changes_by_chance, looks_without_floor, reject_without_floor
from .lint_context import Finding, LintContext, context_of
from .possible import cannot_fail, cannot_hold, good_side_in_reject
from .sizes import cannot_pass, threshold_unit, wide_range, wrong_side
from .templates import (
    TemplateContext,
    commits_without_paths,
    dockerfile_beyond_harness,
    harness_leaves_out,
    nothing_starts_it,
    one_samples_number,
    samples_beyond_baseline,
    shards_without_samples,
)
from .whole_rules import (
    floors_not_shared,
    locked_needs_a_token,
    metric_in_no_rule,
    metric_without_guard,
    notes_say_k_of_n,
    ship_unreachable,
)

OF_THE_POLICY: tuple[Callable[[LintContext], Iterator[Finding]], ...] = (
    wrong_side,
    cannot_fail,
    cannot_hold,
    good_side_in_reject,
    threshold_unit,
    ship_unreachable,
    reject_without_floor,
    looks_without_floor,
    cannot_pass,
    wide_range,
    floors_not_shared,
    metric_in_no_rule,
    metric_without_guard,
    notes_say_k_of_n,
    locked_needs_a_token,
    changes_by_chance,
)
OF_THE_TEMPLATE: tuple[Callable[[TemplateContext], Iterator[Finding]], ...] = (
    nothing_starts_it,
    commits_without_paths,
    shards_without_samples,
    one_samples_number,
    samples_beyond_baseline,
    harness_leaves_out,
)


def warnings_of(bundle: Bundle, files: Mapping[str, bytes], held: Sequence[str] = ()) -> tuple[Problem, ...]:
    """The warnings of every template, and policy that can be judged by, that does not silence them; sorted.

    `files`: path → bytes, `.remyx/` and, where they are at hand, the templates' scripts and Dockerfiles.
    `held`: every file below the project's root, where that is known.
    """
    problems = [
        _placed(finding, path, bundle)
        for name, policy in bundle.policies.items()
        for path in [f".remyx/policies/{name}.yaml"]
        if policy.template in bundle.templates and bundle.metrics is not None and not _wrong(bundle, path)
        for finding in _findings(
            context_of(
                policy,
                bundle.templates[policy.template],
                bundle.metrics,
                has_recorded_arm=f".remyx/baselines/{policy.template}.json" in files,
            ),
            files,
        )
    ]
    return tuple(sorted([*problems, *_of_templates(bundle, files, held)]))


def _of_templates(bundle: Bundle, files: Mapping[str, bytes], held: Sequence[str]) -> Iterator[Problem]:
    """Yield the warnings of every template that policies judge by and none of them silences."""
    for name, template in bundle.templates.items():
        path = f".remyx/templates/{name}.yaml"
        policies = {stem: policy for stem, policy in bundle.policies.items() if policy.template == name}
        wrong = any(_wrong(bundle, f".remyx/policies/{stem}.yaml") for stem in policies)
        if bundle.metrics is None or wrong or not policies:
            continue
        silenced = {entry.lint for policy in policies.values() for entry in policy.silence}
        context = TemplateContext(
            template=template,
            vocabulary=bundle.metrics,
            has_experiment=any(one.template == name for one in bundle.experiments.values()),
            held=held,
            script=files.get(template.script or ""),
        )
        for look in OF_THE_TEMPLATE:
            yield from (
                _placed(finding, path, bundle) for finding in look(context) if finding.lint not in silenced
            )


def _wrong(bundle: Bundle, path: str) -> bool:
    """Whether names in the policy, or what they lead to, mean nothing."""
    template = bundle.policies[path.rpartition("/")[2].removesuffix(".yaml")].template
    paths = {path, f".remyx/templates/{template}.yaml", ".remyx/metrics.yaml"}
    return any(problem.path in paths for problem in bundle.errors)


def _findings(context: LintContext, files: Mapping[str, bytes]) -> Iterator[Finding]:
    silenced = {entry.lint for entry in context.policy.silence}
    for look in OF_THE_POLICY:
        yield from (finding for finding in look(context) if finding.lint not in silenced)
    for finding in dockerfile_beyond_harness(context, files):
        if finding.lint not in silenced:
            yield finding


def _placed(finding: Finding, path: str, bundle: Bundle) -> Problem:
    pointer = finding.pointer
    while pointer and pointer not in bundle.places[path]:  # a default has no place of its own
        pointer = pointer.rpartition("/")[0]
    place = bundle.places[path].get(pointer, TOP)
    return Problem(
        path=path,
        line=place.line,
        column=place.column,
        pointer=pointer,
        code=finding.lint,
        severity=Severity.WARNING,
        message=finding.message,
        help=f"{finding.help} ({PAGE}#{finding.lint})",
    )
