"""`read`: what is read of a result file that exists, and the `results:` block that reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.models import ResultsMap, Template
from remyx_action.project.models.metrics import BarMetric, measured_metrics
from remyx_action.readers import read_arm
from remyx_action.readers.files import ArmFiles
from remyx_action.readers.presets import presets
from remyx_action.readers.proposing import MapProposal, propose
from remyx_action.readers.samples import point_of
from remyx_action.readers.scores import ArmScores, Samples, Scores, Summary, Unusable
from remyx_action.sources.disk import ResultsFolder, open_run

from .output import Output
from .run.project import load_project

EXAMPLES = 3
NO_SCORES = "write a `results:` map by hand: docs/reference/files.md has its keys"


def read(root: Path, path: Path, *, template: str | None, preset: str | None) -> Output:
    """Return the metrics of a file, and the block to paste where no template reads it."""
    folder, file = open_run(path, below="results", beside="details")
    if template is not None:
        project = load_project(root)
        if template not in project.bundle.templates:
            raise WrongUsage(f"there is no template {template}", help="see .remyx/templates/")
        found = project.bundle.templates[template]
        with folder:
            scores = read_arm(found, measured_metrics(found, project.vocabulary), folder, file=file)
        return Output(formats={"text": lambda _: "".join(_metrics(scores))})
    if preset is not None and preset not in presets():
        raise WrongUsage(f"there is no preset {preset}", help=f"one of {', '.join(presets())}")
    if file is None:
        raise WrongUsage(f"{path} is a folder", help="name the file that has the scores")
    return _proposed(folder, file, preset)


def _proposed(folder: ResultsFolder, file: str, preset: str | None) -> Output:
    with folder:
        proposal = propose(ArmFiles(folder), file, preset)
        if proposal is None:
            raise NotJudged(f"{file} has no scores that a map could name", help=NO_SCORES)
        keys = list(proposal.names)
        names = {key: name for key, name in proposal.names.items() if key != name}
        map_ = proposal.map.model_copy(update={"names": names})
        metrics = {key: _metric(key) for key in keys}
        template = Template(version=1, name="read", runtime="results", metrics=keys, results=map_)
        scores = read_arm(template, metrics, folder)
    text = f"{file}: {_engine(proposal)}\n\n" + "".join(_metrics(scores)) + "\n" + block(map_)
    return Output(formats={"text": lambda _: text})


def _engine(proposal: MapProposal) -> str:
    if len(proposal.engines) == 1:
        return presets()[proposal.engines[0]].engine
    if proposal.engines:
        return f"could be of {' or '.join(proposal.engines)}: name one with --preset"
    return "of no engine that is known; read by its shape"


def _metric(key: str) -> BarMetric:
    return BarMetric(
        key=key, label=key, unit="", direction="higher", range=None, scores=None, aggregate=None,
        baseline=None, samples=None,
    )  # fmt: skip


def _metrics(scores: ArmScores) -> Iterator[str]:
    for key, found in scores.scores.items():
        yield f"{key}: {_said(found)}\n"
        if isinstance(found, Samples):
            first = list(zip(found.ids, found.scores, strict=True))[:EXAMPLES]
            yield f"  for example {', '.join(f'{json.dumps(id_)} {score}' for id_, score in first)}\n"
    for warning in scores.warnings:
        yield f"warning: {warning}\n"


def _said(found: Scores) -> str:
    if isinstance(found, Samples):
        ids = len(set(found.ids))
        parts = [f"mean {float(point_of(found, None)):.6g} of {ids:,} ids" if ids else "no scores"]
        parts += [f"{len(found.ids):,} rows"] if found.repeats is not None else []
        parts += [f"{len(set(found.clusters)):,} clusters"] if found.clusters is not None else []
        parts += [f"{len(found.missing):,} without a score"] if found.missing else []
        return ", ".join(parts)
    if isinstance(found, Summary):
        known = {"n": found.n, "standard error": found.stderr}
        given = [f"{name} {value}" for name, value in known.items() if value is not None]
        return ", ".join([f"value {found.value}, without samples", *given])
    return found.message if isinstance(found, Unusable) else str(found.value)


def block(map_: ResultsMap) -> str:
    """The `results:` of a template, as YAML."""
    keys: Mapping[str, Any] = map_.model_dump(exclude_none=True, exclude_unset=True)
    lines = [f"  {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items() if value]
    return "results:\n" + "\n".join(lines) + "\n"
