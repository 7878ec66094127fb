"""The baseline arm of an earlier run in place of a new one, and a new one cached for later runs."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from decimal import Decimal
from hashlib import file_digest, sha256
from pathlib import Path
from posixpath import normpath

from msgspec import Struct, field

from remyx_action.project.lock import digest_of_environment, digest_of_measuring, pins_of
from remyx_action.project.models import Template
from remyx_action.project.models.shard import Shard
from remyx_action.project.models.template import ScriptKind, contained
from remyx_action.report.verdict import Arm
from remyx_action.runtimes.lighteval.environment import READING_SECONDS, installed, uv_command
from remyx_action.runtimes.plan.lighteval import name_and_revision
from remyx_action.sources.disk import describe_script
from remyx_action.sources.disk.cache import CacheFolder, digest_of_asset
from remyx_action.sources.disk.cache_key import (
    CacheEntry,
    CacheKey,
    NotWhatItSays,
    key_of,
    read_entry,
    write_entry,
)
from remyx_action.sources.git import Sources, find_repository

from .context import Context
from .judged_under import harness_digest
from .lighteval import edition
from .request import CacheSettings, World

ASSET_CAP_BYTES = 4 * 1024 * 1024 * 1024
"""A model that lies in the project is hashed up to this size; beyond it no arm is reused."""


class ArmCache(Struct, kw_only=True):
    """The cached baseline arms of one template's run."""

    settings: CacheSettings
    world: World
    notes: list[str] = field(default_factory=list)
    """What a reader of the report should know: an entry that was refused, an arm that cannot be cached."""

    def note(self, note: str) -> None:
        """Once, however many seeds it is true of."""
        if note not in self.notes:
            self.notes.append(note)

    def get(self, key: CacheKey, into: Path) -> CacheEntry | None:
        """Return the entry of that key, its files laid into the arm's empty folder, or None."""
        if self.settings.folder is None or not self.settings.may_get:
            return None
        folder = CacheFolder(self.settings.folder)
        try:
            text = folder.entry(key.digest)
            if text is None:
                return None
            entry = read_entry(text, key)
            folder.get(key.digest, entry.files, into)
        except NotWhatItSays as wrong:
            self.note(f"the kept baseline {key.digest[:12]} was refused, and measured anew: {wrong}")
            return None
        return entry

    def put(self, key: CacheKey | None, arm: Arm, source: Path) -> None:
        """Cache what was measured, where all of it arrived and the run is trusted."""
        report = arm.report
        if (
            self.settings.folder is None
            or not self.settings.may_put
            or key is None
            or report.origin is not None
            or report.state != "completed"
            or arm.scores.unusable(of_a_shard=key.of_a_shard)
        ):
            return
        now = self.world.now()
        entry = CacheEntry(
            schema="remyx-kept/1",
            facts=dict(key.facts),
            files=dict(report.digests),
            clock=now.clock,
            seconds=report.seconds or Decimal(0),
            version=now.version,
            images=dict(report.images),
        )
        try:
            CacheFolder(self.settings.folder).put(key.digest, write_entry(entry), entry.files, source)
        except (NotWhatItSays, OSError) as wrong:
            what = wrong.strerror if isinstance(wrong, OSError) else wrong
            self.note(f"the baseline was not kept for later runs: {what}")


def baseline_key(
    context: Context,
    template: Template,
    asset: str,
    *,
    sources: Sources,
    world: World,
    seed: int,
    shard: Shard,
) -> CacheKey | str:
    """Return the key of the baseline arm, or in words why the arm cannot be identified."""
    try:
        digests = _digests(context, template, asset, world.environment)
    except (UnresolvedError, NotWhatItSays, OSError) as unresolved:
        return str(unresolved)
    commit = sources.commits.get("merge_base")
    lock = context.project.bundle.locks.get(template.name)
    return key_of(
        digests=digests if commit is None else {**digests, "commit": commit},
        pins={**pins_of(template), **(lock.pins if lock else {})},
        asset=asset,
        seed=seed,
        shard=shard,
    )


class UnresolvedError(Exception):
    """Something decides about scores and cannot be identified; the message names it."""


def _digests(
    context: Context, template: Template, asset: str, environment: Mapping[str, str]
) -> dict[str, str]:
    """Return what an arm's numbers follow from. Raises UnresolvedError, NotWhatItSays, OSError."""
    root = context.harness
    if _is_built_from_everything(template, root):
        what = "its image may copy from the whole project, and `harness` does not say what it takes of it"
        raise UnresolvedError(what)
    asked = json.dumps([template.metrics, template.samples])
    known = {
        "template": digest_of_measuring(template, harness_digest(template, root)),
        "metrics and samples": sha256(asked.encode()).hexdigest(),
        "environment": digest_of_environment(template, environment),
        "machine": f"{platform.system()} {platform.machine()}",
        "stack": _stack(template, root, environment),
        "tree": _tracked(context, template),
        "content": digest_of_asset(root, _path_of(template, asset), cap_bytes=ASSET_CAP_BYTES),
        "lighteval": edition(template, root, environment) if template.runtime == "lighteval" else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _stack(template: Template, root: Path, environment: Mapping[str, str]) -> str | None:
    """Return a digest of the Python that a script starts with, its packages and uv; None in a container.

    Raises UnresolvedError.
    """
    if template.script is None:
        return None
    script = describe_script(root, template.script)
    if contained(template, script.kind) is not None:
        return None
    if script.kind == ScriptKind.PYTHON_WITH_METADATA and template.command is None:
        lock = root / f"{template.script}.lock"
        if not lock.is_file():
            raise UnresolvedError(
                f"the packages of {template.script} are chosen when it runs: `uv lock --script` pins them"
            )
        known = [lock.read_bytes().hex(), *_uv_and_its_python(root, template.script, environment)]
        return sha256(json.dumps(known).encode()).hexdigest()
    python = shutil.which("python3", path=environment.get("PATH"))
    if python is None:
        return "no python3"
    try:
        found = installed(Path(python), environ=environment)
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as failure:
        raise UnresolvedError(f"{python} does not say which packages it has") from failure
    return sha256(json.dumps([os.path.realpath(python), found], sort_keys=True).encode()).hexdigest()


def _uv_and_its_python(root: Path, script: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return uv's version, and the interpreter that it starts a script of inline metadata with.

    Raises UnresolvedError.
    """
    uv = uv_command(environment)
    asked = (("--version",), ("python", "find", "--no-config", "--script", script))
    try:
        if uv is None:
            raise FileNotFoundError
        version, python = (
            subprocess.run(  # noqa: S603 - the uv that starts the arms
                [*uv, *words], cwd=root, env={**environment}, capture_output=True, text=True,
                timeout=READING_SECONDS, check=True,
            ).stdout.strip()
            for words in asked
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as failure:
        raise UnresolvedError(f"uv does not say which Python it starts {script} with") from failure
    return version, os.path.realpath(python)


def _tracked(context: Context, template: Template) -> str | None:
    """Return a digest of every tracked file, where the template does not say which ones decide a score.

    Files below `.remyx/` and the variant file decide nothing. Raises UnresolvedError.
    """
    if template.harness is not None or (template.script is None and template.custom_tasks is None):
        return None
    root = context.project.root
    repository = find_repository(root)
    head = repository.head() if repository else None
    commit = context.proposal.base if context.proposal else head
    if repository is None or commit is None:
        raise UnresolvedError("nothing says which files decide a score: write `harness`, or commit them")
    left_out = template.variant_asset.file if template.variant_asset else ""
    found = {
        repository.relative(entry.path): f"{entry.mode} {entry.object_id}"
        for entry in repository.all_entries(commit)
    }
    if context.proposal is None:
        found |= {path: _content(root / path) for path in repository.changed_paths()}
    lines = [
        f"{json.dumps(path)} {identity}"
        for path, identity in sorted(found.items())
        if not path.startswith(".remyx/") and path != left_out
    ]
    return sha256("\n".join(lines).encode()).hexdigest()


def _content(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return "no regular file"
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _path_of(template: Template, asset: str) -> str:
    """Where the asset lies, if it does: lighteval reads the part behind an @ as a revision."""
    model = template.model
    return asset if model is None else name_and_revision(asset, backend=model.backend)[0]


def _is_built_from_everything(template: Template, root: Path) -> bool:
    """Whether what goes into the image is neither in the harness nor named by it."""
    if template.harness is not None or template.script is None:
        return False
    container = contained(template, describe_script(root, template.script).kind)
    return container is not None and normpath(container.context) == "."
