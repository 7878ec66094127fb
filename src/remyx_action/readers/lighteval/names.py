"""How a metric is called in every run alike."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"<(?:function|bound method|built-in function)? ?([\w.<>]*) at 0x[0-9a-f]+>")
_OTHERS = re.compile(r"[^A-Za-z0-9_.-]")


def canonical(name: str) -> str:
    return _ADDRESS.sub(r"\1", name)


def key_form(name: str) -> str:
    """A canonical name as a metric key."""
    return _OTHERS.sub("_", name)
