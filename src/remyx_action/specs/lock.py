"""`.remyx/locks/<template>.json`: evidence of what was reviewed, as digests."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .fields import END, Line, Name, Spec

DIGEST_PATTERN = r"^sha256:[0-9a-f]{64}" + END
Digest = Annotated[str, Field(pattern=DIGEST_PATTERN)]


class LockDigests(Spec):
    metrics: Digest
    template: Digest
    policies: dict[Name, Digest]
    harness: Digest


class Lock(Spec):
    schema_: Literal["remyx-lock/1"] = Field(alias="schema")
    template: Name
    digests: LockDigests
    pins: dict[Line, Line]
    """What git does not hold: model and dataset revisions, image digests, package versions."""
    protected: list[Line]
    """Paths that need an owner's review, as CODEOWNERS patterns."""
