"""`check`: every file under `.remyx/` → every problem, and the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from posixpath import join

from msgspec.structs import replace

from remyx_action.errors import Exit, Problem, Severity
from remyx_action.github.workflow import annotation
from remyx_action.policy.lints.errors import load_checked
from remyx_action.policy.lints.templates import missing_files
from remyx_action.policy.lints.warnings import warnings_of
from remyx_action.project.files.pointer import json_path
from remyx_action.project.files.wording import shown_as
from remyx_action.project.load import Bundle
from remyx_action.project.models import Template
from remyx_action.project.path_patterns import WrongPatternError, pattern_of
from remyx_action.project.protected import not_lockable, protected_paths
from remyx_action.project.secret_names import secrets_in_env, with_secrets_moved
from remyx_action.report.render.problems import (
    counted,
    problems_as_json,
    problems_as_sarif,
    problems_as_text,
)
from remyx_action.sources.disk import files_below, read_below, read_project, write_whole
from remyx_action.sources.git import Repository, find_repository

from .output import Output
from .planned_samples import planned_samples
from .results_at_hand import maps_that_read_nothing
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
            "text": lambda screen: _as_text(problems, texts, power, colour=screen.colour),
            "json": lambda _: problems_as_json(problems, power=power),
            "github": lambda _: "".join(_as_annotation(problem) for problem in moved),
            "sarif": lambda _: problems_as_sarif(moved),
        },
    )


def _as_text(
    problems: tuple[Problem, ...], texts: Mapping[str, bytes], power: Sequence[str], *, colour: bool
) -> str:
    files = f"{len(texts)} file{'' if len(texts) == 1 else 's'}"
    summary = "".join(f"{line}\n" for line in (f"{counted(problems)} in {files}", *power))
    drawn = problems_as_text(problems, texts, colour=colour)
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
