"""Where a lighteval template's arms run, in an environment that is made where it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from remyx_action.project.models import Template
from remyx_action.project.models.template import ArmName
from remyx_action.runtimes import Note
from remyx_action.runtimes.lighteval.environment import child_folder, lighteval_python, packages
from remyx_action.runtimes.lighteval.hub import commit_of, is_on_hub
from remyx_action.runtimes.plan.lighteval import (
    CACHES,
    LIGHTEVAL_VERSION,
    SEPARATOR,
    ChildSite,
    name_and_revision,
)
from remyx_action.runtimes.plan.variables import passed_through

from .request import World


def lighteval_site(
    template: Template, harness: Path, folders: Mapping[ArmName, Path], world: World
) -> ChildSite:
    """Return where the arms run. NotJudged without a Python with lighteval where none can be made."""
    arm = next(iter(folders))

    def say(text: str) -> None:
        world.on_event(Note(arm=arm, text=text))

    named = _named_python(template, harness)
    return ChildSite(
        python=lighteval_python(named, environ=world.environment, say=say),
        child=str(child_folder()),
        harness=str(harness),
        outputs={each: str(folder) for each, folder in folders.items()},
        environment=world.environment,
    )


def at_one_commit(
    template: Template, harness: Path, assets: Mapping[ArmName, str], world: World
) -> tuple[Mapping[ArmName, str], Mapping[ArmName, str]]:
    """Return the assets with the hub's present commit behind the names that have none, and a note on each.

    Asked once, so that seeds, weights and tokenizers of a run are of one commit. A script of the project gets
    the names as they are written.
    """
    if template.model is None:
        return assets, {
            name: f"{asset} names no revision; if it is a hub's, it can move after the verdict"
            for name, asset in assets.items()
            if "/" in asset
            and SEPARATOR not in asset
            and is_on_hub(asset, root=harness, backend="transformers")
        }
    backend = template.model.backend
    on_hub = {name: one for name, one in assets.items() if is_on_hub(one, root=harness, backend=backend)}
    if not on_hub:
        return assets, {}
    site = lighteval_site(template, harness, dict.fromkeys(on_hub, harness), world)
    environment, _ = passed_through(world.environment, template.env, secrets=template.secrets, besides=CACHES)
    found, notes = dict(assets), {}
    for name, asset in on_hub.items():
        commit = commit_of(site.python, asset, backend=backend, environment=environment)
        if commit is None:
            notes[name] = f"the hub does not say which commit {asset} is: each load takes what it gives then"
            continue
        found[name] = f"{name_and_revision(asset, backend=backend)[0]}{SEPARATOR}{commit}"
        notes[name] = f"{asset} was commit {commit[:12]} on the hub; the name can move after the verdict"
    return found, notes


def _named_python(template: Template, harness: Path) -> str | None:
    named = template.model.python if template.model else None
    return None if named is None else str(harness / Path(named).expanduser())


def edition(template: Template, harness: Path, environment: Mapping[str, str]) -> str:
    """Return which lighteval, packages and program of ours run: a part of a cached baseline's key.

    NotJudged where the Python that the template names cannot be used.
    """
    held = packages(_named_python(template, harness), environ=environment)
    program = digest_of_program(child_folder())
    return f"{LIGHTEVAL_VERSION} {sha256(held.encode()).hexdigest()[:16]} {program[:16]}"


def digest_of_program(folder: Path) -> str:
    """Return the digest of a folder's Python files: what runs an arm decides its scores too."""
    found = sha256()
    for path in sorted(folder.glob("*.py")):
        content = path.read_bytes()
        found.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()
