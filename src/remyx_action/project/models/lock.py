"""`.remyx/locks/<template>.json`: evidence of what was reviewed, as digests."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .fields import END, Line, Name, Spec

DIGEST_PATTERN = r"^sha256:[0-9a-f]{64}" + END
Digest = Annotated[str, Field(pattern=DIGEST_PATTERN)]


class LockDigests(Spec):
    """`sha256:…` of what was reviewed, in normal form."""

    metrics: Digest
    """Of metrics.yaml."""
    template: Digest
    """Of the template."""
    policies: dict[Name, Digest]
    """Of each policy that judges by the template."""
    harness: Digest
    """Of the harness's files, byte by byte."""


class Lock(Spec):
    """What was reviewed together, for one template."""

    schema_: Literal["remyx-lock/1"] = Field(alias="schema")
    """The version of this file's format."""
    template: Name
    """The file's stem."""
    digests: LockDigests
    """What the files were when they were locked."""
    pins: dict[Line, Line]
    """What git does not hold: model and dataset revisions, image digests, package versions."""
    protected: list[Line]
    """Paths that need an owner's review, as CODEOWNERS patterns."""
