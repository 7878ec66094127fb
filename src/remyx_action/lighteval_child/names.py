"""How a metric is called in every run alike: some of lighteval's names hold a memory address."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"<(?:function|bound method|built-in function)? ?([\w.<>]*) at 0x[0-9a-f]+>")


def canonical(name: str) -> str:
    """A metric's name without the addresses of the functions that it names."""
    return _ADDRESS.sub(r"\1", name)
