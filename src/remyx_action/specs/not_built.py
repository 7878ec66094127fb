"""Keys whose feature is planned and not built: refused by name rather than as a typing error."""

from __future__ import annotations

KEYS: dict[str, dict[str, str]] = {
    "Template": {
        "executor": "running arms on a cluster",
    },
    "Policy": {
        "sequential": "spending confidence over pushes",
    },
}
"""Model → key → the feature that the key belongs to."""
