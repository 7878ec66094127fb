"""`.remyx/experiments/<name>.yaml`: what somebody wants to find out, and the variant that they propose."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .fields import Key, Line, Name, Spec, Text, Version


class Experiment(Spec):
    version: Version
    name: Name
    template: Name
    variant: Annotated[Line, Field(min_length=1)]
    hypothesis: Text | None = None
    target_metric: Key | None = None
    tags: Annotated[list[Annotated[Line, Field(min_length=1, max_length=64)]], Field(max_length=50)] = []
