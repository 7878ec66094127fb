"""`.remyx/experiments/<name>.yaml`: a hypothesis, and the variant that tests it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .field_types import Key, Line, Name, Spec, Text, Version

Tag = Annotated[Line, Field(min_length=1, max_length=64)]


class Experiment(Spec):
    """A hypothesis, and the variant that tests it."""

    version: Version
    """The version of this file's format."""
    name: Name
    """The file's stem."""
    template: Name
    """The template that measures it."""
    variant: Annotated[Line, Field(min_length=1)]
    """The asset to be scored."""
    hypothesis: Text | None = None
    """What is expected, and why."""
    target_metric: Key | None = None
    """The metric that should move."""
    tags: Annotated[list[Tag], Field(max_length=50)] = Field(default_factory=list)
    """Words to find it by."""
