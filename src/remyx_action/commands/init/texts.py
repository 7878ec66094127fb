"""Answers → the texts of metrics, template, policy and workflow, as a person would write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from .answers import Answers, MetricAnswer
from .conditions import check_condition

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
PLACEHOLDER = "0" * 40 + " # v0.1.0"
"""Where the packaged workflows name a release."""


def texts_of(answers: Answers) -> dict[str, str]:
    """Path below the project's root → text. WrongUsage where a condition cannot be one."""
    return {
        ".remyx/metrics.yaml": _joined(_metrics(answers)),
        f".remyx/templates/{answers.template}.yaml": _joined(_template(answers)),
        f".remyx/policies/{answers.policy}.yaml": _joined(_policy(answers)),
    }


def example_folder(name: str) -> Traversable:
    """Return a folder of the examples that come with the program."""
    folder = files("remyx_action").joinpath("examples", name)
    if not folder.is_dir():  # an editable installation reads them where they are edited
        folder = Path(__file__).parents[4] / "examples" / name
    return folder


def workflow_texts(
    *,
    policy: str,
    branch: str,
    action: str,
    in_shards: bool = False,
    folder: str = "",
    for_forks: bool = False,
) -> dict[str, str]:
    """Return the workflows that call the action's own, by their paths below the repository's root.

    `action`: the release that they call, `OWNER/NAME@COMMIT`; `policy`: "" is every one; `folder`: the
    project's below the root, "" is the root.
    """
    suffix = f"-{folder.replace('/', '-')}" if folder else ""
    names = ["remyx-shards" if in_shards else "remyx", *(["remyx-forks"] if for_forks else [])]
    check = f"remyx / {f'{folder} / ' if folder else ''}{policy or 'POLICY'} ({branch})"
    given = f"      policy: {scalar(policy)}\n" if policy else ""
    given += f"      working-directory: {scalar(folder)}\n" if folder else ""
    repository, _, commit = action.partition("@")
    texts = {}
    for name in names:
        text = example_folder("workflows/calls").joinpath(f"{name}.yml").read_text("utf-8")
        place = name.replace("remyx-shards", "remyx") + suffix
        texts[f".github/workflows/{place}.yml"] = (
            text.replace(PLACEHOLDER, f"{commit}")
            .replace("OWNER/remyx-action/", f"{repository}/")
            .replace("    with:\n      policy: default\n", f"    with:\n{given}" if given else "")
            .replace("`remyx / default (main)`", f"`{check}`")
            .replace("branches: [main]", f"branches: [{scalar(branch)}]")
            .replace("into main by the bar that main", f"into {branch} by the bar that {branch}")
            .replace("name: remyx\n", f"name: remyx{suffix}\n")
            .replace("[remyx]", f"[remyx{suffix}]")
            .replace("name: remyx for forks\n", f"name: remyx{suffix} for forks\n")
            .replace("Beside remyx.yml", f"Beside remyx{suffix}.yml")
        )
    return texts


def scalar(text: str) -> str:
    """A text as YAML, without quotes where it needs none."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def _joined(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def _head(kind: str) -> Iterator[str]:
    place = "schemas" if kind == "metrics" else "../schemas"
    yield f"# yaml-language-server: $schema={place}/{kind}.schema.json"
    yield "version: 1"


def _metrics(answers: Answers) -> Iterator[str]:
    yield from _head("metrics")
    yield "metrics:"
    for metric in answers.metrics:
        yield f"  - {_flow(_metric_keys(metric))}"


def _metric_keys(metric: MetricAnswer) -> Iterator[tuple[str, str]]:
    yield "key", metric.key
    if metric.label:
        yield "label", scalar(metric.label)
    if metric.unit:
        yield "unit", scalar(metric.unit)
    if metric.direction:
        yield "direction", metric.direction
    if metric.is_binary:
        yield "scores", "binary"
    if metric.baseline:
        yield "baseline", metric.baseline


def _template(answers: Answers) -> Iterator[str]:
    yield from _head("template")
    yield f"name: {scalar(answers.template)}"
    yield f"script: {scalar(answers.script)}"
    if answers.compare == "commits":
        yield "compare: commits"
    if answers.baseline_asset:
        yield f"baseline_asset: {scalar(answers.baseline_asset)}"
    if answers.variant_file:
        pair = (("file", scalar(answers.variant_file)), ("pointer", scalar(answers.variant_pointer)))
        yield f"variant_asset: {_flow(pair)}"
    yield f"metrics: [{', '.join(metric.key for metric in answers.metrics)}]"
    if answers.samples:
        yield f"samples: {answers.samples}"


def _policy(answers: Answers) -> Iterator[str]:
    yield from _head("policy")
    yield f"name: {scalar(answers.policy)}"
    yield f"template: {scalar(answers.template)}"
    yield from _rule("ship", "all", answers.ship, answers.metrics)
    if answers.reject:
        yield from _rule("reject", "any", answers.reject, answers.metrics)
        if answers.shares_floors:
            yield "  floors: shared"
    if answers.notes:
        yield f"notes: {json.dumps(answers.notes, ensure_ascii=False)}"


def _rule(role: str, gate: str, conditions: Sequence[str], metrics: Sequence[MetricAnswer]) -> Iterator[str]:
    yield f"{role}:"
    yield f"  {gate}:"
    for typed in conditions:
        yield f"    - {check_condition(typed, metrics)}"


def _flow(pairs: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
