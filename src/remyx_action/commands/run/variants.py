"""What names a variant: a value in a file, an experiment, or an input; and which asset each arm has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.files.json_text import NotStrictJson
from remyx_action.project.files.json_text import read as read_json
from remyx_action.project.files.pointer import ABSENT, parts_of, resolve
from remyx_action.project.files.yaml_text import load_yaml
from remyx_action.project.models import Experiment, Template
from remyx_action.project.models.field_types import LINE_PATTERN
from remyx_action.project.models.template import ArmName

ADVICE = "name the variant in that file, or add an experiment file; a command line takes --variant ASSET"


class FileChange(Struct, frozen=True, kw_only=True):
    """What a change does to the file that names the variant."""

    asset: str | None = None
    """The asset that it proposes: a value that neither the merge base nor the tip of the base branch has."""
    differs: bool = False
    """Whether the file's parsed document differs; also where it can no longer be parsed."""
    differs_beyond: bool = False
    """Whether it differs beyond that value, or no longer names an asset."""
    refused: NotJudged | None = None
    """Why the head's file names no asset, where it differs."""


UNCHANGED = FileChange()


def change_of_file(
    template: Template, *, merge_base: bytes | None, tip: bytes | None, head: bytes | None
) -> FileChange:
    """Return what a change does to the variant file, from its contents at three commits."""
    place = template.variant_asset
    assert place is not None
    before, landed = (_parsed_or_absent(place.file, content) for content in (merge_base, tip))
    try:
        after = ABSENT if head is None else parsed(place.file, head)
    except NotJudged as wrong:
        return FileChange(differs=True, differs_beyond=True, refused=wrong)
    differs = head is None or _typed(before) != _typed(after)
    if not differs:
        return UNCHANGED
    asset = refused = None
    try:
        asset = name_at(place.file, place.pointer, after)
    except NotJudged as wrong:
        refused = wrong
    if asset in (_text_at(before, place.pointer), _text_at(landed, place.pointer)):
        asset = None
    beyond = _typed(_without(before, place.pointer)) != _typed(_without(after, place.pointer))
    # where no name is left, whatever reads the file takes another asset than the one named elsewhere
    differs_beyond = beyond or refused is not None
    return FileChange(asset=asset, differs=True, differs_beyond=differs_beyond, refused=refused)


def no_file(file: str) -> FileChange:
    """Return the change of a variant file that is a link, a submodule or too large at the head.

    What a program reads there is not what is read here.
    """
    refused = NotJudged(
        f"no_variant: {file} is no regular file at the head", help="commit a regular file here"
    )
    return FileChange(differs=True, differs_beyond=True, refused=refused)


def named_variants(
    template: Template,
    change: FileChange,
    experiments: Mapping[str, Experiment],
    *,
    given: str | None,
) -> Mapping[str, str]:
    """Return place → asset, for every place in which a pull request names a variant.

    `experiments` are those that it adds or changes, by name; `given` is the input of the job.
    """
    found = {
        f".remyx/experiments/{name}.yaml": experiment.variant
        for name, experiment in experiments.items()
        if experiment.template == template.name
    }
    if change.asset is not None and template.variant_asset is not None:
        found[f"{template.variant_asset.file}#{template.variant_asset.pointer}"] = change.asset
    return found if given is None else {**found, "the input variant": given}


def choose_variant(template: Template, named: Mapping[str, str]) -> str:
    """Return the one asset that all places name. NotJudged `no_variant` where none does, or two differ."""
    if not named:
        place = template.variant_asset
        where = f"in {place.file} at {place.pointer or 'its root'}, or " if place else ""
        name_it = f"name it {where}in a file under .remyx/experiments/; a command line takes --variant ASSET"
        raise NotJudged(
            "no_variant: nothing names the variant to judge",
            help=judge_files(template) if template.runtime == "results" else name_it,
        )
    if len(set(named.values())) > 1:
        listed = ", ".join(f"{asset} ({place})" for place, asset in named.items())
        raise NotJudged(
            f"no_variant: several variants are named: {listed}",
            help="let every place that the change touches name the same asset",
        )
    return next(iter(named.values()))


def judge_files(template: Template) -> str:
    """Return how a template that runs nothing is tried, and judged."""
    return (
        f"try it on a file at hand: remyx-action read FILE --template {template.name}; "
        "judge the files that another job made: remyx-action judge --policy NAME --variant PATH"
    )


def choose_assets(template: Template, *, baseline: str | None, variant: str | None) -> Mapping[ArmName, str]:
    """Return the asset of each arm; `baseline` overrides the template's.

    NotJudged `no_variant` without a variant, `same_asset` where both are one; under `compare: commits`
    both arms have the same asset, which may be empty, and a variant is WrongUsage.
    """
    current = baseline if baseline is not None else template.baseline_asset
    if template.compare == "commits":
        if variant is not None:
            raise WrongUsage(
                f"template {template.name} compares commits, so it has no variant asset",
                help="name the commits with --base REF and --head REF",
            )
        return {"baseline": current or "", "variant": current or ""}
    if variant is None:
        choose_variant(template, {})
    if template.baseline == "recorded":
        return {"variant": variant or ""}
    if current is None:
        raise NotJudged(
            f"template {template.name} names no baseline_asset",
            help="add baseline_asset to the template, or pass --baseline ASSET",
        )
    if current == variant:
        raise NotJudged(
            f"same_asset: baseline and variant are both {current}",
            help="name another asset with --variant ASSET",
        )
    return {"baseline": current, "variant": variant or ""}


def asset_in(file: str, pointer: str, content: bytes | None) -> str:
    """Return the asset that a YAML or JSON file names. NotJudged `no_variant` where it names none."""
    return name_at(file, pointer, ABSENT if content is None else parsed(file, content))


def name_at(file: str, pointer: str, document: Any) -> str:
    """Return the asset at a pointer of a parsed file. NotJudged `no_variant` where there is none."""
    if document is ABSENT:
        raise NotJudged(f"no_variant: there is no {file}", help=ADVICE)
    found = _text_at(document, pointer)
    if found is None or not is_name(found):
        raise NotJudged(f"no_variant: {file} holds no name at {pointer or 'its root'}", help=ADVICE)
    return found


def is_name(text: str) -> bool:
    """Whether a text can name an asset: one line that is not blank, of at most 500 characters."""
    return bool(text.strip()) and len(text) <= 500 and re.match(LINE_PATTERN, text) is not None


def parsed(file: str, content: bytes) -> Any:
    """Return the document of a variant file, read strictly. NotJudged `no_variant` where it is wrong."""
    if file.endswith(".json"):
        try:
            return read_json(content)
        except NotStrictJson as error:
            raise NotJudged(f"no_variant: {file} is not strict JSON: {error}", help=ADVICE) from error
    document = load_yaml(content, file)
    if document.problems:
        first = document.problems[0]
        raise NotJudged(f"no_variant: {file}:{first.line}: {first.message}", help=first.help)
    return document.value


def _parsed_or_absent(file: str, content: bytes | None) -> Any:
    try:
        return ABSENT if content is None else parsed(file, content)
    except NotJudged:
        return ABSENT


def _text_at(document: Any, pointer: str) -> str | None:
    value = ABSENT if document is ABSENT else resolve(document, pointer)
    return value if isinstance(value, str) else None


def _without(document: Any, pointer: str) -> Any:
    """Return the document with nothing at the pointer; an absent one is taken for one that holds no more."""
    return _replaced(document, parts_of(pointer))


def _replaced(value: Any, parts: Sequence[str]) -> Any:
    if not parts:
        return None
    if value is ABSENT:
        return {parts[0]: _replaced(ABSENT, parts[1:])}
    if isinstance(value, dict) and parts[0] in value:
        return {**value, parts[0]: _replaced(value[parts[0]], parts[1:])}
    if isinstance(value, list) and parts[0].isdecimal() and int(parts[0]) < len(value):
        index = int(parts[0])
        return [*value[:index], _replaced(value[index], parts[1:]), *value[index + 1 :]]
    return value


def _typed(value: Any) -> Any:
    """Return the value so that only what is written alike is equal: not 1 and true, nor 1 and 1.0."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return type(value).__name__, str(value)
