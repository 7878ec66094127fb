"""`experiment new`: writes an experiment file that `check` has nothing against."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from remyx_action.errors import FilesWrong, WrongUsage
from remyx_action.policy.lints.errors import load_checked
from remyx_action.project.files.wording import did_you_mean, quoted
from remyx_action.project.models.fields import NAME_PATTERN
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
    if not variant.strip():
        raise WrongUsage("nothing names the variant", help="add --variant ASSET")
    hypothesis = wanted.hypothesis or (
        ask("Hypothesis: what is expected, and why (Enter: none)") if ask else ""
    )
    metrics = bundle.templates[template].metrics
    if wanted.target_metric and wanted.target_metric not in metrics:
        help_ = did_you_mean(wanted.target_metric, metrics, none="")
        raise WrongUsage(f"{template} measures no {quoted(wanted.target_metric)}", help=help_)
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
        raise WrongUsage(
            what, help=f"name it with --template: {did_you_mean(named, templates, none='none yet')}"
        )
    return templates[0]


def _refuse_wrong(texts: Mapping[str, bytes], path: str) -> None:
    wrong = tuple(problem for problem in load_checked(texts).errors if problem.path == path)
    if wrong:
        raise FilesWrong(wrong, texts)
