"""`read`: what is read of a result file that exists, and the `results:` block that reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.project.models import ResultsMap, Template
from remyx_action.project.models.metrics import measured_metrics, unknown_metric
from remyx_action.readers import read_arm
from remyx_action.readers.arm_files import MOST_NAMED, ArmFiles, format_of
from remyx_action.readers.opening import BY_ENDING
from remyx_action.readers.presets import CODE, engine_of, presets
from remyx_action.readers.proposing import MapProposal, propose, propose_all, without_scores
from remyx_action.readers.samples import REPEATED, point_of
from remyx_action.readers.scores import ArmScores, Samples, Scores, Summary, Unusable
from remyx_action.sources.disk import ResultsFolder, open_run

from .output import Output
from .run.project import load_project

EXAMPLES = 3
NO_SCORES = (
    "a score is a number with a decimal point and without % (0.83, not 0,83 or 83%), and in rows also true "
    "or false or a word that `grades` lists: where the file has one, write a `results:` map "
    "(docs/reference/files.md); else have results.json written (docs/guide/writing-a-harness.md)"
)
NUMBER_THEM = (
    "name what tells the rows of one id apart: `repeat: /KEY` where they are repetitions, "
    "`where: {/KEY: …}` where only some of them count, or a list of pointers as `id`"
)


def read(root: Path, path: Path, *, template: str | None, preset: str | None) -> Output:
    """Return the metrics of a file or folder, and the block to paste where no template reads it."""
    folder, file = open_run(path, below="results", beside="details")
    if template is not None:
        project = load_project(root)
        if template not in project.bundle.templates:
            raise WrongUsage(f"there is no template {template}", help="see .remyx/templates/")
        found = project.bundle.templates[template]
        with folder:
            scores = read_arm(found, measured_metrics(found, project.vocabulary), folder, file=file)
        return _output(scores, ())
    known = sorted({*presets(), *CODE})
    if preset is not None and preset not in known:
        raise WrongUsage(f"there is no preset {preset}", help=f"one of {', '.join(known)}")
    with folder:
        return _proposed(folder, path, file, preset)


def _proposed(folder: ResultsFolder, path: Path, file: str | None, preset: str | None) -> Output:
    if file is None:
        proposals = propose_all(ArmFiles(folder), preset)
    else:
        proposal = propose(ArmFiles(folder), file, preset)
        proposals = [proposal] if proposal is not None else []
    if not proposals:
        there = _there(folder, file)
        is_readable = file is not None or any(map(format_of, folder.names()))
        advice = NO_SCORES if is_readable else BY_ENDING
        raise NotJudged(f"{file or path} has no scores that a map could name; {there}", help=advice)
    several = len(proposals) > 1
    maps = [
        one.map.model_copy(update={"metrics": list(one.names)}) if several else one.map for one in proposals
    ]
    metrics = {key: unknown_metric(key) for one in proposals for key in one.names}
    template = Template(
        version=1, name="read", runtime="results", metrics=list(metrics), results=maps if several else maps[0]
    )
    scores = read_arm(template, metrics, folder, file=file)
    return _output(scores, proposals, maps)


def _there(folder: ResultsFolder, file: str | None) -> str:
    """What a file or a folder without scores holds."""
    if file is not None:
        return without_scores(ArmFiles(folder), file)
    names = folder.names()
    readable = [name for name in names if format_of(name)]
    if len(readable) == 1:
        with suppress(NotJudged):
            return f"{readable[0]}: {without_scores(ArmFiles(folder), readable[0])}"
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return f"it holds {', '.join(names[:MOST_NAMED])}{more}" if names else "it holds no files"


def _output(scores: ArmScores, proposals: Sequence[MapProposal], maps: Sequence[ResultsMap] = ()) -> Output:
    head = "".join(f"{one.file}: {_engine(one)}\n" for one in proposals)
    text = "\n".join(filter(None, [head, "".join(_metrics(scores)), block(maps) if maps else ""]))
    return Output(formats={"text": lambda _: text, "json": lambda _: _as_json(scores, proposals, maps)})


def _as_json(scores: ArmScores, proposals: Sequence[MapProposal], maps: Sequence[ResultsMap]) -> str:
    pasted = [_plain(map_) for map_ in maps]
    found = {
        "files": [{"file": one.file, "engine": _engine(one)} for one in proposals],
        "metrics": {key: _numbers(one) for key, one in scores.scores.items()},
        "warnings": list(scores.warnings),
        "results": pasted[0] if len(pasted) == 1 else pasted or None,
    }
    return json.dumps(found, indent=2, ensure_ascii=False, default=_number) + "\n"


def _numbers(found: Scores) -> dict[str, Any]:
    if isinstance(found, Samples):
        mean = float(point_of(found, None)) if found.ids else None
        clusters = len(set(found.clusters)) if found.clusters is not None else None
        first = [
            {"id": id_, "score": score}
            for id_, score in zip(found.ids[:EXAMPLES], found.scores, strict=False)
        ]
        return {
            "mean": mean, "ids": len(set(found.ids)), "rows": len(found.ids), "clusters": clusters,
            "missing": len(found.missing), "first": first,
        }  # fmt: skip
    if isinstance(found, Summary):
        stderr = None if found.stderr is None else float(found.stderr)
        return {"value": float(found.value), "n": found.n, "stderr": stderr, "clusters": found.clusters}
    return {"reason": found.message} if isinstance(found, Unusable) else {"value": float(found.value)}


def _engine(proposal: MapProposal) -> str:
    if len(proposal.engines) == 1:
        return engine_of(proposal.engines[0])
    if proposal.engines:
        return f"could be of {' or '.join(proposal.engines)}: name one with --preset"
    return "of no engine that is known; read by its shape"


def _metrics(scores: ArmScores) -> Iterator[str]:
    for key, found in scores.scores.items():
        yield f"{key}: {_said(found)}\n"
        if isinstance(found, Samples):
            first = list(zip(found.ids, found.scores, strict=True))[:EXAMPLES]
            yield f"  for example {', '.join(f'{json.dumps(id_)} {score}' for id_, score in first)}\n"
    if any(isinstance(one, Unusable) and one.message.startswith(REPEATED) for one in scores.scores.values()):
        yield f"help: {NUMBER_THEM}\n"
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
        known = {"n": found.n, "standard error": found.stderr, "clusters": found.clusters}
        given = [f"{name} {value}" for name, value in known.items() if value is not None]
        return ", ".join([f"value {found.value}, without samples", *given])
    return found.message if isinstance(found, Unusable) else str(found.value)


def block(maps: Sequence[ResultsMap]) -> str:
    """The `results:` of a template, as YAML."""
    if len(maps) == 1:
        keys = _plain(maps[0])
        return "results:\n" + "".join(f"  {key}: {_flow(value)}\n" for key, value in keys.items())
    return "results:\n" + "".join(f"  - {_flow(_plain(map_))}\n" for map_ in maps)


def _plain(map_: ResultsMap) -> dict[str, Any]:
    keys: dict[str, Any] = map_.model_dump(exclude_none=True, exclude_unset=True)
    return {key: value for key, value in keys.items() if value not in ({}, [])}


def _flow(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_number)


def _number(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)
