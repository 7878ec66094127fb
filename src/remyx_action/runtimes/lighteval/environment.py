"""lighteval's own environment: made by uv where it is first needed, kept in the user's cache, shared by runs.

It is made in a neighbouring folder and moved to its place whole, under a lock, so that two programs at once
make one environment and neither sees half of it.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from remyx_action.errors import NotJudged
from remyx_action.runtimes.plan.lighteval import LIGHTEVAL_VERSION
from remyx_action.runtimes.plan.variables import KEPT, passed_through


def uv_command(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The words that start uv; None where there is none."""
    if found := shutil.which("uv", path=environment.get("PATH")):
        return (found,)
    if importlib.util.find_spec("uv") is not None:
        return (sys.executable, "-m", "uv")
    return None


PYTORCH_INDEX = "https://download.pytorch.org/whl/cpu"
"""Where torch for the CPU comes from on an ordinary network."""
SIZE = "1.9 GB"
TIME = "one to three minutes"
NEEDED_BYTES = 4 * 1024**3
"""Free space: the environment and, while it is made, what is downloaded."""
MAKING_SECONDS = 1800
READING_SECONDS = 120
READY = "ready.json"
"""In a finished environment: what is installed there."""

BELOW = {"huggingface-hub": 2, "xxhash": 4}
"""Package → the first major version with which this lighteval runs no task."""
_OF_UV = ("UV_HTTP_TIMEOUT", "UV_INSECURE_HOST", "UV_KEYRING_PROVIDER")
"""Variables passed to uv besides those of every harness and `UV_INDEX*`: an index can need a password."""

FROM_SOURCE = "rouge-score"
"""The one package without a wheel; nothing else may run code while it is installed."""

OWN = "or name a Python that has lighteval as model.python in the template"


_LIST = """
import importlib.metadata, json, sys
found = {one.name.lower().replace("_", "-"): one.version for one in importlib.metadata.distributions()}
if "--import" in sys.argv:
    import datasets, lighteval, torch, transformers
print(json.dumps(found))
"""


def requirements() -> str:
    """The lock: every package of the environment, pinned, and every one but torch with its hashes."""
    return (files("remyx_action") / "runtimes" / "lighteval" / "requirements.txt").read_text("utf-8")


def child_folder() -> Path:
    """The program that runs an arm, as a Python without this package can start it."""
    return Path(str(files("remyx_action") / "runtimes" / "lighteval" / "child"))


def environment_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the environment of this lock and this Python, made or not."""
    home = environ.get("HOME") or str(Path.home())
    cache = Path(environ.get("XDG_CACHE_HOME") or Path(home, ".cache"))
    of = f"{requirements()}\n{platform.python_version()} {sys.platform} {platform.machine()}"
    return cache / "remyx-action" / f"lighteval-{sha256(of.encode()).hexdigest()[:16]}"


def lighteval_python(named: str | None, *, environ: Mapping[str, str], say: Callable[[str], None]) -> str:
    """Path of a Python that has the pinned lighteval: the named one (absolute), or our own environment's.

    NotJudged where the named one has another version, or ours cannot be made.
    """
    if named is not None:
        _checked(Path(named), environ)
        return named
    folder = environment_folder(environ)
    if not (folder / READY).is_file():
        with _only_maker(folder, say):
            if not (folder / READY).is_file():
                _make(folder, environ, say)
    return str(_python_of(folder))


def _python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def packages(named: str | None, *, environ: Mapping[str, str]) -> str:
    """Those that an arm runs with, as text: of the named Python, or of our own environment's lock.

    NotJudged where the named one cannot be used.
    """
    if named is None:
        return requirements()
    return json.dumps(_checked(Path(named), environ), sort_keys=True)


def _checked(python: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    try:
        found = installed(python, environ=environ)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise NotJudged(
            f"model.python: {python} cannot be used: {_last_line(error)}",
            help=f"name a Python in whose environment lighteval {LIGHTEVAL_VERSION} is installed",
        ) from error
    unfit = list(_unfit(found))
    if unfit:
        raise NotJudged(
            f"model.python: {python} has {'; '.join(unfit)}",
            help=f"install `lighteval=={LIGHTEVAL_VERSION} huggingface_hub<2 xxhash<4` there",
        )
    return found


def _unfit(found: Mapping[str, str]) -> Iterator[str]:
    """Yield in words what of an environment lighteval cannot run with."""
    version = found.get("lighteval")
    if version != LIGHTEVAL_VERSION:
        yield f"{f'lighteval {version}' if version else 'no lighteval'}, and {LIGHTEVAL_VERSION} is needed"
    for name, major in BELOW.items():
        version = found.get(name, "")
        if version.partition(".")[0].isdecimal() and int(version.partition(".")[0]) >= major:
            yield f"{name.replace('-', '_')} {version}, and <{major} is needed"


def installed(python: Path, *, environ: Mapping[str, str], importing: bool = False) -> Mapping[str, str]:
    """Packages of a Python's environment and their versions; `importing` loads the large ones as well."""
    command = [str(python), "-I", "-c", _LIST, *(["--import"] if importing else [])]
    kept, _ = passed_through(environ, [])
    done = subprocess.run(  # noqa: S603 - a Python of our own, or the template's from base
        command,
        env={**kept, "GIT_PYTHON_REFRESH": "quiet", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=READING_SECONDS,
        check=True,
    )
    lines = done.stdout.splitlines()
    found = json.loads(lines[-1]) if lines else None
    if not isinstance(found, dict):
        raise ValueError("it is no Python: it did not list its packages")  # noqa: TRY004 - as for no JSON
    return found


def _last_line(error: Exception) -> str:
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return lines[-1][:300] if lines else type(error).__name__


@contextmanager
def _only_maker(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Nobody else makes the same environment meanwhile; the lock goes with the process."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _cannot(folder, f"its folder cannot be written ({error.strerror})") from error
    with os.fdopen(lock):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another run that is making lighteval's environment")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(folder: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    free_bytes = shutil.disk_usage(folder.parent).free
    if free_bytes < NEEDED_BYTES:
        free, needed = f"{free_bytes / 1e9:.1f} GB", f"{NEEDED_BYTES / 1e9:.1f} GB"
        raise _cannot(folder, f"{free} are free, and {needed} are needed")
    say(f"making lighteval's environment once: {SIZE}, {TIME}, in {folder}")
    began = time.monotonic()
    new = Path(tempfile.mkdtemp(prefix=f"{folder.name}.new-", dir=folder.parent))
    try:
        _install(new, environ)
        found = _verified(folder, new, environ)
        (new / READY).write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
    except OSError as error:
        raise _cannot(folder, error.strerror or str(error)) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    say(f"made lighteval's environment in {time.monotonic() - began:.0f} s")


def _install(new: Path, environ: Mapping[str, str]) -> None:
    found = uv_command(environ)
    if found is None:
        raise _cannot(new, "uv is missing")
    # the current folder is a checkout of the change: an index that its files name is not ours
    uv = [*found, "--no-config"]
    _uv(new, [*uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(new)], environ)
    lines = requirements().splitlines()
    into = ["--quiet", "--python", str(_python_of(new)), "--no-deps", "--compile-bytecode"]
    install = [*uv, "pip", "install", *into, "--only-binary=:all:"]
    torch, others = new / "torch.txt", new / "others.txt"
    torch.write_text("\n".join(line for line in lines if line.startswith("torch==")) + "\n", "utf-8")
    others.write_text("\n".join(line for line in lines if not line.startswith("torch==")) + "\n", "utf-8")
    _install_torch(new, [*install, "-r", str(torch)], environ)
    hashed = ["--require-hashes", f"--no-binary={FROM_SOURCE}", f"--build-constraints={others}"]
    _uv(new, [*install, *hashed, "-r", str(others)], environ)


def _install_torch(new: Path, install: Sequence[str], environ: Mapping[str, str]) -> None:
    """From the first place that has the wheel: given folders, the person's own indexes, PyTorch's."""
    found = environ.get("UV_FIND_LINKS") or environ.get("PIP_FIND_LINKS")
    places: list[list[str]] = [[]]
    if found:
        folders = [f"--find-links={place}" for place in found.replace(",", " ").split()]
        places.insert(0, ["--no-index", *folders])
    if sys.platform == "linux":
        places.append(["--default-index", PYTORCH_INDEX])
    for place in places[:-1]:
        try:
            _uv(new, [*install, *place], environ)
        except NotJudged:
            continue
        return
    _uv(new, [*install, *places[-1]], environ)


def _uv(new: Path, command: Sequence[str], environ: Mapping[str, str]) -> None:
    names = [name for name in environ if name in {*KEPT, *_OF_UV} or name.startswith("UV_INDEX")]
    given, _ = passed_through(environ, names)
    try:
        subprocess.run(  # noqa: S603 - uv, with arguments of our own
            command, env=given, cwd=new, capture_output=True, text=True, timeout=MAKING_SECONDS, check=True
        )
    except subprocess.CalledProcessError as error:
        printed = " ".join(error.stderr.split())[-600:]
        raise _cannot(new, f"uv ended with exit code {error.returncode}: {printed}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _cannot(new, str(error)) from error


def _verified(folder: Path, new: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    try:
        found = installed(_python_of(new), environ=environ, importing=True)
    except (subprocess.SubprocessError, ValueError) as error:
        raise _cannot(folder, f"it does not work: {_last_line(error)}") from error
    unwanted = sorted(name for name in found if name.startswith("nvidia"))
    if found.get("lighteval") != LIGHTEVAL_VERSION or unwanted:
        raise _cannot(folder, f"it holds something else than its lock: {', '.join(unwanted) or 'lighteval'}")
    return found


def _cannot(folder: Path, what: str) -> NotJudged:
    return NotJudged(
        f"lighteval's environment ({SIZE}, {TIME}) cannot be made: {what}",
        help=f"let uv reach an index that has torch for the CPU, make room below {folder.parent}, {OWN}",
    )
