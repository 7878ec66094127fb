"""Which experiments a run off GitHub is about: the one that was named, or those that a branch changes."""

from __future__ import annotations

from collections.abc import Mapping

from remyx_action.errors import FilesWrong, WrongUsage
from remyx_action.policy.lints.rule_errors import load_checked
from remyx_action.project.files.wording import did_you_mean
from remyx_action.project.load import Bundle
from remyx_action.project.models import Experiment, Template
from remyx_action.report.report import ExperimentReport
from remyx_action.sources.disk import read_below, read_project
from remyx_action.sources.git import find_repository

from .request import Request
from .variants import UNCHANGED, FileChange, change_of_file, choose_variant, named_variants

FOLDER = ".remyx/experiments/"


def experiments_of(request: Request) -> Mapping[str, Experiment]:
    """Return by name the experiment that `--experiment` names, else those that differ from `--base`.

    They are proposals: always read from the working tree. FilesWrong where one of them is wrong.
    """
    if request.experiment is None and request.base is None:
        return {}
    texts, unreadable = read_project(request.root)
    bundle = load_checked(texts)
    if request.experiment is not None:
        path = f"{FOLDER}{request.experiment}.yaml"
        if path not in texts:
            advice = did_you_mean(
                request.experiment, _names(texts), none="write one: remyx-action experiment new NAME"
            )
            raise WrongUsage(f"there is no experiment {request.experiment}", help=advice)
        chosen = {path}
    else:
        before = _at_merge_base(request)
        chosen = {path for path in texts if path.startswith(FOLDER) and texts[path] != before.get(path)}
    wrong = [one for one in (*unreadable, *bundle.errors) if one.path in chosen]
    if wrong:
        raise FilesWrong(tuple(sorted(wrong)), texts)
    return {name: one for name, one in bundle.experiments.items() if f"{FOLDER}{name}.yaml" in chosen}


def _names(texts: Mapping[str, bytes]) -> list[str]:
    return [path.removeprefix(FOLDER).removesuffix(".yaml") for path in texts if path.startswith(FOLDER)]


def _at_merge_base(request: Request) -> Mapping[str, bytes]:
    """Return the texts that the branch began with."""
    repository = None if request.base is None else find_repository(request.root)
    if repository is None or request.base is None:
        return {}
    base, head = repository.commit(request.base), repository.look_up(request.head or "HEAD")
    return repository.read_tree(repository.merge_base(base, head) if head else base)[0]


def template_asked_for(request: Request, experiments: Mapping[str, Experiment], bundle: Bundle) -> str | None:
    """Return the only template to measure by: the request's own, or that of the named experiment."""
    if request.experiment is None:
        return request.template
    named = experiments[request.experiment].template
    if request.template not in {None, named}:
        raise WrongUsage(
            f"the experiment {request.experiment} is measured by {named}, not by {request.template}",
            help="leave --template out",
        )
    if named not in bundle.templates:
        raise WrongUsage(
            f"the experiment {request.experiment} names the template {named}, which the base has not",
            help=did_you_mean(named, bundle.templates, none="land the template first"),
        )
    return named


def variant_named(request: Request, experiments: Mapping[str, Experiment], template: Template) -> str | None:
    """Return the variant that an experiment names; None where none does. NotJudged where two are named."""
    named = named_variants(template, _change(request, template), experiments, given=None)
    if not any(one.template == template.name for one in experiments.values()):
        return None
    return choose_variant(template, {**named, **({"--variant": request.variant} if request.variant else {})})


def _change(request: Request, template: Template) -> FileChange:
    """Return what the branch does to the file that names the variant; nothing without `--base`."""
    place = template.variant_asset
    repository = None if request.base is None else find_repository(request.root)
    if request.base is None or place is None or repository is None:
        return UNCHANGED
    base, head = repository.commit(request.base), repository.look_up(request.head or "HEAD")
    merge_base = repository.merge_base(base, head) if head else base
    return change_of_file(
        template,
        merge_base=repository.read_file(merge_base, place.file),
        tip=repository.read_file(base, place.file),
        head=read_below(request.root, place.file),
    )


def experiment_report(experiments: Mapping[str, Experiment], template: Template) -> ExperimentReport | None:
    """Return what a report says of the experiment that a template measures."""
    found = next((one for one in experiments.values() if one.template == template.name), None)
    if found is None:
        return None
    return ExperimentReport(
        name=found.name,
        hypothesis=found.hypothesis,
        target_metric=found.target_metric,
        tags=list(found.tags),
    )
