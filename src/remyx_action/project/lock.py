"""Digests of what a verdict is judged under, so that two people can tell that they mean the same.

Specs are digested in normal form: comments, the order of keys, the spelling of numbers, defaults that are
written out, and whether a condition is a line or a mapping do not count. Harness files count byte by byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

from msgspec import Struct

from remyx_action.decimals import plain

from .models import Experiment, Lock, LockDigests, Metrics, Policy, Template
from .models.policy import in_keys

Digestible = Metrics | Template | Policy | Experiment


class HarnessFile(Struct, frozen=True, kw_only=True):
    path: str
    """Below the repository's root, with `/`."""
    mode: str
    """As git writes it: 100644, or 100755 where it may be executed."""
    content: bytes


def digest_of(spec: Digestible) -> str:
    """Return `sha256:…` of a spec in normal form."""
    # Defaults are left out, so that a key that a later version adds does not make every lock stale.
    if isinstance(spec, Policy):
        spec = in_keys(spec)
    values = spec.model_dump(by_alias=True, exclude_defaults=True)
    text = json.dumps(_normal(values), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _sha256(f"remyx-{type(spec).__name__.lower()}/1\n{text}".encode())


NOT_MEASURING = frozenset(
    {
        "version", "name", "metrics", "paths", "samples", "missing", "max_missing", "timeout", "retries",
        "shards", "arms", "variant_asset",
    }
)  # fmt: skip
"""Keys of a template that decide nothing about an arm's scores."""


def digest_of_measuring(template: Template, harness: str) -> str:
    """Return `sha256:…` of what measured: the template's measuring part, and the harness's digest."""
    values = template.model_dump(by_alias=True, exclude_defaults=True, exclude=set(NOT_MEASURING))
    text = json.dumps(_normal(values), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _sha256(f"remyx-measuring/1\n{text}\n{harness}".encode())


def digest_of_environment(template: Template, environment: Mapping[str, str]) -> str:
    """Return `sha256:…` of the variables that the template passes on, those that hold a secret left out."""
    values = {name: environment.get(name) for name in _plain_names(template)}
    return _sha256(f"remyx-environment/1\n{json.dumps(values)}".encode())


def plain_variables(template: Template, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the template passes on and that are set, without those that hold a secret."""
    return {name: environment[name] for name in _plain_names(template) if name in environment}


def _plain_names(template: Template) -> list[str]:
    return sorted(set(template.env) - set(template.secret_names))


def digest_of_harness(files: Iterable[HarnessFile]) -> str:
    """Return `sha256:…` of files in any order; each path once."""
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
    protected: Mapping[str, Sequence[str]],
    pins: Mapping[str, str] | None = None,
) -> Lock:
    """Return the lock of one template; `harness` is its digest, `policies` the project's.

    Metrics and template as they are judged by: with what the list of lighteval's tasks fills in. `protected`:
    the owners of each protected path.
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
        protected={path: list(owners) for path, owners in protected.items()},
    )


def pins_of(template: Template) -> dict[str, str]:
    """Return what the template is held to besides its files: the version of the list of tasks."""
    if template.runtime != "lighteval":
        return {}
    from .tasks import task_list  # brings the list along

    return {"lighteval": task_list().version}


def lock_as_json(lock: Lock) -> str:
    """Return the file's text: the same bytes for the same lock."""
    return json.dumps(lock.model_dump(by_alias=True), indent=2, ensure_ascii=False) + "\n"


def drift(held: Lock, now: Lock) -> list[str]:
    """Return what differs from the lock, in words, the most telling first; empty: nothing."""
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
    return drifted + [f"the protected path {path}" for path in now.protected if path not in held.protected]


def _sha256(content: bytes) -> str:
    return f"sha256:{sha256(content).hexdigest()}"


def _normal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{plain(value):f}"
    if isinstance(value, dict):
        return {key: _normal(one) for key, one in value.items()}
    return [_normal(one) for one in value] if isinstance(value, list) else value
