"""The repository as its server has it: asked by address, never by a remote that a clone's settings name."""

from __future__ import annotations

import base64
import os
import subprocess
from dataclasses import dataclass, field, replace

from . import git
from .repository import Repository

_PROTOCOLS = ("https", "http", "file")


@dataclass(frozen=True, kw_only=True)
class Remote:
    """One repository on one server."""

    server_url: str
    """`https://github.com`, or an enterprise server's."""
    name: str
    """`owner/name`."""
    token: str | None = field(repr=False)
    """Handed to git through the environment, where no list of processes shows it."""

    def tip(self, repository: Repository, branch: str) -> str | None:
        """Return the commit that the branch is at now, or None where the server does not say."""
        ref = f"refs/heads/{branch}"
        done = self._ask(repository, "ls-remote", "--quiet", self._address, ref)
        lines = os.fsdecode(done.stdout).splitlines() if done is not None and done.returncode == 0 else []
        return next((line.split("\t")[0] for line in lines if line.endswith(f"\t{ref}")), None)

    def obtain(self, repository: Repository, commit: str, ref: str) -> bool:
        """Return whether the clone holds the commit, once `ref` was fetched where it did not."""
        if repository.look_up(commit) is None:
            options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
            self._ask(repository, "fetch", *options, self._address, ref)
        return repository.look_up(commit) is not None

    @property
    def _address(self) -> str:
        return f"{self.server_url}/{self.name}"

    def _ask(self, repository: Repository, *words: str) -> subprocess.CompletedProcess[bytes] | None:
        """None where the server did not answer in time.

        One that refuses the token is asked without it: a public repository is open to everyone.
        """
        given = {}
        if self.token is not None:
            login = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
            given = git.with_setting(f"http.{self.server_url}/.extraheader", f"AUTHORIZATION: basic {login}")
        try:
            done = git.attempt_at_server(repository.top(), *words, protocols=_PROTOCOLS, given=given)
        except subprocess.TimeoutExpired:
            return None
        if done.returncode != 0 and self.token is not None:
            return replace(self, token=None)._ask(repository, *words)
        return done
