"""A repository with the workflow that users copy, on a machine that runs it against the stand-in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.github_stand_in import payloads
from support.github_stand_in.act import ROOT, Ran, Runner
from support.github_stand_in.history import History
from support.github_stand_in.server import StandIn, serve
from support.github_stand_in.world import Check, Comment, Pull, World
from support.repositories import AUTHOR, git
from support.small_project import model

REPOSITORY = "some-team/remyx-action"
CHECK = "remyx / default (main)"
PROGRAM = Path(sys.executable).parent / "remyx-action"
NEEDED = ("UV_CACHE_DIR", "UV_SYSTEM_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(kw_only=True)
class Place:
    """The stand-in, one pull request in it, and the machine."""

    world: World
    pull: Pull
    stand_in: StandIn
    release: Release
    scratch: Path
    temporary: Path
    runs: list[Ran] = field(default_factory=list)

    def push(self, files: dict[str, str | None]) -> str:
        """A commit on the pull request's head."""
        commit = self.world.history.write(self.pull.head_ref(self.world.owner), files)
        self.world.refresh(self.pull)
        return commit

    def event(self, action: str, **given: Any) -> Ran:
        """Run the workflow on a pull_request activity, as GitHub would."""
        changed = given.pop("changed", "title")
        payload = payloads.pull_request(self.world, self.pull, action, changed=changed)
        return self.start("pull_request", payload, ref=f"refs/pull/{self.pull.number}/merge", **given)

    def start(self, name: str, payload: Any, *, ref: str, **given: Any) -> Ran:
        number = 500 + len(self.runs)
        temporary = self.temporary / str(number)
        temporary.mkdir(parents=True)
        environment = {
            "UV_CACHE_DIR": str(Path(os.environ.get("HOME", "/")) / ".cache" / "uv"),
            **{name: os.environ[name] for name in NEEDED if name in os.environ},
            "RUNNER_TEMP": str(temporary),
            "TMPDIR": str(temporary),
        }
        self.world.calls.clear()
        given = {"program": PROGRAM, **given}
        actions = self.release.actions
        if given["program"] is not None:
            actions = dict.fromkeys(actions, self.release.without_program)
        runner = Runner(stand_in=self.stand_in, scratch=self.scratch, actions=actions)
        ran = runner.run(name, payload, ref=ref, run_id=number, environment=environment, **given)
        self.runs.append(ran)
        return ran

    def ours(self) -> list[Comment]:
        return [each for each in self.world.comments if "<!-- remyx-verdict/2 " in each.body]

    def checks(self, head: str | None = None) -> list[Check]:
        wanted = head or self.world.head(self.pull)
        return [each for each in self.world.checks if each.head == wanted and each.name == CHECK]

    def concluded(self, head: str | None = None) -> list[str | None]:
        return [each.fields.get("conclusion") for each in self.checks(head)]


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a release leaves for people: an archive, and two commits of its repository."""

    folder: Path
    """The archive, unpacked."""
    actions: dict[str, Path]
    """`owner/name@commit`, as a workflow may name it, and the files of that commit."""
    without_program: Path
    """The same files without our program's, for a machine that has it: act copies them at each use."""

    def workflow(self, name: str) -> str:
        """Return an example of the archive, which people copy as it is."""
        return (self.folder / "examples" / "workflows" / f"{name}.yml").read_text()


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release made of this tree by the scripts that make one."""
    scratch = tmp_path_factory.mktemp("release")
    folder = scratch / "repository"
    for name in ("src", "script", "examples/workflows", "examples/digits-classifier", ".github"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("action.yml", "pyproject.toml", "uv.lock", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.0 (2026-11-30)\n\n* Everything.\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Set the version")
    for words in (
        ["script/release", REPOSITORY],
        ["git", "checkout", "--quiet", "v0.1.0"],
        ["script/archive", REPOSITORY, str(scratch)],
        ["tar", "-xf", str(scratch / "remyx-action-0.1.0.tar.gz"), "-C", str(scratch)],
    ):
        subprocess.run(words, cwd=folder, env=os.environ | AUTHOR, check=True, capture_output=True)
    commits = git(folder, "rev-parse", "HEAD^", "HEAD").split()
    shutil.rmtree(folder / ".git")  # a runner downloads the files alone
    without_program = scratch / "without-program"
    shutil.copytree(folder, without_program, ignore=shutil.ignore_patterns("src", "examples", "script"))
    return Release(
        folder=scratch / "remyx-action-0.1.0",
        actions={f"{REPOSITORY}@{commit}": folder for commit in commits},
        without_program=without_program,
    )


@pytest.fixture
def place(files: dict[str, str | None], release: Release, tmp_path: Path) -> Iterator[Place]:
    history = History(tmp_path / "spatial.git")
    history.write("main", files)
    history.write("feature/x", {"model.yaml": model("better")}, onto="main")
    world = World(history=history)
    pull = world.open_pull("feature/x")
    with serve(world) as stand_in:
        yield Place(
            world=world,
            pull=pull,
            stand_in=stand_in,
            release=release,
            scratch=tmp_path / "runner",
            temporary=tmp_path / "temporary",
        )
    assert [] == world.violations
