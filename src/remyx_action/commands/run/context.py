"""load → check → plan, on GitHub or off it: where rules, harness and variant of a run come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, field

from remyx_action.errors import FilesWrong, NotJudged
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent
from remyx_action.policy.lints.errors import load_checked
from remyx_action.project.load import Bundle
from remyx_action.project.models import Experiment, Policy, Template
from remyx_action.runtimes.plan.proposal import (
    Proposal,
    asset_in,
    choose_variant,
    concerns,
    named_variants,
    refuse_changed_files,
)
from remyx_action.sources.disk import read_below
from remyx_action.sources.git import Repository, checked_out, find_repository

from .project import Project, choose, load_project

GitHubEvent = PullRequestEvent | MergeGroupEvent
FIRST = "the base branch holds no .remyx/ yet, so there is nothing to judge by"


class Scene(Struct, frozen=True, kw_only=True):
    """What one run is about, once everything is read."""

    project: Project
    """The rules: of the base branch's tip on a pull request, else of the working tree or `--base`."""
    harness: Path
    """The harness root: a read-only checkout of the same commit on a pull request."""
    choices: Sequence[tuple[Template, list[Policy]]]
    """Empty: nothing to evaluate, as `nothing` says."""
    variant_of: Callable[[Template], str | None]
    """The variant's asset; NotJudged `no_variant` where none, or two, are named."""
    nothing: str | None = None
    first: bool = False
    """There is nothing to judge by: the base branch holds no bar yet."""
    proposal: Proposal | None = None
    """None off GitHub."""
    proposed: Bundle | None = None
    """The head's own files: parsed and checked, never judged by."""
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    """By template: the experiment that the pull request adds or changes."""


@contextmanager
def laptop_scene(
    root: Path, *, base: str | None, template: str | None, policy: str | None, variant: str | None
) -> Iterator[Scene]:
    """A person's own machine: the working tree, or the files as `base` holds them."""
    project = load_project(root, base=base)

    def variant_of(template: Template) -> str | None:
        place = template.variant_asset
        if variant is not None or place is None or template.compare == "commits":
            return variant
        return asset_in(place.file, place.pointer, read_below(root, place.file))

    yield Scene(
        project=project,
        harness=root,
        choices=choose(project.bundle, template=template, policy=policy),
        variant_of=variant_of,
    )


@contextmanager
def github_scene(
    root: Path, event: GitHubEvent, *, template: str | None, policy: str | None, variant: str | None
) -> Iterator[Scene]:
    """A pull request or merge group: rules and harness from base, the proposal from head."""
    repository = _repository(root)
    proposal = _proposal(repository, event)
    proposed = _proposed(repository, proposal)
    if _is_first(repository, proposal.base):
        yield _empty_scene(root, proposal, FIRST, first=True)
        return
    project = load_project(root, base=proposal.base)
    experiments = proposed.experiments
    choices = [
        (one, policies)
        for one, policies in choose(project.bundle, template=template, policy=policy)
        if concerns(one, proposal, experiments)
    ]
    if not choices:
        yield _empty_scene(root, proposal, "the change touches nothing that a template evaluates")
        return
    with checked_out(repository, {"base": proposal.base}) as (roots, _notes):
        yield Scene(
            project=project,
            harness=roots["base"],
            choices=choices,
            variant_of=_variant_at_head(repository, proposal, experiments, variant),
            proposal=proposal,
            proposed=proposed,
            experiments=_changed(experiments, proposal),
        )


def _variant_at_head(
    repository: Repository,
    proposal: Proposal,
    experiments: Mapping[str, Experiment],
    variant: str | None,
) -> Callable[[Template], str | None]:
    def read(path: str) -> bytes | None:
        return repository.read_file(proposal.head, path)

    def variant_of(template: Template) -> str | None:
        if template.compare == "commits":
            return None
        named = named_variants(template, proposal, experiments, read) if variant is None else {}
        chosen = choose_variant(variant, named)
        refuse_changed_files(chosen, proposal)
        return chosen

    return variant_of


def _proposed(repository: Repository, proposal: Proposal) -> Bundle:
    """The head's files; FilesWrong where the proposal touches them and leaves one wrong."""
    texts, unreadable = repository.read_tree(proposal.head)
    bundle = load_checked(texts)
    touched = any(path.startswith(".remyx/") for path in proposal.paths)
    if touched and (unreadable or bundle.errors):
        raise FilesWrong(tuple(sorted((*unreadable, *bundle.problems))), texts)
    return bundle


def _repository(root: Path) -> Repository:
    repository = find_repository(root)
    if repository is None:
        raise NotJudged(
            "the action runs outside a git checkout",
            help="check the repository out first: actions/checkout with `fetch-depth: 0`",
        )
    return repository


def _proposal(repository: Repository, event: GitHubEvent) -> Proposal:
    """The commits that the event names, all of them present, and what differs."""
    base, head = repository.commit(event.base_commit), repository.commit(event.head_commit)
    merge_base = repository.merge_base(base, head)
    paths = repository.paths_between(merge_base, head)
    return Proposal(
        base=base,
        merge_base=merge_base,
        head=head,
        repository_paths=paths,
        paths=tuple(sorted(repository.relative(path) for path in paths)),
    )


OF_A_PROJECT = re.compile(r"(^|/)\.remyx/(metrics\.yaml$|templates/|policies/)")
"""What only a project has; lighteval's own tasks need no metrics.yaml."""


def _is_first(repository: Repository, base: str) -> bool:
    """Whether no folder of the base tree holds a project: only then is there nothing to judge by.

    Anywhere, so that moving the folder does not turn a judged repository into a new one.
    """
    return not any(OF_A_PROJECT.search(entry.path) for entry in repository.all_entries(base))


def _empty_scene(root: Path, proposal: Proposal, nothing: str, *, first: bool = False) -> Scene:
    nobody = Bundle(metrics=None, templates={}, policies={}, experiments={}, locks={})
    return Scene(
        project=Project(root=root, source=proposal.base, bundle=nobody, texts={}),
        harness=root,
        choices=(),
        variant_of=lambda _template: None,
        nothing=nothing,
        first=first,
        proposal=proposal,
    )


def _changed(experiments: Mapping[str, Experiment], proposal: Proposal) -> Mapping[str, Experiment]:
    return {
        one.template: one
        for name, one in experiments.items()
        if f".remyx/experiments/{name}.yaml" in proposal.paths
    }
