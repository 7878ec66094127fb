"""Load: digests of what a verdict is judged under, so that two people can tell that they mean the same.

Specs are digested in normal form: comments, the order of keys, the spelling of numbers and defaults that
are written out do not count. Harness files count byte by byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from hashlib import sha256
from typing import Any

from msgspec import Struct

from remyx_action.decimals import plain
from remyx_action.specs import Experiment, Metrics, Policy, Template

Digestible = Metrics | Template | Policy | Experiment


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


def _sha256(content: bytes) -> str:
    return f"sha256:{sha256(content).hexdigest()}"


def _normal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{plain(value):f}"
    if isinstance(value, dict):
        return {key: _normal(one) for key, one in value.items()}
    return [_normal(one) for one in value] if isinstance(value, list) else value
