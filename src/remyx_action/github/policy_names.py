"""The policies of a commit, read without a checkout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from .client import Client
from .events import Commit
from .trouble import NotRead, Trouble, TroubleKind, not_read


def policy_names(client: Client, folder: str, commit: Commit) -> Sequence[str] | NotRead:
    """Return the names of the policies of the project in `folder` ("" is the root): one request."""
    path = "/".join(filter(None, (folder, ".remyx/policies")))

    def names(answer: Any) -> list[str]:
        files = [each["name"] for each in answer if each["type"] == "file"]
        return sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml"))

    try:
        return client.get(f"/contents/{quote(path)}", names, ref=commit)
    except Trouble as trouble:
        if trouble.kind is TroubleKind.GONE:
            return ()
        return not_read("policies of the base branch", trouble, "contents: read")
