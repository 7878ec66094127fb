"""load → check: the files under `.remyx/`, every problem at once, and who judges by what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from remyx_action.errors import FilesWrong, Problem, WrongUsage
from remyx_action.policy.lints.rule_errors import load_checked
from remyx_action.project.files.wording import did_you_mean
from remyx_action.project.load import Bundle
from remyx_action.project.models import Metrics, Policy, Template
from remyx_action.sources.disk import read_project
from remyx_action.sources.git import find_repository


class Project(Struct, frozen=True, kw_only=True):
    """A project whose files hold no error."""

    root: Path
    source: str
    """`working tree`, or the commit that the files were read from."""
    bundle: Bundle
    texts: Mapping[str, bytes]

    @property
    def vocabulary(self) -> Metrics:
        assert self.bundle.metrics is not None  # a missing metrics.yaml is an error, and there are none
        return self.bundle.metrics

    def recorded_baseline(self, template: str) -> bytes | None:
        """The text of the template's recorded baseline, where there is one."""
        return self.texts.get(f".remyx/baselines/{template}.json")


def load_project(root: Path, *, base: str | None = None) -> Project:
    """The project in the working tree, or as the commit `base` holds it.

    FilesWrong with every problem where one is an error.
    """
    texts, unreadable, source = (*read_project(root), "working tree") if base is None else _at(root, base)
    bundle = load_checked(texts)
    if unreadable or bundle.errors:
        raise FilesWrong(tuple(sorted((*unreadable, *bundle.problems))), texts)
    return Project(root=root, source=source, bundle=bundle, texts=texts)


def _at(root: Path, base: str) -> tuple[Mapping[str, bytes], tuple[Problem, ...], str]:
    repository = find_repository(root)
    if repository is None:
        raise WrongUsage(
            f"--base {base} names a commit, and this folder lies in no git repository",
            help="run it in a clone, with git installed, or leave --base out",
        )
    commit = repository.commit(base)
    return *repository.read_tree(commit), commit


def choose(
    bundle: Bundle, *, template: str | None, policy: str | None
) -> list[tuple[Template, list[Policy]]]:
    """The policies to judge by, grouped by the template that measures for them.

    WrongUsage for a name that is not there, with the nearest one that is.
    """
    _known("template", template, bundle.templates)
    _known("policy", policy, bundle.policies)
    groups: dict[str, list[Policy]] = {}
    for candidate in bundle.policies.values():
        if policy in {None, candidate.name} and template in {None, candidate.template}:
            groups.setdefault(candidate.template, []).append(candidate)
    if not groups:
        asked = f" for template {template}" if template else ""
        raise WrongUsage(
            f"there is no policy{asked}", help="a verdict needs a policy: write .remyx/policies/NAME.yaml"
        )
    return [(bundle.templates[name], policies) for name, policies in groups.items()]


def _known(kind: str, name: str | None, names: Mapping[str, object]) -> None:
    if name is not None and name not in names:
        folder = "policies" if kind == "policy" else "templates"
        advice = did_you_mean(name, names, none=f"write .remyx/{folder}/NAME.yaml first")
        raise WrongUsage(f"there is no {kind} {name}", help=advice)
