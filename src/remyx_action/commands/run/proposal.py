"""What a pull request proposes: its commits, the files it changes, its trees with links followed."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from remyx_action.errors import NotJudged
from remyx_action.project.files.layout import matcher
from remyx_action.project.models import Template
from remyx_action.project.protected import (
    OF_THE_BAR,
    OF_THE_REPOSITORY,
    evaluated_globs,
    harness_globs,
    review_globs,
)
from remyx_action.sources.git import LINK, SUBMODULE, Repository, Tree, text_of

from .variants import UNCHANGED, FileChange, change_of_file, no_file

WORKFLOWS = ".github/"
"""Below the repository's root: what starts the evaluation."""
PROJECT = ".remyx/"
"""Below the project's root: what is judged by rules of its own."""


class Proposal(Struct, frozen=True, kw_only=True):
    """A pull request's commits and what differs between the last common one and its head."""

    base: str
    """Tip of the base branch: where every rule is read from."""
    merge_base: str
    head: str
    paths: tuple[str, ...]
    """Changed files relative to the project's root (`../` outside it), renames as two, sorted."""
    repository_paths: tuple[str, ...]
    """The same files below the repository's root."""
    submodules: tuple[str, ...] = ()
    """Those of `paths` that are submodules before or after: no checkout holds their files."""
    moved_paths: tuple[str, ...] = ()
    """Files that the base branch changed since the last common commit, relative to the project's root."""

    def commits(self) -> Mapping[str, str]:
        """As a report names them."""
        return {"base": self.base, "merge_base": self.merge_base, "head": self.head}

    def workflow_paths(self) -> tuple[str, ...]:
        """Changed files that start or steer the evaluation itself."""
        return tuple(path for path in self.repository_paths if path.startswith(WORKFLOWS))

    def protected_paths(self, template: Template) -> tuple[str, ...]:
        """Changed files that a verdict by the template hangs on."""
        measures = matcher(review_globs(template))
        decides = [path for path in self.paths if path.startswith(OF_THE_BAR) or measures(path)]
        steers = [path for path in self.repository_paths if path.startswith(OF_THE_REPOSITORY)]
        return tuple(sorted({*decides, *steers}))

    def harness_paths(self, template: Template) -> tuple[str, ...]:
        """Changed files of the template's harness."""
        return tuple(filter(matcher(harness_globs(template)), self._product_paths()))

    def touches(self, template: Template, change: FileChange) -> bool:
        """Whether the template evaluates anything that differs: its `paths`, or the variant file."""
        found = set(filter(matcher(evaluated_globs(template)), self._product_paths()))
        if template.paths is None:  # a changed harness alone is for its reviewers, not for a run
            found -= set(self.harness_paths(template))
        return bool(found) or (template.compare == "assets" and change.differs)

    def not_measured(self, template: Template, change: FileChange) -> tuple[str, ...]:
        """Changed files that no arm ran with: under `compare: assets` all but the name of the variant."""
        if template.compare == "commits":
            return tuple(sorted({*self.harness_paths(template), *self.submodules}))
        place = template.variant_asset
        named = {place.file} if place and not change.differs_beyond else set()
        return tuple(path for path in self._product_paths() if path not in named)

    def must_be_measured(self, template: Template, change: FileChange) -> bool:
        """Whether one of the files that were not measured decides what ships."""
        not_measured = self.not_measured(template, change)
        decides = matcher([*evaluated_globs(template), *harness_globs(template)])
        return any(map(decides, not_measured)) or (
            template.compare == "assets" and template.variant_asset is not None and change.differs_beyond
        )

    def moved(self, template: Template) -> tuple[str, ...]:
        """Return what the base branch changed since, of what the template evaluates: no arm ran with both.

        Under `compare: assets` arms run the tip itself, and there is none.
        """
        if template.compare == "assets":
            return ()
        evaluates = matcher(evaluated_globs(template))
        return tuple(path for path in self.moved_paths if evaluates(path) and not path.startswith(PROJECT))

    def _product_paths(self) -> Iterable[str]:
        return [path for path in self.paths if not path.startswith(PROJECT)]


class Trees(Struct, frozen=True, kw_only=True):
    """What a pull request changes, as programs read it: with links followed."""

    merge_base: Tree
    head: Tree

    def differ_at(self, path: str) -> bool:
        """Whether a path leads to something else; one that leads out leads nowhere in particular."""
        found = []
        for tree in (self.merge_base, self.head):
            try:
                found.append(tree.digest(path))
            except NotJudged as refused:
                found.append(refused.message)
        return found[0] != found[1]


def file_change(repository: Repository, proposal: Proposal, trees: Trees, template: Template) -> FileChange:
    place = template.variant_asset
    if place is None:
        return UNCHANGED
    path = f"{repository.prefix}{place.file}"
    if place.file not in proposal.paths and not trees.differ_at(path):
        return UNCHANGED
    head = repository.read_file(proposal.head, place.file)
    if head is None and trees.head.holds(path):
        return no_file(place.file)
    return change_of_file(
        template,
        merge_base=repository.read_file(proposal.merge_base, place.file),
        tip=repository.read_file(proposal.base, place.file),
        head=head,
    )


def refuse_changed_asset(repository: Repository, trees: Trees, asset: str) -> None:
    """NotJudged `no_variant` where the asset is a path that leads to something the proposal changes.

    Arms run from the base branch's files: they would score what is there, or miss it, under the name of what
    the change brings. A path is followed through links, in the trees of the merge base and of the head.
    """
    for path in _paths_of(repository, asset):
        if trees.merge_base.digest(path) != trees.head.digest(path):
            raise NotJudged(
                f"no_variant: {asset} is a path in the repository, and the change itself touches what it "
                "leads to",
                help="both runs use the base branch's files: land the files first and name them in a later "
                "change, keep them outside (a hub's name at a commit), or compare commits",
            )
        if trees.merge_base.is_submodule(path):
            raise NotJudged(
                f"no_variant: {asset} lies in a submodule, whose files a checkout lacks",
                help="name a hub's model at a commit, or keep the files in the repository itself",
            )


def _paths_of(repository: Repository, asset: str) -> Iterator[str]:
    """Yield every path below the repository's root that a harness may find under the asset's name."""
    for name in dict.fromkeys((asset, asset.partition("@")[0])):
        if not name.startswith("/"):
            yield f"{repository.prefix}{name}"
            yield posixpath.normpath(f"{repository.prefix}{name}")
        else:
            top, path = repository.top().resolve(), Path(os.path.realpath(name))
            if path.is_relative_to(top):
                yield path.relative_to(top).as_posix()


def harness_notes(repository: Repository, commit: str, templates: Iterable[Template]) -> Sequence[str]:
    """Return notes on links in the templates' harnesses. NotJudged where there is a submodule in one.

    A submodule belongs to a harness too where a glob names something inside, which no checkout holds.
    """
    entries, linked = repository.all_entries(commit), []
    for template in templates:
        globs = harness_globs(template)
        matches = matcher(globs)
        for entry in entries:
            path = repository.relative(entry.path)
            within = any(glob.startswith(f"{path}/") for glob in globs)
            if entry.mode == SUBMODULE and (within or matches(path)):
                raise NotJudged(
                    f"the harness at commit {commit[:12]} holds a submodule, whose files a checkout lacks: "
                    f"{text_of(path)}",
                    help="keep what measures in the repository itself",
                )
            if entry.mode == LINK and matches(path):
                linked.append(path)
    links = list(dict.fromkeys(linked))
    more = f" and {len(links) - 1} more" if len(links) > 1 else ""
    what = "the harness holds a link, of which only the target's name is digested"
    return [f"{what}: {text_of(links[0])}{more}"] if links else []
