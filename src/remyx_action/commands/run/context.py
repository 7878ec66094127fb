"""load → check → plan, on GitHub or off it: where rules, harness and variant of a run come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from remyx_action.errors import FilesWrong, NotJudged, WrongUsage
from remyx_action.github.events import MergeGroupEvent, PullRequestEvent
from remyx_action.policy.lints.rule_errors import load_checked
from remyx_action.project.load import Bundle
from remyx_action.project.models import Experiment, Policy, Template
from remyx_action.sources.disk import read_below
from remyx_action.sources.git import (
    Repository,
    Sources,
    Tree,
    checked_out,
    find_repository,
    sources_of,
)

from .experiments import experiments_of, template_asked_for, variant_named
from .judged_under import commit_at_head, why_no_commit
from .project import Project, choose, load_project
from .proposal import Proposal, Trees, file_change, harness_notes, refuse_changed_asset
from .request import Request
from .variants import (
    UNCHANGED,
    FileChange,
    asset_in,
    choose_variant,
    is_name,
    named_variants,
)

if TYPE_CHECKING:
    from remyx_action.policy.diff import Change

GitHubEvent = PullRequestEvent | MergeGroupEvent
NOTHING = "the change touches nothing that a template evaluates"
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
    files: Mapping[str, FileChange] = field(default_factory=dict)
    """By template: what the pull request does to the file that names the variant."""
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    """By name: the experiments that the change adds or changes, or the one that was asked for."""
    notes: tuple[str, ...] = ()
    """What the checkout of the harness root does not hold."""
    head: Mapping[str, str] = field(default_factory=dict)
    """Off GitHub: the commit at HEAD when the run began, as `head`."""

    def head_moved(self) -> str | None:
        """Return in words that HEAD is no longer the commit that the run began with, or None."""
        if not self.head:
            return None
        before, now = self.head["head"].split()[0], commit_at_head(self.project).get("head", "").split()
        if now[:1] == [before]:
            return None
        moved = f"to {now[0][:12]} " if now else ""
        return f"HEAD moved {moved}during the run: the commit named here is the one it began with"

    @property
    def bar_changes(self) -> tuple[Change, ...]:
        """What the pull request does to metrics, templates and policies."""
        if self.proposed is None or self.first or self.proposed == self.project.bundle:
            return ()
        from remyx_action.policy.diff import DiffSide, compare_bars

        return compare_bars(DiffSide(bundle=self.project.bundle), DiffSide(bundle=self.proposed))

    def file_change(self, template: Template) -> FileChange:
        """Return what the pull request does to the template's variant file."""
        return self.files.get(template.name, UNCHANGED)

    def commits(self, sources: Sources) -> Mapping[str, str]:
        """Full ids of base, merge base and head, as far as the run is about commits."""
        return self.proposal.commits() if self.proposal else sources.commits


def open_context(request: Request) -> AbstractContextManager[Context]:
    """Return where rules, harness and variant come from: the event's commits, else the working tree."""
    for flag, asset in (("--variant", request.variant), ("--baseline", request.baseline)):
        if asset is not None and not is_name(asset):
            raise WrongUsage(f"{flag} is empty, or no name", help=f"name an asset in one line: {flag} ASSET")
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

    experiments = experiments_of(request)

    def variant_of(template: Template) -> str | None:
        place = template.variant_asset
        if template.compare == "assets" and (named := variant_named(request, experiments, template)):
            return named
        if request.variant is not None or place is None or template.compare == "commits":
            return request.variant
        return asset_in(place.file, place.pointer, read_below(request.root, place.file))

    yield Context(
        project=project,
        harness=request.root,
        choices=choose(
            project.bundle,
            template=template_asked_for(request, experiments, project.bundle),
            policy=request.policy,
        ),
        variant_of=variant_of,
        experiments=experiments,
        head=commit_at_head(project),
        notes=why_no_commit(project),
    )


@contextmanager
def _of_event(request: Request, event: GitHubEvent) -> Iterator[Context]:
    """A pull request or merge group: rules and harness from base, the proposal from head."""
    root = request.root
    repository = _repository(root)
    proposal = _proposal(repository, event)
    proposed = _proposed(repository, proposal)
    if _is_first(repository, proposal.base):
        empty = Bundle(metrics=None, templates={}, policies={}, experiments={}, locks={})
        project = Project(root=root, source=proposal.base, bundle=empty, texts={})
        yield _nothing(project, proposal, proposed, FIRST, first=True)
        return
    project = load_project(root, base=proposal.base)
    asked = choose(project.bundle, template=request.template, policy=request.policy)
    trees = Trees(merge_base=Tree(repository, proposal.merge_base), head=Tree(repository, proposal.head))
    variants = _Variants(
        repository=repository,
        trees=trees,
        proposal=proposal,
        files={template.name: file_change(repository, proposal, trees, template) for template, _ in asked},
        experiments=_changed(proposed.experiments, proposal),
        given=request.variant,
    )
    choices = [(template, policies) for template, policies in asked if variants.concern(template)]
    if not choices:
        yield _nothing(project, proposal, proposed, NOTHING)
        return
    harness = harness_notes(repository, proposal.base, [template for template, _ in choices])
    with checked_out(repository, {"base": proposal.base}) as (roots, notes):
        yield Context(
            project=project,
            harness=roots["base"],
            choices=choices,
            variant_of=variants.asset_of,
            proposal=proposal,
            proposed=proposed,
            files=variants.files,
            experiments=variants.experiments,
            notes=(*notes, *harness),
        )


class _Variants(Struct, kw_only=True):
    """The variants that a pull request names, template by template."""

    repository: Repository
    trees: Trees
    proposal: Proposal
    files: Mapping[str, FileChange]
    experiments: Mapping[str, Experiment]
    given: str | None
    """The input of the job."""
    chosen: dict[str, str] = field(default_factory=dict)

    def concern(self, template: Template) -> bool:
        """Whether there is anything for the template to evaluate."""
        touched = self.proposal.touches(template, self.files[template.name])
        return touched or (template.compare == "assets" and bool(self._named(template)))

    def asset_of(self, template: Template) -> str | None:
        """Return the variant's asset, None under `compare: commits`. NotJudged `no_variant`."""
        if template.compare == "commits":
            return None
        if template.name not in self.chosen:
            named, refused = self._named(template), self.files[template.name].refused
            if refused is not None and not named:
                raise refused
            asset = choose_variant(template, named)
            refuse_changed_asset(self.repository, self.trees, asset)
            self.chosen[template.name] = asset
        return self.chosen[template.name]

    def _named(self, template: Template) -> Mapping[str, str]:
        return named_variants(template, self.files[template.name], self.experiments, given=self.given)


def _proposed(repository: Repository, proposal: Proposal) -> Bundle:
    """Return the base branch's files with those that the proposal changes as its head has them.

    What the base branch changed since is no change of the proposal's. FilesWrong where the proposal touches
    them and leaves one wrong.
    """
    touched = {path for path in proposal.paths if path.startswith(".remyx/")}
    kept, _ = repository.read_tree(proposal.base)
    changed, unreadable = repository.read_tree(proposal.head)
    texts = {path: text for path, text in kept.items() if path not in touched}
    texts |= {path: text for path, text in changed.items() if path in touched}
    bundle = load_checked(texts)
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
    submodules = repository.submodules_between(merge_base, head)
    return Proposal(
        base=base,
        merge_base=merge_base,
        head=head,
        repository_paths=paths,
        paths=tuple(sorted(repository.relative(path) for path in paths)),
        submodules=tuple(sorted(repository.relative(path) for path in submodules)),
        moved_paths=tuple(
            sorted(repository.relative(path) for path in repository.paths_between(merge_base, base))
        ),
    )


OF_A_PROJECT = re.compile(r"(^|/)\.remyx/(metrics\.yaml$|templates/|policies/)")
"""What only a project has; lighteval's own tasks need no metrics.yaml."""


def _is_first(repository: Repository, base: str) -> bool:
    """Whether no folder of the base tree holds a project: only then is there nothing to judge by.

    Anywhere, so that moving the folder does not turn a judged repository into a new one.
    """
    return not any(OF_A_PROJECT.search(entry.path) for entry in repository.all_entries(base))


def _nothing(
    project: Project, proposal: Proposal, proposed: Bundle, nothing: str, *, first: bool = False
) -> Context:
    return Context(
        project=project,
        harness=project.root,
        choices=(),
        variant_of=lambda _template: None,
        nothing=nothing,
        first=first,
        proposal=proposal,
        proposed=proposed,
    )


def _changed(experiments: Mapping[str, Experiment], proposal: Proposal) -> Mapping[str, Experiment]:
    paths = set(proposal.paths)
    return {name: one for name, one in experiments.items() if f".remyx/experiments/{name}.yaml" in paths}
