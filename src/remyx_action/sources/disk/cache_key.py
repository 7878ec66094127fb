"""What a baseline arm is cached under, so that it is measured again only where something changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import Field, ValidationError

from remyx_action.project.files import json_text as strict_json
from remyx_action.project.files.json_writing import dump
from remyx_action.project.models.field_types import Bounds, Line, Number, Spec
from remyx_action.project.models.lock import Digest
from remyx_action.project.models.shard import Shard

NAME = "entry.json"
"""The name of the file that says what an entry holds, in addition to the arm's own files."""


class CacheKey(Struct, frozen=True, kw_only=True):
    """Everything that an arm's numbers follow from, as far as it is known before it runs."""

    facts: Mapping[str, str]
    """Digests of template, harness and asset, the commit, pins, the asset's name, seed and shard."""

    @property
    def of_a_shard(self) -> bool:
        """Whether it is a part of an arm."""
        return not self.facts["shard"].endswith("/1")

    @property
    def digest(self) -> str:
        """64 hexadecimal digits: the entry's name."""
        text = json.dumps(dict(self.facts), sort_keys=True, separators=(",", ":"))
        return sha256(f"remyx-kept/1\n{text}".encode()).hexdigest()


CLOCK = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\.[0-9]{1,9})?Z$"
)


class CacheEntry(Spec):
    """One cached arm: under what it was measured, when, and what its files hold."""

    schema_: Literal["remyx-kept/1"] = Field(alias="schema")
    facts: dict[Line, Line]
    files: Annotated[dict[Line, Digest], Field(min_length=1, max_length=2_000)]
    """Path below the arm's folder → digest of its bytes."""
    clock: Annotated[str, Field(pattern=CLOCK)]
    """When it was measured: UTC, RFC 3339."""
    seconds: Annotated[Number, Bounds(least="0", below="1e8")]
    """How long it took."""
    version: Line
    """Of the program that measured it."""
    images: dict[Line, Line] = Field(default_factory=dict)
    """Of an arm that ran in a container: image and bases → digest."""


class NotWhatItSays(ValueError):
    """An entry that is not what was cached under its name; the message says what is wrong."""


def write_entry(entry: CacheEntry) -> str:
    """The file's text."""
    return dump(entry.model_dump(by_alias=True))


def read_entry(text: bytes, key: CacheKey) -> CacheEntry:
    """Return the entry cached under this key. Raises NotWhatItSays where it is damaged, or another arm's."""
    try:
        entry = CacheEntry.model_validate(strict_json.read(text))
    except (strict_json.NotStrictJson, ValidationError) as error:
        raise NotWhatItSays(f"its {NAME} is not what this program writes") from error
    if entry.facts != dict(key.facts):
        other = sorted(
            name for name in {*entry.facts, *key.facts} if entry.facts.get(name) != key.facts.get(name)
        )
        raise NotWhatItSays(f"it was measured under another {other[0]}")
    return entry


def key_of(
    *, digests: Mapping[str, str], pins: Mapping[str, str], asset: str, seed: int, shard: Shard
) -> CacheKey:
    """Return the key of one run of an arm.

    `digests`: of template and harness, of the asset where that is a file or folder, and the commit of the
    code under test where the template compares commits.
    """
    samples = {} if shard.samples is None else {"samples": str(shard.samples)}
    return CacheKey(
        facts={
            **digests,
            **{f"pin {name}": value for name, value in pins.items()},
            **samples,
            "asset": json.dumps(asset),
            "seed": str(seed),
            "shard": str(shard),
        }
    )
