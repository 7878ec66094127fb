"""Keys and words whose feature is planned and not built: refused by name rather than as a typing error."""

from __future__ import annotations

KEYS: dict[str, dict[str, str]] = {
    "Template": {
        "executor": "running arms on a cluster",
        "model": "the lighteval runtime",
        "task": "the lighteval runtime",
    },
    "Policy": {
        "sequential": "spending confidence over pushes",
    },
}
"""Model → key → the feature that the key belongs to."""

WORDS: dict[tuple[str, str], dict[str, str]] = {
    ("Template", "runtime"): {"lighteval": "the lighteval runtime"},
    ("Template", "metrics"): {"auto": "filling metrics in from a task"},
}
"""(Model, key) → value → the feature that the value belongs to."""
