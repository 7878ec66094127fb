"""load → check → plan, on GitHub or off it: where rules, harness and variant of a run come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from msgspec import Struct, field

from remyx_action.errors import FilesWrong, NotJudged
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent
from remyx_action.policy.lints.errors import load_checked
from remyx_action.project.load import Bundle
from remyx_action.project.models import Experiment, Policy, Template
from remyx_action.sources.disk import read_below
from remyx_action.sources.git import Repository, Sources, checked_out, find_repository, sources_of

from .project import Project, choose, load_project
from .proposal import (
    Proposal,
    asset_in,
    choose_variant,
    concerns,
    named_variants,
    refuse_changed_files,
)
from .request import Request

GitHubEvent = PullRequestEvent | MergeGroupEvent
FIRST = "the base branch holds no .remyx/ yet, so there is nothing to judge by"


class Context(Struct, frozen=True, kw_only=True):
    """What a run is about, once everything is read."""

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

    def commits(self, sources: Sources) -> Mapping[str, str]:
        """Full ids of base, merge base and head, as far as the run is about commits."""
        return self.proposal.commits() if self.proposal else sources.commits


def open_context(request: Request) -> AbstractContextManager[Context]:
    """Return where rules, harness and variant come from: the event's commits, else the working tree."""
    if isinstance(request.event, PullRequestEvent | MergeGroupEvent):
        return _of_event(request, request.event)
    return _of_working_tree(request)


def open_sources(request: Request, context: Context, template: Template) -> AbstractContextManager[Sources]:
    """Return the code under test of both arms, where the template compares commits."""
    if context.proposal is None or template.compare == "assets":
        return sources_of(request.root, template, base=request.base, head=request.head)
    return sources_of(request.root, template, base=context.proposal.base, head=context.proposal.head)


@contextmanager
def _of_working_tree(request: Request) -> Iterator[Context]:
    """A person's own machine: the working tree, or the files as `--base` holds them."""
    project = load_project(request.root, base=request.base)

    def variant_of(template: Template) -> str | None:
        place = template.variant_asset
        if request.variant is not None or place is None or template.compare == "commits":
            return request.variant
        return asset_in(place.file, place.pointer, read_below(request.root, place.file))

    yield Context(
        project=project,
        harness=request.root,
        choices=choose(project.bundle, template=request.template, policy=request.policy),
        variant_of=variant_of,
    )


@contextmanager
def _of_event(request: Request, event: GitHubEvent) -> Iterator[Context]:
    """A pull request or merge group: rules and harness from base, the proposal from head."""
    root = request.root
    repository = _repository(root)
    proposal = _proposal(repository, event)
    proposed = _proposed(repository, proposal)
    if _is_first(repository, proposal.base):
        yield _empty(root, proposal, FIRST, first=True)
        return
    project = load_project(root, base=proposal.base)
    experiments = proposed.experiments
    choices = [
        (template, policies)
        for template, policies in choose(project.bundle, template=request.template, policy=request.policy)
        if concerns(template, proposal, experiments)
    ]
    if not choices:
        yield _empty(root, proposal, "the change touches nothing that a template evaluates")
        return
    with checked_out(repository, {"base": proposal.base}) as (roots, _notes):
        yield Context(
            project=project,
            harness=roots["base"],
            choices=choices,
            variant_of=_variant_at_head(repository, proposal, experiments, request.variant),
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
    """Return the head's files; FilesWrong where the proposal touches them and leaves one wrong."""
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
    """Return the commits that the event names, all of them present, and what differs."""
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


def _empty(root: Path, proposal: Proposal, nothing: str, *, first: bool = False) -> Context:
    empty = Bundle(metrics=None, templates={}, policies={}, experiments={}, locks={})
    return Context(
        project=Project(root=root, source=proposal.base, bundle=empty, texts={}),
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
