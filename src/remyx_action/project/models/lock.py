"""`.remyx/locks/<template>.json`: evidence of what was reviewed, as digests, and of whose review it needs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .field_types import END, Line, Name, Spec

DIGEST_PATTERN = r"^sha256:[0-9a-f]{64}" + END
Digest = Annotated[str, Field(pattern=DIGEST_PATTERN)]


class LockDigests(Spec):
    """`sha256:…` of what was reviewed, in normal form."""

    metrics: Digest
    """The digest of metrics.yaml."""
    template: Digest
    """The digest of the template."""
    policies: dict[Name, Digest]
    """The digest of each policy that judges by the template."""
    harness: Digest
    """The digest of the harness's files, byte by byte."""


class Lock(Spec):
    """Evidence of what was reviewed together, for one template."""

    schema_: Literal["remyx-lock/1"] = Field(alias="schema")
    """The version of this file's format."""
    template: Name
    """The file's stem."""
    digests: LockDigests
    """Digests of the files as they were locked."""
    pins: dict[Line, Line]
    """By name, the versions that git does not hold: model and dataset revisions, image digests, packages."""
    protected: dict[Line, list[Line]]
    """The owners of each path that needs their review, by its CODEOWNERS pattern."""
