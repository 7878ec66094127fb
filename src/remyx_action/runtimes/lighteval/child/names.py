"""Run: lighteval's metric names without what changes from run to run."""

from __future__ import annotations

import re

FUNCTION = re.compile(
    r"<(?:built-in )?(?:function|method) ((?:[^\s<>]|<locals>|<lambda>)+) at 0x[0-9a-fA-F]+>"
)
"""What Python writes of a function that a metric was given as a parameter."""
OBJECT = re.compile(r"<([\w.<>]+?)(?: object)? at 0x[0-9a-fA-F]+>")
"""What Python writes of any other object without a text of its own."""
ADDRESS = re.compile(r"(?:\s*\bat\s+)?\b0x[0-9a-fA-F]{4,}\b")
"""An address anywhere else."""


def canonical(name: str) -> str:
    """The name of a metric that every run gives it; `canonical(canonical(name)) == canonical(name)`.

    lighteval writes a metric's parameters into its name, functions with their address in memory:
    `maj@n:n=4&normalize_pred=<function math_normalizer at 0x7f32a7b0b560>`
    becomes `maj@n:n=4&normalize_pred=math_normalizer`.
    """
    before = None
    while name != before:
        before = name
        name = ADDRESS.sub("", OBJECT.sub(r"\1", FUNCTION.sub(r"\1", name)))
    return name
