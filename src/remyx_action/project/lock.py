"""Load: digests of what a verdict is judged under, so that two people can tell that they mean the same.

Specs are digested in normal form: comments, the order of keys, the spelling of numbers and defaults that
are written out do not count. Harness files count byte by byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal

from msgspec import Struct

from remyx_action.decimals import plain

from .models import Experiment, Lock, LockDigests, Metrics, Policy, Template

Digestible = Metrics | Template | Policy | Experiment


LEVELS = ("unlocked", "captured", "locked")
"""From nothing to branch rules that enforce the review of every protected path."""


class LockState(Struct, frozen=True, kw_only=True):
    """What a lock is worth where a verdict is judged."""

    level: Literal["unlocked", "captured", "locked"]
    why: str = ""
    """Where it is unlocked: the first reason."""
    stale: bool = False
    """Whether there is a lock, and it holds something else."""

    def __str__(self) -> str:
        return f"{self.level}: {self.why}" if self.why else self.level

    def satisfies(self, required: str) -> bool:
        """Whether the level is at least `off`, `captured` or `locked`."""
        return required == "off" or LEVELS.index(self.level) >= LEVELS.index(required)


class HarnessFile(Struct, frozen=True, kw_only=True):
    path: str
    """Below the repository's root, with `/`."""
    mode: str
    """As git writes it: 100644, or 100755 where it may be executed."""
    content: bytes


def digest_of(spec: Digestible) -> str:
    """`sha256:…` of a spec in normal form."""
    # Defaults are left out, so that a key that a later version adds does not make every lock stale.
    values = spec.model_dump(by_alias=True, exclude_defaults=True)
    text = json.dumps(_normal(values), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _sha256(f"remyx-{type(spec).__name__.lower()}/1\n{text}".encode())


def digest_of_harness(files: Iterable[HarnessFile]) -> str:
    """`sha256:…` of files in any order; each path once."""
    lines: dict[str, str] = {}
    for file in files:
        if file.path in lines:
            raise ValueError(f"{file.path} is given twice")
        lines[file.path] = f"{file.mode} {_sha256(file.content)} {json.dumps(file.path)}\n"
    listing = "".join(lines[path] for path in sorted(lines))
    return _sha256(f"remyx-harness/1\n{listing}".encode())


def lock_of(
    metrics: Metrics,
    template: Template,
    policies: Mapping[str, Policy],
    harness: str,
    *,
    protected: Sequence[str],
    pins: Mapping[str, str] | None = None,
) -> Lock:
    """What is reviewed together for one template; `harness` is its digest, `policies` the project's.

    Metrics and template as they are judged by: with what the list of lighteval's tasks fills in.
    """
    return Lock(
        schema="remyx-lock/1",
        template=template.name,
        digests=LockDigests(
            metrics=digest_of(metrics),
            template=digest_of(template),
            policies={
                name: digest_of(policy)
                for name, policy in sorted(policies.items())
                if policy.template == template.name
            },
            harness=harness,
        ),
        pins={**pins_of(template), **(pins or {})},
        protected=list(protected),
    )


def pins_of(template: Template) -> dict[str, str]:
    """What a template is held to besides its files: the version whose tasks it was checked against."""
    if template.runtime != "lighteval":
        return {}
    from .tasks import task_list  # brings the list along

    return {"lighteval": task_list().version}


def lock_as_json(lock: Lock) -> str:
    """The file's text: the same bytes for the same lock."""
    return json.dumps(lock.model_dump(by_alias=True), indent=2, ensure_ascii=False) + "\n"


def drift(held: Lock, now: Lock) -> list[str]:
    """What is no longer as the lock holds it, in words, the most telling first; empty: nothing."""
    before, after = held.digests, now.digests
    pairs = {
        "metrics.yaml": (before.metrics, after.metrics),
        "the template": (before.template, after.template),
    }
    for name in sorted({*before.policies, *after.policies}):
        pairs[f"policy {name}"] = (before.policies.get(name, ""), after.policies.get(name, ""))
    pairs["the harness"] = (before.harness, after.harness)
    drifted = [name for name, (one, other) in pairs.items() if one != other]
    drifted += [f"the pin {name}" for name, pin in held.pins.items() if now.pins.get(name, pin) != pin]
    missing = [path for path in now.protected if path not in held.protected]
    return drifted + [f"the protected path {path}" for path in missing]


def _sha256(content: bytes) -> str:
    return f"sha256:{sha256(content).hexdigest()}"


def _normal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{plain(value):f}"
    if isinstance(value, dict):
        return {key: _normal(one) for key, one in value.items()}
    return [_normal(one) for one in value] if isinstance(value, list) else value
