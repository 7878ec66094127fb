"""Advice with an iterate: what would settle each condition that the ship rule still misses."""

from __future__ import annotations

from .bar import Bar
from .evidence import Inputs
from .judgement import Judgement
from .report import Advice


def advice_for(judgement: Judgement, *, bar: Bar, inputs: Inputs) -> list[Advice]:
    return []
