"""The texts that `init` would write: found out, checked, shown, and written whole or not at all."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from remyx_action.commands.schema import as_text
from remyx_action.errors import FilesWrong, WrongUsage
from remyx_action.policy.lints.errors import load_checked
from remyx_action.project.codeowners import CAP_BYTES, LOCATIONS, is_owner, with_block
from remyx_action.project.files.wording import did_you_mean
from remyx_action.project.load import Bundle
from remyx_action.project.protected import protected_paths
from remyx_action.report.schemas import project_schemas, schemas
from remyx_action.sources.disk import read_below, write_whole
from remyx_action.sources.disk.project import PASSED_OVER
from remyx_action.sources.git import find_repository

from . import Answers, Found, example_folder, find_in, texts_of, workflow_texts
from .finding import LARGEST_RESULT_BYTES, is_result
from .origin import origin

NEWLINE = "\n"
NO_RELEASE = (
    "no .github/workflows/remyx.yml was written: which release of this program shall judge is not known; "
    "name it with --action OWNER/NAME@COMMIT"
)
MOST_FILES = 20_000
EXAMPLES = {"digits": "digits-classifier"}
"""Name → folder of the examples that come with the program."""


class Draft(Struct, frozen=True, kw_only=True):
    """What would be written."""

    texts: Mapping[str, str]
    """Path below the project's root (a workflow and CODEOWNERS: the repository's) → text."""
    for_editors: Mapping[str, str]
    """JSON Schemas that know this project."""
    notes: tuple[str, ...] = ()
    """What the person should know."""


def survey(root: Path) -> Found:
    """What the repository shows of its evaluation."""
    paths: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER and not name.startswith("."))
        place = Path(folder).relative_to(root)
        paths += [(place / name).as_posix() for name in sorted(names)]
        if len(paths) > MOST_FILES:
            break
    contents = {
        path: content
        for path in paths[:MOST_FILES]
        if is_result(path) and (content := read_below(root, path, cap_bytes=LARGEST_RESULT_BYTES)) is not None
    }
    return find_in(paths[:MOST_FILES], contents)


def draft(
    root: Path,
    answers: Answers,
    owners: Sequence[str],
    *,
    ready: Mapping[str, str] | None = None,
    for_forks: bool = False,
) -> Draft:
    """Every text, checked as `check` would; FilesWrong where the answers make no valid files."""
    wrong = [owner for owner in owners if not is_owner(owner)]
    if wrong:
        raise WrongUsage(f"{wrong[0]!r} is no owner", help="write @user, @org/team or an address")
    of_project = dict(ready or texts_of(answers))
    bundle = load_checked({path: text.encode() for path, text in of_project.items()})
    if bundle.errors:
        raise FilesWrong(bundle.errors, {path: text.encode() for path, text in of_project.items()})
    of_repository: dict[str, str] = {}
    notes: list[str] = []
    action = answers.action or origin(os.environ)
    if action is None:
        notes.append(NO_RELEASE)
    else:
        of_repository |= _workflows(root, bundle, answers, action, for_forks=for_forks)
    if owners:
        location, text, prefix = _codeowners(root)
        every = [path for one in bundle.templates.values() for path in protected_paths(one, root=prefix)]
        of_repository[location] = with_block(text, dict.fromkeys(every), owners, root=prefix)
    template = next(iter(bundle.templates.values()))
    if template.program not in of_project and not (root / template.program).exists():
        notes.append(
            f"there is no {template.program} yet: a program that scores the version in REMYX_ASSET and "
            "writes results.json into REMYX_OUTPUT_DIR"
        )
    known = {name: as_text(schema) for name, schema in {**schemas(), **project_schemas(bundle)}.items()}
    return Draft(
        texts={**of_project, **{_at_top(root, path): text for path, text in of_repository.items()}},
        for_editors={f".remyx/schemas/{name}": text for name, text in known.items()},
        notes=tuple(notes),
    )


def example(name: str) -> tuple[Answers, dict[str, str]]:
    """A shipped example, file by file."""
    if name not in EXAMPLES:
        advice = did_you_mean(name, EXAMPLES, none=f"there is {', '.join(EXAMPLES)}")
        raise WrongUsage(f"there is no example {name}", help=advice)
    folder = example_folder(EXAMPLES[name])
    texts: dict[str, str] = {}

    def collect(place: object, below: str) -> None:
        for one in sorted(place.iterdir(), key=lambda one: one.name):  # type: ignore[attr-defined]
            path = f"{below}{one.name}"
            if one.is_dir():
                if one.name not in {".remyx-out", "__pycache__", "schemas"}:
                    collect(one, f"{path}/")
            elif one.name != "README.md":
                texts[path] = one.read_text("utf-8")

    collect(folder, "")
    bundle = load_checked({path: text.encode() for path, text in texts.items()})
    policy = next(iter(bundle.policies.values()))
    return Answers(metrics=(), policy=policy.name, template=policy.template), texts


def in_the_way(root: Path, draft: Draft) -> list[str]:
    """Files that exist already with another text."""
    return [
        path
        for path, text in draft.texts.items()
        if (root / path).exists()
        and not path.endswith("CODEOWNERS")
        and (root / path).read_bytes() != text.encode()
    ]


def shown(root: Path, draft: Draft) -> str:
    """What would be written, as a person reads it: new files whole, others as their difference."""
    parts = []
    for path, text in draft.texts.items():
        there = read_below(root, path, cap_bytes=CAP_BYTES) if ".." not in path else None
        before = there.decode("utf-8", "replace") if there is not None else ""
        if before and before != text:
            lines = before.splitlines(), text.splitlines()
            difference = difflib.unified_diff(*lines, "as it is", "as it will be", lineterm="")
            parts.append(f"── {path}\n" + "\n".join(difference))
        elif not before:
            whole = path.startswith(".remyx/")  # what sets the bar is read before it is written
            parts.append(
                f"── {path}\n{text.rstrip() if whole else f'   new, {len(text.splitlines())} lines'}"
            )
    parts.append(f"── .remyx/schemas/\n   {len(draft.for_editors)} schemas for editors")
    return "\n\n".join(parts)


def write(root: Path, draft: Draft, *, force: bool) -> list[str]:
    """Write everything; WrongUsage, and nothing written, where that would overwrite something."""
    hindering = in_the_way(root, draft)
    if hindering and not force:
        raise WrongUsage(
            f"would overwrite {', '.join(hindering)}", help="keep them, or pass --force to write them anew"
        )
    every = {**draft.for_editors, **draft.texts}
    for path, text in every.items():
        write_whole(root / path, text)
        if text.startswith("#!"):
            (root / path).chmod(0o755)
    return list(draft.texts)


def _workflows(
    root: Path, bundle: Bundle, answers: Answers, action: str, *, for_forks: bool
) -> dict[str, str]:
    """Return the workflows for what the project has: shards, another policy, a folder of its own."""
    repository = find_repository(root)
    return workflow_texts(
        policy="" if _other_policies(root, answers.policy) else answers.policy,
        branch=answers.branch,
        action=action,
        in_shards=any((one.shards or 1) > 1 for one in bundle.templates.values()),
        folder=repository.prefix.rstrip("/") if repository else "",
        for_forks=for_forks,
    )


def _other_policies(root: Path, name: str) -> bool:
    """Return whether the project has another policy, so that its workflow judges by every one."""
    return any(path.stem != name for path in (root / ".remyx" / "policies").glob("*.yaml"))


def _at_top(root: Path, path: str) -> str:
    """A path of the repository, as it is seen from the project's root."""
    repository = find_repository(root)
    return "../" * repository.prefix.count("/") + path if repository else path


def _codeowners(root: Path) -> tuple[str, str, str]:
    repository = find_repository(root)
    top, prefix = (repository.top(), repository.prefix) if repository else (root, "")
    for location in LOCATIONS:
        content = read_below(top, location, cap_bytes=CAP_BYTES)
        if content is not None:
            return location, content.decode("utf-8", "replace"), prefix
    return LOCATIONS[0], "", prefix
