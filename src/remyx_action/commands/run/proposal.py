"""What a pull request proposes: its commits, the files it changes, and which of them were not measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from remyx_action.project.files.layout import matcher
from remyx_action.project.models import Template
from remyx_action.project.protected import OF_THE_BAR, OF_THE_REPOSITORY, harness_globs, review_globs

from .variants import FileChange

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
        found = set(filter(matcher(self._globs(template)), self._product_paths()))
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
        decides = matcher([*self._globs(template), *harness_globs(template)])
        return any(map(decides, not_measured)) or (
            template.compare == "assets" and template.variant_asset is not None and change.differs_beyond
        )

    def moved(self, template: Template) -> tuple[str, ...]:
        """Return what the base branch changed since, of what the template evaluates: no arm ran with both.

        Under `compare: assets` arms run the tip itself, and there is none.
        """
        if template.compare == "assets":
            return ()
        evaluates = matcher(self._globs(template))
        return tuple(path for path in self.moved_paths if evaluates(path) and not path.startswith(PROJECT))

    @staticmethod
    def _globs(template: Template) -> Sequence[str]:
        return template.paths or (["**"] if template.compare == "commits" else [])

    def _product_paths(self) -> Iterable[str]:
        return [path for path in self.paths if not path.startswith(PROJECT)]
