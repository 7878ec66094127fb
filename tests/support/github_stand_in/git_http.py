"""Git over HTTP, as GitHub serves it: git's own backend, a CGI program, on the bare repository."""

from __future__ import annotations

import base64
import os
import subprocess
from dataclasses import dataclass
from urllib.parse import urlsplit

from .world import World


@dataclass(frozen=True, kw_only=True)
class Served:
    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""


def serve_git(world: World, verb: str, target: str, headers: dict[str, str], body: bytes) -> Served | None:
    """Answer a fetch; None: the address is none of the repository's. A token that is wrong is refused."""
    parts = urlsplit(target)
    home = f"/{world.repository}"
    inside = parts.path.removeprefix(home).removeprefix(".git")
    if not parts.path.startswith(home) or inside not in {"/info/refs", "/git-upload-pack"}:
        return None
    if not _is_known(world, headers.get("authorization", "")):
        return Served(status=401, headers=[("WWW-Authenticate", 'Basic realm="GitHub"')])
    done = subprocess.run(
        ["git", "http-backend"],
        input=body,
        env={
            "PATH": os.environ["PATH"],
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PATH_TRANSLATED": f"{world.history.folder}{inside}",
            "REQUEST_METHOD": verb,
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
            "GIT_PROTOCOL": headers.get("git-protocol", ""),
        },
        capture_output=True,
        check=True,
    )
    head, _, answer = done.stdout.partition(b"\r\n\r\n")
    given = [line.split(": ", 1) for line in head.decode().split("\r\n")]
    status = next((int(value.split()[0]) for name, value in given if name == "Status"), 200)
    return Served(
        status=status, headers=[(name, value) for name, value in given if name != "Status"], body=answer
    )


def _is_known(world: World, authorization: str) -> bool:
    """A public repository is served to anybody without a token, and to nobody with a wrong one."""
    scheme, _, given = authorization.partition(" ")
    if not authorization:
        return True
    login, _, token = base64.b64decode(given).decode().partition(":")
    return scheme.lower() == "basic" and login == "x-access-token" and token in world.identities
