"""plan: the baseline arm of an earlier run in place of a new one, and a new one kept for later runs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from posixpath import normpath

from msgspec import Struct, field

from remyx_action.project.lock import digest_of, pins_of
from remyx_action.project.models import Template
from remyx_action.project.models.extent import Extent
from remyx_action.report.verdict import MeasuredArm
from remyx_action.runtimes.plan.lighteval import name_and_revision
from remyx_action.runtimes.plan.plan import contained
from remyx_action.sources.disk import describe_script
from remyx_action.sources.disk.cache import KeptArms, digest_of_asset
from remyx_action.sources.disk.cache_key import (
    Entry,
    Identity,
    NotWhatItSays,
    identity_of,
    read_entry,
    write_entry,
)
from remyx_action.sources.git import Sources

from .clock import Circumstances
from .context import Scene
from .lighteval import edition
from .provenance import harness_digest

ASSET_CAP_BYTES = 4 * 1024 * 1024 * 1024
"""A model that lies in the project is hashed up to this size; beyond it no arm is reused."""


class Keeping(Struct, frozen=True, kw_only=True):
    """Where baseline arms are kept, and what this run may do there."""

    folder: Path | None
    """None: nothing is reused and nothing is kept."""
    may_take: bool = True
    may_keep: bool = True
    """Only of a run that is trusted: what it keeps is believed later."""


NOTHING_KEPT = Keeping(folder=None)


class Shelf(Struct, kw_only=True):
    """The kept arms of one template's run."""

    keeping: Keeping
    circumstances: Circumstances
    notes: list[str] = field(default_factory=list)
    """What a reader of the report should know: an entry that was refused, an arm that cannot be kept."""

    def note(self, note: str) -> None:
        """Once, however many seeds it is true of."""
        if note not in self.notes:
            self.notes.append(note)

    def take(self, identity: Identity, into: Path) -> Entry | None:
        """The entry of that identity, its files laid into the arm's empty folder; None without one."""
        if self.keeping.folder is None or not self.keeping.may_take:
            return None
        kept = KeptArms(self.keeping.folder)
        try:
            text = kept.entry(identity.key)
            if text is None:
                return None
            entry = read_entry(text, identity)
            kept.take(identity.key, entry.files, into)
        except NotWhatItSays as wrong:
            self.note(f"the kept arm {identity.key[:12]} was refused, and measured anew: {wrong}")
            return None
        return entry

    def keep(self, identity: Identity | None, arm: MeasuredArm, source: Path) -> None:
        """Keep what was measured, where all of it arrived and the run is trusted."""
        report = arm.report
        if (
            self.keeping.folder is None
            or not self.keeping.may_keep
            or identity is None
            or report.origin is not None
            or report.state != "completed"
            or arm.scores.unusable(of_a_shard=identity.of_a_shard)
        ):
            return
        now = self.circumstances.now()
        entry = Entry(
            schema="remyx-kept/1",
            facts=dict(identity.facts),
            files=dict(report.digests),
            clock=now.clock,
            seconds=report.seconds or Decimal(0),
            version=now.version,
            images=dict(report.images),
        )
        try:
            KeptArms(self.keeping.folder).keep(identity.key, write_entry(entry), entry.files, source)
        except (NotWhatItSays, OSError) as wrong:
            what = wrong.strerror if isinstance(wrong, OSError) else wrong
            self.note(f"the arm was not kept for later runs: {what}")


class Subject(Struct, frozen=True, kw_only=True):
    """What the baseline arm of one run is about."""

    scene: Scene
    template: Template
    sources: Sources
    asset: str
    circumstances: Circumstances


def identity_for(subject: Subject, *, seed: int, extent: Extent) -> Identity | str:
    """What the baseline arm is kept under; in words why it cannot be told from another."""
    scene, template = subject.scene, subject.template
    if _is_built_from_everything(template, scene.harness):
        return "its image may copy from the whole project, and `harness` does not say what it takes of it"
    try:
        content = digest_of_asset(scene.harness, _place_of(subject), cap_bytes=ASSET_CAP_BYTES)
    except (NotWhatItSays, OSError) as wrong:
        return str(wrong)
    lock = scene.project.bundle.locks.get(template.name)
    surroundings = subject.circumstances.surroundings
    is_lighteval = template.runtime == "lighteval"
    known = {
        "template": digest_of(template),
        "harness": harness_digest(template, scene.harness),
        "content": content,
        "commit": subject.sources.commits.get("merge_base"),
        "lighteval": edition(template, scene.harness, surroundings=surroundings) if is_lighteval else None,
    }
    return identity_of(
        digests={name: value for name, value in known.items() if value is not None},
        pins={**pins_of(template), **(lock.pins if lock else {})},
        asset=subject.asset,
        seed=seed,
        extent=extent,
    )


def _place_of(subject: Subject) -> str:
    """Where the asset lies, if it does: lighteval reads what stands behind an @ as a revision."""
    model = subject.template.model
    return subject.asset if model is None else name_and_revision(subject.asset, backend=model.backend)[0]


def _is_built_from_everything(template: Template, root: Path) -> bool:
    """Whether what goes into the image is neither in the harness nor named by it."""
    if template.harness is not None or template.script is None:
        return False
    container = contained(template, describe_script(root, template.script).kind)
    return container is not None and normpath(container.context) == "."
