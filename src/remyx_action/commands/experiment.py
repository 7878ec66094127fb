"""`experiment new`: writes an experiment file that `check` has nothing against."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from remyx_action.errors import FilesWrong, WrongUsage
from remyx_action.policy.lints.rule_errors import load_checked
from remyx_action.project.files.wording import did_you_mean, quoted
from remyx_action.project.models import Template
from remyx_action.project.models.field_types import NAME_PATTERN
from remyx_action.sources.disk import read_project, write_whole

from .init.texts import scalar


class NewExperiment(Struct, frozen=True, kw_only=True):
    """What the file shall say; an empty text is not known yet."""

    name: str
    template: str = ""
    variant: str = ""
    hypothesis: str = ""
    target_metric: str = ""
    tags: Sequence[str] = ()


def new(root: Path, wanted: NewExperiment, ask: Callable[[str], str] | None = None) -> str:
    """Write `.remyx/experiments/NAME.yaml`; return its path. `ask` is a person, where there is one.

    WrongUsage where something is missing, unknown or there already; nothing is written then.
    """
    if not re.match(NAME_PATTERN, wanted.name):
        raise WrongUsage(f"{quoted(wanted.name)} is no name", help="letters, digits, . _ and -, at most 64")
    path = f".remyx/experiments/{wanted.name}.yaml"
    if (root / path).exists():
        raise WrongUsage(f"there is {path} already", help="edit it, or choose another name")
    texts, unreadable = read_project(root)
    bundle = load_checked(texts)
    if unreadable or bundle.errors:
        raise FilesWrong(tuple(sorted((*unreadable, *bundle.problems))), texts)
    template = _template(wanted.template, list(bundle.templates))
    variant = wanted.variant or (ask("Variant: what is to be scored") if ask else "")
    _refuse_unfit(bundle.templates[template], variant.strip(), wanted.target_metric)
    hypothesis = wanted.hypothesis or (
        ask("Hypothesis: what is expected, and why (Enter: none)") if ask else ""
    )
    lines = {
        "version": "1",
        "name": scalar(wanted.name),
        "template": scalar(template),
        "variant": scalar(variant.strip()),
        "hypothesis": scalar(hypothesis.strip()) if hypothesis.strip() else "",
        "target_metric": wanted.target_metric,
        "tags": f"[{', '.join(map(scalar, wanted.tags))}]" if wanted.tags else "",
    }
    text = "# yaml-language-server: $schema=../schemas/experiment.schema.json\n"
    text += "".join(f"{key}: {value}\n" for key, value in lines.items() if value)
    _refuse_wrong({**texts, path: text.encode()}, path)
    write_whole(root / path, text)
    return path


def _template(named: str, templates: Sequence[str]) -> str:
    if named in templates:
        return named
    if named or len(templates) != 1:
        what = f"there is no template {quoted(named)}" if named else f"there are {len(templates)} templates"
        help_ = did_you_mean(named, templates, none="write one first: see `remyx-action init`")
        raise WrongUsage(what, help=help_ if named or not templates else f"--template: {help_}")
    return templates[0]


def _refuse_unfit(template: Template, variant: str, target_metric: str) -> None:
    """WrongUsage for a variant or a metric with which the template measures nothing."""
    if not variant:
        raise WrongUsage("nothing names the variant", help="add --variant ASSET")
    if variant == template.baseline_asset:
        raise WrongUsage(
            f"{quoted(variant)} is what {template.name} compares with", help="name another asset"
        )
    if target_metric and target_metric not in template.metrics:
        help_ = did_you_mean(target_metric, template.metrics, none="")
        raise WrongUsage(f"{template.name} measures no {quoted(target_metric)}", help=help_)


def _refuse_wrong(texts: Mapping[str, bytes], path: str) -> None:
    wrong = tuple(problem for problem in load_checked(texts).errors if problem.path == path)
    if wrong:
        raise FilesWrong(wrong, texts)
