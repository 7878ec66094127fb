"""The trees of a pull request as programs read them: links followed, and without what no checkout has."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from remyx_action.errors import NotJudged
from remyx_action.project.files.layout import matcher
from remyx_action.project.models import Template
from remyx_action.project.protected import harness_globs
from remyx_action.sources.git import LINK, SUBMODULE, Repository, Tree, text_of

from .proposal import Proposal
from .variants import UNCHANGED, FileChange, change_of_file, no_file


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
