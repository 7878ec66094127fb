"""Jobs of a workflow carried out in this process: a clone, an event of the stand-in, and one mode."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from remyx_action.commands.on_github.action import carry_out
from remyx_action.commands.run import request
from remyx_action.errors import Exit, FilesWrong, Refusal
from remyx_action.github.settings import parse_settings
from remyx_action.runtimes import RunEvent
from support.github_stand_in import payloads
from support.github_stand_in.history import History
from support.github_stand_in.server import StandIn, serve
from support.github_stand_in.world import Check, Comment, Pull, World
from support.small_project import FILES, model

CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[remote "origin"]
\turl = {address}
\tfetch = +refs/heads/*:refs/remotes/origin/*
"""
TOKEN = "token-of-the-job"
CHECK = "remyx / default (main)"
READ_ONLY: dict[str, Any] = {"contents": "read", "pull_requests": "read", "checks": "read"}
MAY_POST: dict[str, Any] = {"contents": "read", "pull_requests": "write", "checks": "write"}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What one step left on its runner."""

    exit: Exit
    said: str
    summary: str
    outputs: dict[str, str]
    out: Path

    @property
    def report(self) -> Any:
        """verdict.json, as its own program reads it."""
        return json.loads(Path(self.outputs["verdict-json"]).read_text())

    @property
    def verdict(self) -> tuple[str, str]:
        return self.outputs["verdict"], self.outputs["reason"]


@dataclass(kw_only=True)
class Jobs:
    """One repository on the stand-in, its pull request, and a runner that clones it anew for each job."""

    world: World
    stand_in: StandIn
    scratch: Path
    pull: Pull
    count: int = 0
    attempt: int = 1
    inputs: dict[str, str] = field(default_factory=dict)
    """Environment of every job, such as REMYX_WORKING_DIRECTORY."""
    environment: dict[str, str] = field(default_factory=dict)
    """What arms may ask for."""
    events: list[RunEvent] = field(default_factory=list)
    """What the arms of all jobs reported."""
    between: Callable[[], object] = lambda: None
    slept: list[float] = field(default_factory=list)
    """Seconds that the program wanted to wait for GitHub: nobody waits here."""

    def push(self, files: dict[str, str | None]) -> str:
        """A commit on the pull request's head."""
        commit = self.world.history.write(self.pull.head_ref(self.world.owner), files)
        self.world.refresh(self.pull)
        return commit

    def propose(self, files: dict[str, str | None], branch: str = "feature/y") -> Pull:
        """Another pull request off main, which the next jobs are about."""
        self.world.history.write(branch, files, onto="main")
        self.pull = self.world.open_pull(branch)
        return self.pull

    def propose_entries(self, entries: list[tuple[str, bytes, str]], branch: str = "feature/entries") -> Pull:
        """A pull request off main of (mode, path, text), for a submodule (mode, path, commit)."""
        history, index = self.world.history, self.scratch.parent / "entries-index"
        history.git("read-tree", "main", index=index)
        lines = b""
        for mode, path, text in entries:
            found = text if mode == "160000" else history.git("hash-object", "-w", "--stdin", text=text)
            lines += f"{mode} {found}\t".encode() + path + b"\0"
        subprocess.run(
            ("git", "-C", history.folder, "update-index", "-z", "--index-info"),
            input=lines,
            check=True,
            env={**os.environ, "GIT_INDEX_FILE": str(index)},
        )
        tree = history.git("write-tree", index=index)
        commit = history.git("commit-tree", tree, "-p", "main", "-m", "entries")
        history.git("update-ref", f"refs/heads/{branch}", commit)
        self.pull = self.world.open_pull(branch)
        return self.pull

    def payload(self, action: str = "synchronize", **given: Any) -> Any:
        return payloads.pull_request(self.world, self.pull, action, **given)

    def step(
        self,
        mode: str,
        payload: Any = None,
        *,
        name: str = "pull_request",
        token: str | None = TOKEN,
        clone: str | None = None,
        run: tuple[int, int] | None = None,
        **inputs: str,
    ) -> Ended:
        """Carry out one mode in a clone at the pull request's merge commit, or at the ref `clone`.

        `run`: its id and attempt; default a new run for each step.
        """
        self.count += 1
        home = self.scratch / f"job-{self.count}"
        home.mkdir(parents=True)
        given = self.inputs | {f"REMYX_{key.upper()}": value for key, value in inputs.items()}
        environment = {
            "GITHUB_EVENT_NAME": name,
            "GITHUB_API_URL": self.stand_in.address,
            "GITHUB_SERVER_URL": self.stand_in.address.removesuffix("/api/v3"),
            "GITHUB_REPOSITORY": self.world.repository,
            "GITHUB_RUN_ID": str(run[0] if run else 700 + self.count),
            "GITHUB_RUN_ATTEMPT": str(run[1] if run else self.attempt),
            "GITHUB_STEP_SUMMARY": str(home / "summary"),
            "GITHUB_OUTPUT": str(home / "output"),
            "REMYX_MODE": mode,
            "REMYX_TOKEN": token or "",
            "REMYX_TOKEN_OF_JOB": str(token == TOKEN).lower(),
            **given,
        }
        payload = payload or self.payload()
        folder = self.clone(home / "clone", clone or f"refs/pull/{self.pull.number}/merge")
        said: list[str] = []
        settings = parse_settings(environment, payload)
        assert settings.runner is not None
        settings = replace(settings, runner=replace(settings.runner, sleep=self.slept.append))
        given_to_arms = {"PATH": os.environ["PATH"], **self.environment}
        world = request.World(environment=given_to_arms, on_event=self.events.append)
        with chdir(folder):
            try:
                exit_code = carry_out(settings, lambda: world, said.append, home / "out")
            except Refusal as refusal:
                said.append(f"{refusal.message}\n{refusal.help}")
                exit_code = refusal.exit
            except FilesWrong as wrong:
                said += [f"{each.path}:{each.line}: {each.message}" for each in wrong.problems]
                exit_code = wrong.exit
        return Ended(
            exit=exit_code,
            said="\n".join(said),
            summary=_text(home / "summary"),
            outputs=outputs_in(_text(home / "output")),
            out=home / "out",
        )

    def clone(self, folder: Path, ref: str) -> Path:
        """As actions/checkout leaves it with `fetch-depth: 0`, at the commit of `ref`."""
        history = self.world.history
        commit = history.commit(ref)
        assert commit is not None
        own = folder / ".git"
        # objects never change, so links to them are copies; git itself would take a dozen processes
        shutil.copytree(history.folder / "objects", own / "objects", copy_function=os.link)
        (own / "refs").mkdir()
        (own / "HEAD").write_text(f"{commit}\n")
        (own / "config").write_text(CONFIG.format(address=f"file://{history.folder}"))
        heads = "".join(f"{sha} refs/remotes/origin/{name}\n" for name, sha in history.branches().items())
        (own / "packed-refs").write_text(f"# pack-refs with: sorted \n{heads}")
        subprocess.run(("git", "reset", "-q", "--hard"), cwd=folder, check=True, capture_output=True)
        return folder

    def evaluate(self, payload: Any = None, **given: Any) -> tuple[Ended, Ended]:
        """The measuring job, then the judging one on what it left."""
        payload = payload or self.payload()
        measured = self.step("measure", payload, token=None, **given)
        self.between()
        given["results"] = measured.outputs.get("report", str(self.scratch / "nothing"))
        return measured, self.step("publish", payload, **given)

    def ours(self) -> list[Comment]:
        return [each for each in self.world.comments if "<!-- remyx-verdict/2 " in each.body]

    def checks(self, name: str = CHECK) -> list[Check]:
        head = self.world.head(self.pull)
        return [each for each in self.world.checks if each.head == head and each.name == name]

    def concluded(self, name: str = CHECK) -> list[str | None]:
        return [each.fields.get("conclusion") for each in self.checks(name)]


def jobs_on(scratch: Path, files: dict[str, str | None] | None = None, **permissions: Any) -> Iterator[Jobs]:
    """A repository whose main holds `files`, and a pull request that proposes `better`."""
    history = History(scratch / "spatial.git")
    history.write("main", FILES if files is None else files)
    history.write("feature/x", {"model.yaml": model("better")}, onto="main")
    world = World(history=history)
    world.allow(TOKEN, **(permissions or MAY_POST))
    pull = world.open_pull("feature/x")
    with serve(world) as stand_in:
        yield Jobs(world=world, stand_in=stand_in, scratch=scratch / "jobs", pull=pull)
    assert [] == world.violations


def outputs_in(text: str) -> dict[str, str]:
    """What a runner reads from GITHUB_OUTPUT: only `name<<delimiter` entries."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if line:
            name, _, delimiter = line.partition("<<")
            value = []
            for inner in lines:
                if inner == delimiter:
                    break
                value.append(inner)
            found[name] = "\n".join(value)
    return found


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
