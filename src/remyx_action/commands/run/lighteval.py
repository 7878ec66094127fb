"""plan: where a lighteval template's arms run, in an environment that is made where it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from remyx_action.project.models import Template
from remyx_action.project.models.template import ArmName
from remyx_action.runtimes import Note, OnEvent
from remyx_action.runtimes.lighteval.environment import child_folder, lighteval_python, packages
from remyx_action.runtimes.plan.lighteval import LIGHTEVAL_VERSION, ChildSite


def lighteval_site(
    template: Template,
    harness: Path,
    folders: Mapping[ArmName, Path],
    *,
    surroundings: Mapping[str, str],
    on_event: OnEvent,
) -> ChildSite:
    """Where the arms run. NotJudged where there is no Python with lighteval and none can be made."""
    assert template.model is not None
    arm = next(iter(folders))

    def say(text: str) -> None:
        on_event(Note(arm=arm, text=text))

    named = _named_python(template, harness)
    return ChildSite(
        python=lighteval_python(named, surroundings=surroundings, say=say),
        child=str(child_folder()),
        harness=str(harness),
        outputs={each: str(folder) for each, folder in folders.items()},
        surroundings=surroundings,
    )


def _named_python(template: Template, harness: Path) -> str | None:
    named = template.model.python if template.model else None
    return None if named is None else str(harness / Path(named).expanduser())


def edition(template: Template, harness: Path, *, surroundings: Mapping[str, str]) -> str:
    """Which lighteval, packages and program of ours: kept baselines of another one are measured anew.

    NotJudged where the Python that the template names cannot be used.
    """
    held = packages(_named_python(template, harness), surroundings=surroundings)
    program = digest_of_program(child_folder())
    return f"{LIGHTEVAL_VERSION} {sha256(held.encode()).hexdigest()[:16]} {program[:16]}"


def digest_of_program(folder: Path) -> str:
    """Of a folder's Python files: what runs an arm decides its scores as much as lighteval does."""
    found = sha256()
    for path in sorted(folder.glob("*.py")):
        content = path.read_bytes()
        found.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()
