"""The key of a policy: what checks, comments and the record know it by."""

from __future__ import annotations

from hashlib import sha256


def policy_key(folder: str, policy: str) -> str:
    """Return 12 hexadecimal digits for a policy of one project.

    `folder`: the project's, below the repository's root; "" is the root. Two projects may have policies of
    the same name.
    """
    return sha256(f"{folder}\0{policy}".encode()).hexdigest()[:12]
