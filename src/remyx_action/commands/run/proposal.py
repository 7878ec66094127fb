"""What a pull request proposes: templates concerned, the variant named, protected files touched."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from posixpath import normpath
from typing import Any

from msgspec import Struct

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.files.globs import matcher
from remyx_action.project.files.json_text import NotStrictJson
from remyx_action.project.files.json_text import read as read_json
from remyx_action.project.files.pointer import resolve
from remyx_action.project.files.yaml_text import load_yaml
from remyx_action.project.models import Experiment, Template
from remyx_action.project.models.fields import LINE_PATTERN
from remyx_action.project.models.template import ArmName
from remyx_action.project.protected import OF_THE_BAR, OF_THE_REPOSITORY, review_globs


def choose_variant(flag: str | None, named: Mapping[str, str]) -> str:
    """The variant's asset: the flag's, else the only one that files name (place → asset).

    NotJudged `no_variant` where nothing names one, or several places name different ones.
    """
    if flag is not None:
        return flag
    if not named:
        raise NotJudged(
            "no_variant: nothing names the variant to judge",
            help="pass --variant ASSET, or name it in the template's variant_asset file or an experiment",
        )
    if len(set(named.values())) > 1:
        listed = ", ".join(f"{asset} ({place})" for place, asset in named.items())
        raise NotJudged(
            f"no_variant: several variants are named: {listed}", help="choose one with --variant ASSET"
        )
    return next(iter(named.values()))


def choose_assets(template: Template, *, baseline: str | None, variant: str | None) -> Mapping[ArmName, str]:
    """The asset of each arm; `baseline` overrides the template's.

    NotJudged `no_variant` without a variant, `same_asset` where both are one; under `compare: commits`
    both arms have the same asset, which may be empty, and a variant is WrongUsage.
    """
    standing = baseline if baseline is not None else template.baseline_asset
    if template.compare == "commits":
        if variant is not None:
            raise WrongUsage(
                f"template {template.name} compares commits, so it has no variant asset",
                help="name the commits with --base REF and --head REF",
            )
        return {"baseline": standing or "", "variant": standing or ""}
    if variant is None:
        choose_variant(None, {})
    if template.baseline == "recorded":
        return {"variant": variant or ""}
    if standing is None:
        raise NotJudged(
            f"template {template.name} names no baseline_asset",
            help="add baseline_asset to the template, or pass --baseline ASSET",
        )
    if standing == variant:
        raise NotJudged(
            f"same_asset: baseline and variant are both {standing}",
            help="name another asset with --variant ASSET",
        )
    return {"baseline": standing, "variant": variant or ""}


WORKFLOWS = ".github/"
"""Below the repository's root: what starts the evaluation."""


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


def concerns(template: Template, proposal: Proposal, experiments: Mapping[str, Experiment]) -> bool:
    """Whether the proposal touches what the template evaluates."""
    named = {template.variant_asset.file} if template.variant_asset else set()
    proposed = {f".remyx/experiments/{name}.yaml" for name, _ in _of(template, experiments)}
    touched = set(proposal.paths)
    return bool(touched & (named | proposed)) or any(map(matcher(template.paths), proposal.paths))


def refuse_changed_files(asset: str, proposal: Proposal) -> None:
    """NotJudged `no_variant` where the asset is a path whose files the proposal adds, edits or removes.

    Arms run from the base branch's files: they would score what stands there, or miss it, under the
    name of what the change brings.
    """
    path = normpath(asset.partition("@")[0]).removeprefix("/")
    changed = [one for one in proposal.paths if one == path or one.startswith(f"{path}/")]
    if changed:
        raise NotJudged(
            f"no_variant: {asset} is a path in the repository, and the change itself touches {changed[0]}",
            help="arms run from the base branch's files: land the files first and name them in a later "
            "change, keep them outside (a hub's name at a commit), or compare commits",
        )


def named_variants(
    template: Template,
    proposal: Proposal,
    experiments: Mapping[str, Experiment],
    read: Callable[[str], bytes | None],
) -> Mapping[str, str]:
    """Place → asset, for every place in the head's files that names the variant.

    `read` gives a file of the head by its path below the project's root, None where there is none.
    """
    found = {}
    for name, experiment in _of(template, experiments):
        place = f".remyx/experiments/{name}.yaml"
        if place in proposal.paths:
            found[place] = experiment.variant
    if not found and template.variant_asset is not None:
        file, pointer = template.variant_asset.file, template.variant_asset.pointer
        found[f"{file}#{pointer}"] = asset_in(file, pointer, read(file))
    return found


def asset_in(file: str, pointer: str, content: bytes | None) -> str:
    """The asset that a YAML or JSON file names at a JSON Pointer; NotJudged `no_variant` where none is."""
    advice = "name the variant there, pass --variant ASSET, or add an experiment file"
    if content is None:
        raise NotJudged(f"no_variant: there is no {file}", help=advice)
    value = resolve(_parsed(file, content, advice), pointer)
    if not isinstance(value, str) or not value.strip() or not _is_line(value):
        raise NotJudged(f"no_variant: {file} holds no name at {pointer or 'its root'}", help=advice)
    return value


def _of(template: Template, experiments: Mapping[str, Experiment]) -> Sequence[tuple[str, Experiment]]:
    return [(name, one) for name, one in experiments.items() if one.template == template.name]


def _is_line(value: str) -> bool:
    return len(value) <= 500 and re.match(LINE_PATTERN, value) is not None


def _parsed(file: str, content: bytes, advice: str) -> Any:
    if file.endswith(".json"):
        try:
            return read_json(content)
        except NotStrictJson as error:
            raise NotJudged(f"no_variant: {file} is not strict JSON: {error}", help=advice) from error
    document = load_yaml(content, file)
    if document.problems:
        first = document.problems[0]
        raise NotJudged(f"no_variant: {file}:{first.line}: {first.message}", help=first.help)
    return document.value
