"""Answers → the texts of metrics, template, policy and workflow, as a person would write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from remyx_action.commands.read import block
from remyx_action.project.files.pointer import parts_of
from remyx_action.project.models.results_map import ResultsMap

from .answers import Answers, MetricAnswer, check_condition

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def texts_of(answers: Answers, *, metrics: Sequence[MetricAnswer] | None = None) -> dict[str, str]:
    """Return path below the project's root → text. WrongUsage where a condition cannot be one.

    `metrics`: those of the template, in place of the answers' own.
    """
    known = replace(answers, metrics=tuple(metrics)) if metrics is not None else answers
    vocabulary = {".remyx/metrics.yaml": _joined(_metrics(known.metrics))}
    return {
        **({} if known.task else vocabulary),
        f".remyx/templates/{known.template}.yaml": _joined(_template(known)),
        f".remyx/policies/{known.policy}.yaml": _joined(_policy(known)),
    }


def with_metrics(text: str, metrics: Sequence[MetricAnswer]) -> str:
    """Return the text of a metrics.yaml with more metrics at its end, as one that ends with its list is."""
    return _joined(iter([*text.rstrip().splitlines(), *map(_metric, metrics)])) if metrics else text


def variant_text(file: str, pointer: str, asset: str) -> str:
    """Return a new variant file that names the asset."""
    value: Any = asset
    for key in reversed(parts_of(pointer)):
        value = {key: value}
    if file.endswith(".json"):
        return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    lines, depth = [], 0
    while isinstance(value, dict):
        [(key, value)] = value.items()
        lines.append(
            f"{'  ' * depth}{scalar(key)}:" + ("" if isinstance(value, dict) else f" {scalar(value)}")
        )
        depth += 1
    return "\n".join(lines) + "\n"


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


def _metrics(metrics: Sequence[MetricAnswer]) -> Iterator[str]:
    yield from _head("metrics")
    yield "metrics:"
    yield from map(_metric, metrics)


def _metric(metric: MetricAnswer) -> str:
    return f"  - {_flow(_metric_keys(metric))}"


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
    if answers.runtime != "custom":
        yield f"runtime: {answers.runtime}"
    if answers.task:
        yield f"task: {scalar(answers.task)}"
        yield "model: {backend: accelerate}"
    if answers.script:
        yield f"script: {scalar(answers.script)}"
    yield from _started(answers)
    keys = [metric.key for metric in answers.metrics]
    yield f"metrics: {'auto' if answers.task else _list(keys)}"
    if answers.samples:
        yield f"samples: {answers.samples}"
    if answers.contents is not None and answers.contents.maps:
        yield block(list(_maps(answers))).rstrip("\n")


def _maps(answers: Answers) -> Iterator[ResultsMap]:
    """The maps of what was reported, with the metrics that were asked for."""
    keys = [metric.key for metric in answers.metrics]
    assert answers.contents is not None
    for map_ in answers.contents.maps:
        names = {key: name for key, name in map_.names.items() if key in keys}
        metrics = None if map_.metrics is None else [key for key in map_.metrics if key in keys]
        score = map_.score
        if isinstance(score, dict):
            score = {key: pointer for key, pointer in score.items() if key in keys}
        if metrics != [] and score != {}:
            yield map_.model_copy(update={"names": names, "metrics": metrics, "score": score})


def _started(answers: Answers) -> Iterator[str]:
    """How the script is started, which files decide, and the variables that it gets."""
    if answers.command:
        yield f"command: {_list(answers.command)}"
    if answers.container is not None:
        yield "container:"
        for key, value in answers.container.model_dump(mode="json", exclude_defaults=True).items():
            yield f"  {key}: {json.dumps(value, ensure_ascii=False)}"
    if answers.harness:
        yield f"harness: {_list(answers.harness)}"
    if answers.is_patched:
        keys = {dotted(answers.variant_pointer): "{asset}"}
        keys |= {answers.patched_output: "{output_dir}"} if answers.patched_output else {}
        yield "patch:"
        yield f"  - file: {scalar(answers.variant_file)}"
        yield f"    set: {json.dumps(keys, ensure_ascii=False)}"
    if answers.compare == "commits":
        yield "compare: commits"
    if answers.baseline_asset:
        yield f"baseline_asset: {scalar(answers.baseline_asset)}"
    if answers.variant_file:
        pair = (("file", scalar(answers.variant_file)), ("pointer", scalar(answers.variant_pointer)))
        yield f"variant_asset: {_flow(pair)}"


def dotted(pointer: str) -> str:
    """Return a pointer as keys joined by dots."""
    return ".".join(parts_of(pointer))


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(map(scalar, words))}]"


def _policy(answers: Answers) -> Iterator[str]:
    yield from _head("policy")
    yield f"name: {scalar(answers.policy)}"
    yield f"template: {scalar(answers.template)}"
    yield from _rule("ship", "all", answers.ship, answers.metrics)
    if answers.reject:
        yield from _rule("reject", "any", answers.reject, answers.metrics)
        if any(" at " in line for line in answers.reject):
            yield "  floors: shared"
    if answers.looks != "counted":
        yield f"looks: {answers.looks}"


def _rule(role: str, gate: str, conditions: Sequence[str], metrics: Sequence[MetricAnswer]) -> Iterator[str]:
    yield f"{role}:"
    yield f"  {gate}:"
    for typed in conditions:
        yield f"    - {check_condition(typed, metrics)}"


def _flow(pairs: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"


PLACEHOLDER = "0" * 40 + " # v0.1.0"
"""Where the packaged workflows name a release."""


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
    recorded: bool = False,
) -> dict[str, str]:
    """Return the workflows that call the action's own, by their paths below the repository's root.

    `action`: the release that they call, `OWNER/NAME@COMMIT`; `policy`: "" is every one; `folder`: the
    project's below the root, "" is the root; `recorded`: each verdict goes onto a branch, too.
    """
    suffix = f"-{folder.replace('/', '-')}" if folder else ""
    names = ["remyx-shards" if in_shards else "remyx", *(["remyx-forks"] if for_forks else [])]
    check = f"remyx / {f'{folder} / ' if folder else ''}{policy or 'POLICY'} ({branch})"
    given = f"      policy: {scalar(policy)}\n" if policy else ""
    given += f"      working-directory: {scalar(folder)}\n" if folder else ""
    repository, _, commit = action.partition("@")
    texts = {}
    for name in names:
        text = _example(name) + (_RECORDING + _example("remyx-recorded").partition(_RECORDING)[2]) * recorded
        place = name.replace("remyx-shards", "remyx") + suffix
        texts[f".github/workflows/{place}.yml"] = (
            text.replace(PLACEHOLDER, f"{commit}")
            .replace("OWNER/remyx-action/", f"{repository}/")
            .replace("    with:\n      policy: default\n", f"    with:\n{given}" if given else "")
            .replace("      policy: default\n", given)
            .replace("`remyx / default (main)`", f"`{check}`")
            .replace("branches: [main]", f"branches: [{scalar(branch)}]")
            .replace("into main by the bar that main", f"into {branch} by the bar that {branch}")
            .replace("name: remyx\n", f"name: remyx{suffix}\n")
            .replace("[remyx]", f"[remyx{suffix}]")
            .replace("name: remyx for forks\n", f"name: remyx{suffix} for forks\n")
            .replace("Beside remyx.yml", f"Beside remyx{suffix}.yml")
        )
    return texts


_RECORDING = "\n  # Runs no code of the pull request."
"""Begins the job that records, in the example that has it."""


def _example(name: str) -> str:
    return example_folder("workflows/calls").joinpath(f"{name}.yml").read_text("utf-8")
