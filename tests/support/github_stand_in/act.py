"""Runs a repository's real workflow file with nektos/act against the stand-in, as a runner would.

Each job gets a token that may do what `permissions:` in the file allows it, or only read for a fork.
What differs from GitHub: third-party actions are the folders in `actions/` (listed in STAND_INS), and
`concurrency:` is not looked at.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .server import StandIn

JSON = Any
ROOT = Path(__file__).parents[3]
ACTIONS = Path(__file__).parent / "actions"
STAND_INS = {
    "actions/cache": ACTIONS / "cache",
    "actions/checkout": ACTIONS / "checkout",
    "actions/upload-artifact": ACTIONS / "upload-artifact",
    "actions/download-artifact": ACTIONS / "download-artifact",
    "astral-sh/setup-uv": ACTIONS / "setup-uv",
}
TIMEOUT_SECONDS = 600

SHELL = """#!/bin/bash
# act empties a step's summary and drops it with the job: keep what every step wrote;
# act gives every job the same token: make it the job's own
[ -n "$STAND_IN_INSIDE" ] && exec /bin/bash "$@"
for name in $(compgen -e); do
  [ "$name" = STAND_IN_TOKEN ] && continue
  [ "${!name}" = "$STAND_IN_TOKEN" ] && export "$name=$STAND_IN_TOKEN.$GITHUB_JOB"
done
STAND_IN_INSIDE=1 /bin/bash "$@"; code=$?
[ -s "$GITHUB_STEP_SUMMARY" ] && cat "$GITHUB_STEP_SUMMARY" >> "$STAND_IN_SUMMARIES/$GITHUB_JOB.md"
exit $code
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What one run of a workflow left behind."""

    jobs: dict[str, str]
    """success · failure per job id, the worst of a matrix; a skipped job is absent."""
    log: str
    summaries: dict[str, str]
    """Markdown per job id."""
    artifacts: Path
    """A folder per artifact of this run."""


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A machine on which workflows of the stand-in's repository run."""

    stand_in: StandIn
    scratch: Path
    actions: dict[str, Path]
    """`owner/name@ref` of further actions, such as our own, and the folders that stand for them."""

    def run(
        self,
        event_name: str,
        payload: JSON,
        *,
        ref: str,
        run_id: int,
        run_attempt: int = 1,
        from_fork: bool = False,
        environment: dict[str, str] | None = None,
        secrets: dict[str, str] | None = None,
        program: Path | None = None,
    ) -> Ran:
        """Run every workflow that the event starts, from the files at `ref`, and wait for its end.

        `program`: ours, installed on the machine; None: the action has to bring it.
        """
        token = f"ghs-stand-in-{run_id}-{run_attempt}"
        home = self.scratch / f"run-{run_id}-{run_attempt}"
        for name in ("home", "summaries", "shell"):
            (home / name).mkdir(parents=True)
        artifacts = self.scratch / "artifacts"
        (home / "event.json").write_text(json.dumps(payload))
        (home / "shell" / "bash").write_text(SHELL)
        (home / "shell" / "bash").chmod(0o755)
        if program is not None:
            (home / "shell" / program.name).symlink_to(program)
        checkout = self._checkout(home / "checkout", ref)
        for job, permissions in job_permissions(checkout, self.actions).items():
            granted = dict.fromkeys(permissions, "read") if from_fork else permissions
            self.stand_in.world.allow(f"{token}.{job}", **granted)
        given = {
            "GITHUB_API_URL": self.stand_in.address,
            "GITHUB_SERVER_URL": self.stand_in.address.removesuffix("/api/v3"),
            "GITHUB_REPOSITORY": self.stand_in.world.repository,
            "GITHUB_RUN_ID": str(run_id),
            "GITHUB_RUN_ATTEMPT": str(run_attempt),
            "STAND_IN_GIT": str(self.stand_in.world.history.folder),
            "STAND_IN_REF": ref,
            "STAND_IN_TOKEN": token,
            "STAND_IN_ARTIFACTS": str(artifacts),
            "STAND_IN_CACHE": str(self.scratch / "cache"),
            "STAND_IN_SUMMARIES": str(home / "summaries"),
            **(environment or {}),
        }
        done = subprocess.run(
            [
                *self._command(event_name, checkout, home),
                *_flags("--env", given),
                *_flags("-s", {"GITHUB_TOKEN": token, **(secrets or {})}),
            ],
            env={"PATH": f"{home / 'shell'}:{_path_without_this_program()}", "HOME": str(home / "home")},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        return _ran(done.stdout + done.stderr, home / "summaries", artifacts / str(run_id))

    def _checkout(self, folder: Path, ref: str) -> Path:
        """A clone at the ref: act takes workflow files and GITHUB_SHA from it."""
        git = ["git", "-C", str(folder)]
        bare = str(self.stand_in.world.history.folder)
        subprocess.run(["git", "clone", "-q", "--no-checkout", bare, str(folder)], check=True)
        subprocess.run([*git, "fetch", "-q", "origin", ref], check=True)
        subprocess.run([*git, "checkout", "-q", "--detach", "FETCH_HEAD"], check=True)
        address = f"https://github.com/{self.stand_in.world.repository}"
        subprocess.run([*git, "remote", "set-url", "origin", address], check=True)
        return folder

    def _command(self, event_name: str, checkout: Path, home: Path) -> list[str]:
        local = {**_used_stand_ins(checkout, self.actions), **self.actions}
        return [
            str(Path(sys.executable).parent / "act"),
            event_name,
            *("-C", str(checkout), "-e", str(home / "event.json"), "-P", "ubuntu-latest=-self-hosted"),
            *("--no-cache-server", "--no-skip-checkout", "--pull=false", "--json"),
            *_flags("--local-repository", {name: str(folder) for name, folder in local.items()}),
        ]


def forms_of(test: str) -> tuple[str, str]:
    """Where the examples of the two workflows lie: the short forms, unless the name of the test says long."""
    first, _, second = test.partition(" and ")
    forms = ["" if "long_form" in word else "calls/" for word in (first, second or first)]
    return forms[0], forms[1]


def job_permissions(checkout: Path, actions: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """What each job's token may do; without a word in the file, what a careful owner set as the default.

    Jobs of a workflow that is called, too: GitHub starts none that asks for more than its caller has.
    """
    jobs: dict[str, dict[str, Any]] = {}
    for path in checkout.glob(".github/workflows/*.y*ml"):
        workflow = yaml.safe_load(path.read_text())
        default = workflow.get("permissions", {"contents": "read"})
        for name, job in workflow["jobs"].items():
            given = job.get("permissions", default)
            for inner, asked in called_jobs(job, actions).items():
                assert is_within(asked, given), f"{path.name}: {inner} asks for more than {name} has"
                jobs[inner] = _granted(asked)
            jobs[name] = _granted(given)
    return jobs


def called_jobs(job: JSON, actions: Mapping[str, Path]) -> dict[str, dict[str, str]]:
    """Return the permissions of each job of the workflow that a job calls, if it calls one."""
    match = re.fullmatch(r"([\w-]+/[\w.-]+)/(\S+)@([0-9a-f]+)", job.get("uses", ""))
    if match is None:
        return {}
    workflow = yaml.safe_load((actions[f"{match[1]}@{match[3]}"] / match[2]).read_text())
    return {
        name: inner.get("permissions", workflow["permissions"]) for name, inner in workflow["jobs"].items()
    }


LEVELS = ("none", "read", "write")


def is_within(asked: Mapping[str, str], given: Mapping[str, str]) -> bool:
    """Return whether no permission that is asked for is above the one that is given."""
    return all(LEVELS.index(level) <= LEVELS.index(given.get(name, "none")) for name, level in asked.items())


def _granted(given: Mapping[str, str]) -> dict[str, str]:
    return {key.replace("-", "_"): level for key, level in given.items() if level != "none"}


def _path_without_this_program() -> str:
    """A runner's PATH: the action has to bring the program itself."""
    own = str(Path(sys.executable).parent)
    return os.pathsep.join(each for each in os.environ["PATH"].split(os.pathsep) if each != own)


def _flags(flag: str, values: dict[str, str]) -> list[str]:
    return [part for name, value in values.items() for part in (flag, f"{name}={value}")]


def _used_stand_ins(checkout: Path, actions: Mapping[str, Path]) -> dict[str, Path]:
    """`owner/name@ref` of every third-party action that the workflows, those they call and our own name."""
    folders = [checkout, ROOT, *actions.values()]
    paths = [path for folder in folders for path in folder.glob(".github/workflows/*.y*ml")]
    paths += [path for folder in folders for path in folder.glob("action.y*ml")]
    text = "".join(path.read_text() for path in paths)
    used = re.findall(r"uses:\s*[\"']?([\w.-]+/[\w.-]+)(?:/[\w.-]+)*@([\w.-]+)", text)
    return {f"{name}@{ref}": STAND_INS[name] for name, ref in used if name in STAND_INS}


def _ran(output: str, summaries: Path, artifacts: Path) -> Ran:
    jobs: dict[str, str] = {}
    lines = []
    for line in output.splitlines():
        said = json.loads(line) if line.startswith("{") else {"msg": line}
        lines.append(f"{said.get('jobID', 'act')}: {said['msg'].rstrip()}")
        if "jobResult" in said and jobs.get(said["jobID"]) != "failure":
            jobs[said["jobID"]] = said["jobResult"]
    kept = {path.stem: path.read_text() for path in sorted(summaries.glob("*.md"))}
    return Ran(jobs=jobs, log="\n".join(lines), summaries=kept, artifacts=artifacts)
