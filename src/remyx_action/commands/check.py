"""`check`: every file under `.remyx/` → every problem, the maps tried on results at hand, the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from posixpath import join

from msgspec.structs import replace

from remyx_action.errors import Exit, NotJudged, Problem, Severity
from remyx_action.github.workflow import annotation
from remyx_action.policy.lints.rule_errors import load_checked
from remyx_action.policy.lints.templates import missing_files
from remyx_action.policy.lints.warnings import warnings_of
from remyx_action.project.files.pointer import json_path
from remyx_action.project.files.wording import shown_as
from remyx_action.project.load import Bundle
from remyx_action.project.models import Template
from remyx_action.project.models.metrics import BarMetric, measured_metrics
from remyx_action.project.models.results_map import maps_of
from remyx_action.project.path_patterns import WrongPatternError, pattern_of
from remyx_action.project.protected import not_lockable, protected_paths
from remyx_action.project.secret_names import secrets_in_env, with_secrets_moved
from remyx_action.readers import BrokenResults, read_arm
from remyx_action.readers.arm_files import ArmFiles, fits, format_of, shown
from remyx_action.readers.entry import Contradiction, Entry, scored
from remyx_action.readers.foreign import keys_by_map, read_one_map
from remyx_action.readers.presets import CODE, EngineMap, merged
from remyx_action.readers.proposing import propose
from remyx_action.readers.scores import Unusable
from remyx_action.report.render.problems import (
    counted,
    problems_as_json,
    problems_as_sarif,
    problems_as_text,
)
from remyx_action.sources.disk import (
    ResultsFolder,
    files_below,
    open_run,
    read_below,
    read_project,
    write_whole,
)
from remyx_action.sources.disk.parquet import reads_parquet
from remyx_action.sources.git import Repository, find_repository

from .output import Output, Screen, filled
from .planned_samples import planned_samples
from .schema import schema_texts, write_schemas

SCHEMAS = ".remyx/schemas/"
"""Where `init` writes the schemas for editors."""


class Checked(Output, frozen=True, kw_only=True):
    """SHIP (0) where every file holds, FILES_WRONG (3) where one does not; warnings never change it."""

    problems: tuple[Problem, ...]
    """Sorted by file and place."""


def check_project(root: Path) -> Checked:
    """Check the project in the working tree at `root`, its Dockerfiles, and what `lock` would refuse."""
    texts, unreadable = read_project(root)
    dockerfiles, scripts, bundle = {}, {}, load_checked(texts)
    for template in bundle.templates.values():
        script = read_below(root, template.script) if template.script else None
        if template.script and script is not None:
            scripts[template.script] = script
        path = f"{(template.script or '').rstrip('/')}/Dockerfile"
        dockerfile = read_below(root, path) if template.script else None
        if dockerfile is not None:
            dockerfiles[path] = dockerfile
    repository = find_repository(root)
    refused = _refused_by_lock(repository, bundle.templates.values()) if repository else ()
    unread = maps_that_read_nothing(bundle, root, _tracked(repository) if repository else ())
    return check(
        {**texts, **dockerfiles},
        unreadable=(*unreadable, *refused, *unread, *_stale_schemas(bundle, texts)),
        project_folder=repository.prefix if repository else "",
        files=files_below(root) if bundle.templates else (),
        scripts=scripts,
        planned=planned_samples(root, bundle),
    )


def _tracked(repository: Repository) -> Iterator[str]:
    """Yield the paths of tracked files below the project's root."""
    for path, _ in repository.tracked():
        if path.startswith(repository.prefix):
            yield path.removeprefix(repository.prefix)


def _stale_schemas(bundle: Bundle, texts: Mapping[str, bytes]) -> Iterator[Problem]:
    """Yield a warning where the schemas for editors are not those of this project as it is now."""
    there = [path for path in texts if path.startswith(SCHEMAS)]
    if not there or bundle.errors:
        return
    wanted = {f"{SCHEMAS}{name}": text.encode() for name, text in schema_texts(bundle).items()}
    stale = [path for path in there if path in wanted and texts[path] != wanted[path]]
    if stale:
        yield Problem(
            path=stale[0],
            line=1,
            column=1,
            pointer="",
            code="stale-schemas",
            severity=Severity.WARNING,
            message=f"{len(stale)} of {len(there)} schemas for editors do not know this project as it is now",
            help="`remyx-action check --fix` writes them anew",
        )


def fix_project(root: Path) -> tuple[str, ...]:
    """Move names that look like secrets from `env` to `secrets`, and write stale schemas for editors anew.

    Returns messages on what was done and not.
    """
    texts, _ = read_project(root)
    bundle = load_checked(texts)
    changes = []
    for path in sorted({problem.path for problem in secrets_in_env(bundle)}):
        fixed = with_secrets_moved(texts[path].decode())
        if fixed is None:
            changes.append(f"{path}: its list has comments: move the names by hand")
        else:
            write_whole(root / path, fixed)
            changes.append(f"{path}: secrets moved from `env` to `secrets`")
    texts, _ = read_project(root)
    bundle = load_checked(texts)
    if any(_stale_schemas(bundle, texts)):
        write_schemas(root / SCHEMAS, project=bundle)
        changes.append(f"{SCHEMAS}: schemas for editors written anew")
    return tuple(changes)


def _refused_by_lock(repository: Repository, templates: Iterable[Template]) -> Iterator[Problem]:
    """Yield as warnings what `lock` would refuse of the files that are tracked."""
    entries = repository.tracked()
    for template in templates:
        try:
            patterns = [pattern_of(path) for path in protected_paths(template, root=repository.prefix)]
        except WrongPatternError as error:
            yield Problem(
                path=f".remyx/templates/{template.name}.yaml",
                line=1,
                column=1,
                pointer="",
                code="not-lockable",
                severity=Severity.WARNING,
                message=f"`lock` refuses it: {error}",
                help="rename the file, or name its folder in `harness`",
            )
            continue
        for problem in not_lockable(patterns, entries):
            yield replace(problem, path=repository.relative(problem.path), severity=Severity.WARNING)


def check(
    texts: Mapping[str, bytes],
    *,
    unreadable: tuple[Problem, ...] = (),
    project_folder: str = "",
    files: Sequence[str] | None = None,
    scripts: Mapping[str, bytes] | None = None,
    planned: Sequence[str] = (),
) -> Checked:
    """Check `texts`, path below the project's root → bytes; `unreadable`: what could not be read.

    `project_folder` is the project's root below the repository's, for what GitHub reads. Where `texts`
    holds a template's Dockerfile, what it copies is looked at as well. `files`: every file below the
    project's root, where that is known: what a template names must be among them. `scripts`: what the
    templates' scripts say, by their paths. `planned`: a sentence about each policy, where no file is wrong.
    """
    bundle = load_checked(texts)
    found = {
        *unreadable,
        *bundle.problems,
        *warnings_of(bundle, {**(scripts or {}), **texts}, files or ()),
        *secrets_in_env(bundle),
        *(missing_files(bundle, files) if files is not None else ()),
    }
    problems = tuple(sorted(found))
    moved = [replace(problem, path=join(project_folder, problem.path)) for problem in problems]
    wrong = any(problem.severity is Severity.ERROR for problem in problems)
    power = () if wrong else planned
    return Checked(
        problems=problems,
        exit=Exit.FILES_WRONG if wrong else Exit.SHIP,
        formats={
            "text": lambda screen: _as_text(problems, texts, power, screen),
            "json": lambda _: problems_as_json(problems, power=power),
            "github": lambda _: "".join(_as_annotation(problem) for problem in moved),
            "sarif": lambda _: problems_as_sarif(moved),
        },
    )


def _as_text(
    problems: tuple[Problem, ...], texts: Mapping[str, bytes], power: Sequence[str], screen: Screen
) -> str:
    files = f"{len(texts)} file{'' if len(texts) == 1 else 's'}"
    sentences = [filled(line, screen) for line in power]
    summary = "".join(f"{line}\n" for line in (f"{counted(problems)} in {files}", *sentences))
    drawn = problems_as_text(problems, texts, colour=screen.colour)
    return f"{drawn}\n{summary}" if drawn else summary


def _as_annotation(problem: Problem) -> str:
    """One line with a workflow command, which GitHub shows at the place."""
    command = annotation(
        problem.severity.value,
        f"{shown_as(problem.message)}\nhelp: {shown_as(problem.help)}",
        title=f"{problem.code} at {json_path(problem.pointer)}",
        path=shown_as(problem.path),
        line=problem.line,
        column=problem.column,
    )
    return f"{command}\n"


CAP_BYTES = 16 * 1024 * 1024
MOST_TRIED = 8
"""Files of one map; a repository may hold a thousand."""
LAST_RUN = ".remyx-out/arms"
RUNS = "**/results_*.json"
"""Where lighteval leaves a run."""
READ_IT = "`remyx-action read FILE` shows what is in it, and a map that reads it"


def maps_that_read_nothing(bundle: Bundle, root: Path, tracked: Iterable[str]) -> Iterator[Problem]:
    """Yield a warning for each map that reads none of the files that fit it.

    `tracked`: paths below `root`. Files of the last run are tried too, where there are some.
    """
    if bundle.metrics is None:
        return
    at_hand = [*tracked, *_of_last_run(root)]
    for name, template in bundle.templates.items():
        path = f".remyx/templates/{name}.yaml"
        if any(problem.path in (path, ".remyx/metrics.yaml") for problem in bundle.errors):
            continue
        metrics = measured_metrics(template, bundle.metrics)
        for place, map_, keys in _maps(template):
            failure = _failure(root, map_, keys, metrics, at_hand)
            if failure:
                yield _warning(bundle, path, place, failure)
        if any(map_.preset in CODE for map_ in maps_of(template.results)):
            failure = _failure_of_runs(root, template, metrics, at_hand)
            if failure:
                yield _warning(bundle, path, "/results", failure)


def _of_last_run(root: Path) -> list[str]:
    folder = root / LAST_RUN
    try:
        return [f"{LAST_RUN}/{name}" for name in ResultsFolder(folder).names()] if folder.is_dir() else []
    except NotJudged:
        return []


def _maps(template: Template) -> Iterator[tuple[str, EngineMap, list[str]]]:
    maps = maps_of(template.results)
    merged_maps = [merged(map_) for map_ in maps if map_.preset not in CODE]
    for index, (map_, keys) in enumerate(keys_by_map(merged_maps, template.metrics)):
        yield f"/results/{index}" if isinstance(template.results, list) else "/results", map_, keys


def _failure(
    root: Path,
    map_: EngineMap,
    keys: Sequence[str],
    metrics: Mapping[str, BarMetric],
    at_hand: Iterable[str],
) -> str | None:
    """Why the first of the files that fit is not read; None where one of them is, or none fits."""
    first: str | None = None
    fitting = [path for path in at_hand if map_.file and fits(f"**/{map_.file.removeprefix('**/')}", path)]
    formats = {"json", "jsonl", "csv"} | ({"parquet"} if reads_parquet() else set())
    for path in [path for path in fitting if format_of(path) in formats][:MOST_TRIED]:
        failure = _tried(root, path, map_, keys, metrics)
        if failure is None:
            return None
        first = first or f"{shown(path)} fits `file`, and is not read: {failure}"
    return first


def _failure_of_runs(
    root: Path, template: Template, metrics: Mapping[str, BarMetric], at_hand: Iterable[str]
) -> str | None:
    """The same of runs of lighteval, whose files lie in several folders."""
    first: str | None = None
    for path in [path for path in at_hand if fits(RUNS, path)][:MOST_TRIED]:
        try:
            folder, file = open_run(root / path, below="results", beside="details")
            with folder:
                found = propose(ArmFiles(folder), file) if file is not None else None
                if found is None or found.map.preset not in CODE:
                    continue
                scores = read_arm(template, metrics, folder, file=file).scores
        except NotJudged as broken:
            failure = broken.message.partition("\n")[0]
        else:
            unusable = [f"{key}: {one.message}" for key, one in scores.items() if isinstance(one, Unusable)]
            if not unusable:
                return None
            failure = unusable[0]
        first = first or f"{shown(path)} looks like a run of lighteval, and is not read: {failure}"
    return first


def _tried(
    root: Path, path: str, map_: EngineMap, keys: Sequence[str], metrics: Mapping[str, BarMetric]
) -> str | None:
    place = root / path
    try:
        with ResultsFolder(place.parent, cap_bytes=CAP_BYTES, deepest=0) as folder:
            _, reading = read_one_map(ArmFiles(folder, cap_bytes=CAP_BYTES), map_, keys, metrics, place.name)
    except (BrokenResults, NotJudged) as broken:
        return broken.message.partition("\n")[0]
    found = {key: _fault(entry, metrics[key]) for key, entry in reading.entries.items()}
    faults = [f"{key}: {fault}" for key, fault in found.items() if fault]
    absent = [key for key in keys if key not in reading.entries]
    if not faults and not absent:
        return None
    return next(iter([*faults, *reading.warnings]), f"it has no {', '.join(absent)}")


def _fault(entry: Entry, metric: BarMetric) -> str | None:
    """Why the entry has no score that counts."""
    try:
        scores = scored(entry, metric).scores
    except Contradiction as contradiction:
        return str(contradiction)
    return scores.message if isinstance(scores, Unusable) else None


def _warning(bundle: Bundle, path: str, pointer: str, message: str) -> Problem:
    place = bundle.places.get(path, {}).get(pointer)
    return Problem(
        path=path,
        line=place.line if place else 1,
        column=place.column if place else 1,
        pointer=pointer,
        code="map-reads-nothing",
        severity=Severity.WARNING,
        message=message,
        help=READ_IT,
    )
