"""The settings of a job on GitHub: the runner's environment and its event file, as one frozen value.

Names of the runner's variables: https://docs.github.com/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal, cast, get_args
from urllib.parse import urlsplit

from remyx_action.errors import Problem, WrongUsage

from .events import BranchEvent, Event, is_plain, parse_event, shown

if TYPE_CHECKING:
    from remyx_action.project.models.shard import Shard

Mode = Literal["run", "open", "plan", "measure", "publish", "cache", "record", "check", "doctor"]
CommentMode = Literal["always", "on-change", "on-block", "never"]
FailOn = Literal["policy", "never"]

LARGEST_EVENT_BYTES = 26_214_400
"""GitHub caps a webhook payload at 25 MB."""


@dataclass(frozen=True, kw_only=True)
class ActionInputs:
    """The action's inputs; an empty variable is one that was not given."""

    mode: Mode
    template: str | None
    """None: the only one, or every one whose paths the change touches."""
    policy: str | None
    variant: str | None
    results: str | None
    comment: CommentMode
    fail_on: FailOn
    """`never`: report only; the exit code stays 0."""
    working_directory: str
    """Below the repository's root, with `/`; `.` is the root itself."""
    check_id: int | None
    """Of the check that an earlier job opened."""

    @property
    def folder(self) -> str:
        """The project's folder below the repository's root; "" is the root itself."""
        return "" if self.working_directory == "." else self.working_directory


@dataclass(frozen=True, kw_only=True)
class Runner:
    """The machine that the job runs on, and the GitHub that it belongs to."""

    api_url: str
    server_url: str
    repository: str
    """`owner/name`."""
    run_id: int
    run_attempt: int
    token: str | None = field(repr=False)
    """None: nothing can be published."""
    summary_file: Path | None
    output_file: Path | None
    shard: Shard | None = None
    """How much of the evaluation this job measures: `REMYX_SHARD` (`3/8`) and `REMYX_SAMPLES`; None: all."""
    cache: Path | None = None
    """Where a job on the default branch cached baseline arms."""
    workflow: str | None = None
    """The workflow that runs, as `owner/name/path`."""
    repository_id: int | None = None
    token_of_job: bool = False
    """The token is the workflow's own, so GitHub Actions is the author of what is posted with it."""
    sleep: Callable[[float], object] = time.sleep
    """Waits a number of seconds, for a rate limit to pass."""

    verdicts: str = ""
    """`REMYX_VERDICTS`: the output of the job that published, for the one that records; JSON."""
    action: str | None = None
    """`owner/name@ref` of this very action; None where it runs from a checkout or elsewhere."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By variable, what the caller of a workflow hands to its measuring job: `REMYX_SECRETS`."""

    @property
    def guide_url(self) -> str | None:
        """The page that says how to read a verdict; None where the action's repository is not known."""
        if self.action is None:
            return None
        repository, _, ref = self.action.partition("@")
        return f"{self.server_url}/{repository}/blob/{ref}/docs/guide/reading-a-verdict.md"

    @property
    def run_url(self) -> str:
        """The page of this very attempt."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}/attempts/{self.run_attempt}"


@dataclass(frozen=True, kw_only=True)
class Settings:
    event: Event | None
    """None on a person's own machine."""
    runner: Runner | None
    """None exactly where there is no event."""
    inputs: ActionInputs


class SettingsWrong(WrongUsage):
    """Carries every problem that the environment has; the path of each is the variable's name."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        lines = [f"{each.path}: {each.message}\n  help: {each.help}" for each in problems]
        super().__init__(
            f"{len(problems)} settings are wrong\n" + "\n".join(lines),
            help="correct the workflow file that starts the action",
        )
        self.problems = problems


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of this process; the event file is the only thing read.

    Raises SettingsWrong with every variable that is wrong, or WrongUsage for the event.
    """
    path = environment.get("GITHUB_EVENT_PATH")
    return parse_settings(environment, _read_payload(Path(path)) if path else None)


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """Return where jobs find and leave cached baseline arms; GitHub's cache carries it between them."""
    temporary = environment.get("RUNNER_TEMP")
    return Path(temporary) / "remyx-cache" if temporary else None


def is_trusted(environment: Mapping[str, str]) -> bool:
    """Return whether what this process measures may be cached: on the default branch, or off GitHub."""
    name = environment.get("GITHUB_EVENT_NAME")
    path = environment.get("GITHUB_EVENT_PATH")
    if not name:
        return True
    try:
        payload = _read_payload(Path(path)) if path else None
        event = parse_event(name, payload, environment.get("GITHUB_REF", ""))
    except WrongUsage:
        return False
    return isinstance(event, BranchEvent) and event.on_default_branch


def parse_settings(environment: Mapping[str, str], payload: object) -> Settings:
    """Return the settings from values: the environment and the event's JSON."""
    variables = _Variables(environment, [])
    inputs = _inputs(variables)
    name = environment.get("GITHUB_EVENT_NAME", "")
    runner = _runner(variables) if name else None
    if variables.problems:
        raise SettingsWrong(tuple(variables.problems))
    event = parse_event(name, payload, environment.get("GITHUB_REF", "")) if name else None
    return Settings(event=event, runner=runner, inputs=inputs)


def _read_payload(path: Path) -> object:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_EVENT_BYTES + 1)
        if len(raw) > LARGEST_EVENT_BYTES:
            raise _unreadable("is larger than the 25 MB that GitHub sends")
        return json.loads(raw.decode())
    except OSError as failure:
        raise _unreadable(f"cannot be read: {failure.strerror}") from None
    except (ValueError, RecursionError):
        raise _unreadable("does not hold JSON") from None


def _unreadable(message: str) -> WrongUsage:
    return WrongUsage(f"the event file {message}", help="run the action in a GitHub workflow")


class _Variables:
    """Reads variables one by one and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str], problems: list[Problem]) -> None:
        self.environment = environment
        self.problems = problems

    def refuse(self, name: str, message: str, help: str) -> None:
        self.problems.append(Problem(path=name, code="setting", message=message, help=help))

    def checked(self, name: str, accepts: Callable[[str], bool], wanted: str, default: str = "") -> str:
        value = self.environment.get(name, "") or default
        if not value:
            self.refuse(name, "is not set", f"give {wanted}")
        elif not accepts(value):
            self.refuse(name, f"{shown(value)} is not {wanted}", f"give {wanted}")
        return value

    def optional(self, name: str) -> str | None:
        value = self.environment.get(name, "").strip()
        if value and not is_plain(value):
            self.refuse(name, "holds a control character or more than 1024", "give one line of plain text")
        return value or None

    def choice(self, name: str, words: tuple[str, ...]) -> str:
        wanted = f"one of {', '.join(words)}"
        return self.checked(name, words.__contains__, wanted, default=words[0])

    def number(self, name: str) -> int:
        value = self.checked(name, _is_count, "a whole number above 0")
        return int(value) if _is_count(value) else 0

    def count(self, name: str) -> int | None:
        value = self.environment.get(name, "").strip()
        return self.number(name) if value else None

    def file(self, name: str) -> Path | None:
        value = self.environment.get(name, "")
        return Path(value) if value else None


def _inputs(variables: _Variables) -> ActionInputs:
    return ActionInputs(
        mode=cast(Mode, variables.choice("REMYX_MODE", get_args(Mode))),
        template=variables.optional("REMYX_TEMPLATE"),
        policy=variables.optional("REMYX_POLICY"),
        variant=variables.optional("REMYX_VARIANT"),
        results=variables.optional("REMYX_RESULTS"),
        comment=cast(CommentMode, variables.choice("REMYX_COMMENT", get_args(CommentMode))),
        fail_on=cast(FailOn, variables.choice("REMYX_FAIL_ON", get_args(FailOn))),
        working_directory=str(
            PurePosixPath(
                variables.checked(
                    "REMYX_WORKING_DIRECTORY", _is_below, "a folder below the repository's root", default="."
                )
            )
        ),
        check_id=variables.count("REMYX_CHECK_ID"),
    )


def _runner(variables: _Variables) -> Runner:
    token = variables.environment.get("REMYX_TOKEN", "")
    if token and not re.fullmatch(r"[\x21-\x7e]{1,4096}", token):
        variables.refuse(
            "REMYX_TOKEN", "holds a space or a line break", "pass `${{ github.token }}` as it is"
        )
    return Runner(
        api_url=_address(variables, "GITHUB_API_URL", "https://api.github.com"),
        server_url=_address(variables, "GITHUB_SERVER_URL", "https://github.com"),
        repository=variables.checked("GITHUB_REPOSITORY", _is_repository, "`owner/name`"),
        run_id=variables.number("GITHUB_RUN_ID"),
        run_attempt=variables.number("GITHUB_RUN_ATTEMPT"),
        token=token or None,
        summary_file=variables.file("GITHUB_STEP_SUMMARY"),
        output_file=variables.file("GITHUB_OUTPUT"),
        shard=_shard(variables),
        cache=cache_folder(variables.environment),
        workflow=(variables.optional("GITHUB_WORKFLOW_REF") or "").partition("@")[0] or None,
        repository_id=variables.count("GITHUB_REPOSITORY_ID"),
        token_of_job=variables.environment.get("REMYX_TOKEN_OF_JOB") == "true",
        verdicts=variables.environment.get("REMYX_VERDICTS", ""),
        action=_action(variables.environment.get("REMYX_ACTION", "")),
        secrets=_secrets(variables),
    )


def _action(value: str) -> str | None:
    repository, _, ref = value.partition("@")
    known = _is_repository(repository) and re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._-]*", ref)
    return value if known else None


def _secrets(variables: _Variables) -> dict[str, str]:
    """Return the lines `NAME=value`; a problem names the line alone, since its text may be a secret's."""
    secrets: dict[str, str] = {}
    for number, line in enumerate(variables.environment.get("REMYX_SECRETS", "").splitlines(), start=1):
        name, equals, value = line.strip().partition("=")
        if not name and not equals:
            continue
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name in secrets:
            variables.refuse(
                "REMYX_SECRETS",
                f"line {number} is not NAME=value, or names a variable for the second time",
                "write `NAME=${{ secrets.NAME }}` for each; encode a value of several lines (base64)",
            )
            break
        secrets[name] = value
    return secrets


def _shard(variables: _Variables) -> Shard | None:
    text = variables.environment.get("REMYX_SHARD", "").strip()
    samples = variables.count("REMYX_SAMPLES")
    if not text and samples is None:
        return None
    from remyx_action.project.models.shard import SHARD_HELP, WHOLE, read_shard

    shard = read_shard(text or "0/1")
    if shard is None:
        variables.refuse("REMYX_SHARD", f"{shown(text)} is no shard", SHARD_HELP)
        shard = WHOLE
    return shard.with_samples(samples)


def _address(variables: _Variables, name: str, default: str) -> str:
    return variables.checked(name, _is_address, "an https address without a login", default).rstrip("/")


def _is_count(value: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{0,18}", value) is not None


def _is_repository(value: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+", value) is not None


def _is_below(value: str) -> bool:
    path = PurePosixPath(value)
    return is_plain(value) and not path.is_absolute() and ".." not in path.parts and "\\" not in value


def _is_address(value: str) -> bool:
    """Plain http is for enterprise servers that a company runs without a certificate, and for tests."""
    if not is_plain(value) or re.search(r"\s", value):
        return False
    try:
        parts = urlsplit(value)
        return (
            parts.scheme in {"https", "http"}
            and bool(parts.hostname)
            and parts.username is None
            and not (parts.query or parts.fragment)
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        return False
