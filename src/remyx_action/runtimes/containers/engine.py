"""A container engine: found, called, and left as it was."""

from __future__ import annotations

import os
import tarfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from remyx_action.errors import NotJudged

LABELS = "remyx-action."
"""What the names of all labels begin with that a run gives."""
_CALL_SECONDS = 60
_CLEAN_SECONDS = 10.0
_HELP = "start one (`systemctl start docker`), or name it with DOCKER_HOST, such as unix:///run/user/1000/docker.sock"


class EngineLostError(Exception):
    """The engine no longer answers."""


class EngineRefusedError(Exception):
    """The engine answered that it cannot do this; its words."""


class Engine:
    """A connection, and the label of the one run that uses it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """NotJudged where no engine answers."""
        import docker
        import requests

        address = _address(environment)
        known = docker.utils.kwargs_from_env(environment={**environment, "DOCKER_HOST": address})
        try:
            self.api: Any = docker.APIClient(
                **known, version="auto", timeout=_CALL_SECONDS, use_ssh_client=address.startswith("ssh://")
            )
            self.facts: Mapping[str, Any] = self.api.info()
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            what = _reason(error)
            raise NotJudged(f"no container engine answers at {address}: {what}", help=_HELP) from error
        run = uuid.uuid4().hex  # in the names, so that no Dockerfile can give one of them another value
        self.owner = _owner()
        self.label = f"{LABELS}run.{run}"
        """On everything that the run makes; its value is the owner."""
        self.arm_label = f"{LABELS}arm.{run}"
        """On an arm's container, apart from those of build steps."""
        with suppress(EngineLostError, EngineRefusedError):
            self._remove_orphans()

    @property
    def memory_bytes(self) -> int:
        """Memory of the engine's machine."""
        return int(self.facts.get("MemTotal") or 0)

    def close(self) -> None:
        """Remove every container and image of this run; a dead engine's are removed by the next run."""
        deadline = time.monotonic() + _CLEAN_SECONDS
        while True:
            try:
                self._remove(self.label)
            except (EngineLostError, EngineRefusedError):
                if time.monotonic() < deadline:
                    time.sleep(0.2)  # an engine that is started again, or a container on its way out
                    continue
            break
        self.api.close()

    def _remove(self, label: str) -> None:
        """Remove everything with the label; an image can go only after those built on it, so in rounds."""
        with asked():
            for container in self.api.containers(all=True, filters={"label": label}):
                with gone_already():
                    self.api.remove_container(container["Id"], force=True, v=True)
            if self.api.containers(all=True, filters={"label": label}):
                raise EngineRefusedError("containers are still on their way out")
            before = -1
            while len(images := self.api.images(filters={"label": label})) not in {0, before}:
                before = len(images)
                for image in images:
                    with gone_already():
                        self.api.remove_image(image["Id"], force=True)
            if images:
                raise EngineRefusedError(f"{len(images)} images are still in use")

    def _remove_orphans(self) -> None:
        """Remove what is left of runs on this machine that were killed before they could clean up."""
        with asked():
            made = [*self.api.containers(all=True), *self.api.images()]
        labels = {label for one in made for label in (one.get("Labels") or {}).items()}
        for name, owner in sorted(labels):
            if name.startswith(f"{LABELS}run.") and _is_orphaned(owner):
                self._remove(name)


@contextmanager
def asked() -> Iterator[None]:
    """Raise RefusedError for an error that the engine answered, EngineLostError for any other one."""
    import docker
    import requests
    import urllib3

    try:
        yield
    except docker.errors.APIError as error:
        raise EngineRefusedError(str(error.explanation or error)) from error
    except docker.errors.DockerException as error:
        raise EngineRefusedError(str(error)[:200]) from error
    except (
        docker.errors.StreamParseError,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        tarfile.TarError,  # a stream that broke off
        OSError,
        EOFError,
    ) as error:
        raise EngineLostError(str(error)[:200]) from error


@contextmanager
def gone_already() -> Iterator[None]:
    """Pass over an answer that something is gone already, or is being removed."""
    import docker

    try:
        yield
    except docker.errors.NotFound:
        pass
    except docker.errors.APIError as error:
        if error.status_code != 409:  # its removal is under way
            raise


def _address(environment: Mapping[str, str]) -> str:
    """DOCKER_HOST, else the first socket that exists: the system's, a rootless engine's, Docker Desktop's."""
    if environment.get("DOCKER_HOST"):
        return environment["DOCKER_HOST"]
    places = ["/var/run/docker.sock"]
    if environment.get("XDG_RUNTIME_DIR"):
        places.append(f"{environment['XDG_RUNTIME_DIR']}/docker.sock")
    if environment.get("HOME"):
        places.append(f"{environment['HOME']}/.docker/run/docker.sock")
    return f"unix://{next((place for place in places if Path(place).exists()), places[0])}"


def _reason(error: BaseException) -> str:
    """The system's own message, where the client wraps it in others."""
    inner: BaseException | None = error
    while inner is not None:
        wrapped = [one for one in (inner, *inner.args) if isinstance(one, BaseException)]
        for one in (*wrapped, *(part for each in wrapped for part in each.args)):
            if isinstance(one, OSError) and one.strerror:
                return one.strerror.lower()
        inner = inner.__cause__ or inner.__context__
    return str(error).split("\n", maxsplit=1)[0][:200]


def _owner() -> str:
    """This process among all that ever ran on this machine; "" where the system does not tell."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        names = str(Path("/proc/self/ns/pid").readlink())
        return f"{boot}/{names}/{os.getpid()}-{_born(os.getpid())}"
    return ""


def _is_orphaned(owner: str) -> bool:
    """Whether a run of this very boot and process namespace has ended without cleaning up."""
    own = _owner()
    if not owner or owner.rpartition("/")[0] != own.rpartition("/")[0]:
        return False
    pid, _, born = owner.rpartition("/")[2].partition("-")
    if not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:  # somebody else's: it lives
        return False
    return _born(int(pid)) not in {born, ""}  # another one with its number


def _born(pid: int) -> str:
    """Start of a process, in ticks since boot (proc(5)); "" for one that does not exist."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19].decode()
    return ""
