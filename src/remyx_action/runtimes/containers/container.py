"""One container from its making to its removal."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any

from msgspec import Struct

from remyx_action.runtimes.outcomes import Ending
from remyx_action.runtimes.plan.container import INSIDE, ContainerPlan
from remyx_action.runtimes.plan.run_plan import ArmPlan

from .engine import Engine, EngineLostError, EngineRefusedError, asked, gone_already
from .files import OUT_OF_ROOM, TOTAL_CAP_BYTES, TooMuchError, first_file, packed, unpacked
from .stream import Stream, whole_lines

NOBODY = "65532:65532"
"""The user of an image that names none, or root: a number that no usual system gives to anybody."""
_LEAST_BYTES = 64 * 1024 * 1024
_PASSWD_CAP_BYTES, _MOST_LINKS = 1 << 20, 3
_ROOT = re.compile(r"[+-]?0+|root|")
"""Engines read a user's number as Go does, signs and leading zeros included."""


def host_config(api: Any, plan: ContainerPlan, engine_bytes: int) -> Any:
    """Settings for `create_container`; `engine_bytes`: the engine's memory, 0 where it is unknown."""
    import docker

    memory = plan.memory_bytes or max(int(engine_bytes * plan.memory_share), _LEAST_BYTES)
    gpus = -1 if plan.gpus == "all" else plan.gpus
    requests = [docker.types.DeviceRequest(count=gpus, capabilities=[["gpu"]])] if gpus else None
    return api.create_host_config(
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        init=True,
        network_mode=plan.network,
        mem_limit=memory,
        memswap_limit=memory,  # the same: no swap in addition
        shm_size=memory // 2,  # counts as memory; the engine's own 64 MiB stop loaders of data
        pids_limit=plan.pids,
        ulimits=[docker.types.Ulimit(name="fsize", soft=TOTAL_CAP_BYTES, hard=TOTAL_CAP_BYTES)],
        nano_cpus=None if plan.cpus is None else int(plan.cpus * 1e9),
        tmpfs=dict.fromkeys(plan.tmpfs, "rw,nosuid,nodev,exec,mode=1777"),
        mounts=[docker.types.Mount(target=INSIDE, source=None, type="volume")],
        device_requests=requests,
        log_config=docker.types.LogConfig(type="none"),  # read as it comes; no copy fills the engine's disk
    )


def user_of(plan: ContainerPlan, image: Any) -> str:
    """The user that runs the container; `image`: what the engine answers about its image."""
    declared = str((image.get("Config") or {}).get("User") or "")
    if plan.user is not None:
        return plan.user
    return NOBODY if is_root(declared) else declared


def is_root(user: str) -> bool:
    """Whether an image's user, with or without a group, is root in any spelling of its name or number."""
    return _ROOT.fullmatch(user.partition(":")[0].strip()) is not None


def is_root_in(passwd: bytes, name: str) -> bool:
    """Whether the first entry of a name has the number 0, also of a name that looks like a number."""
    for line in passwd.split(b"\n"):
        entry = [part.strip() for part in line.strip().split(b":")]
        if entry[0] == name.encode():
            return len(entry) < 3 or is_root(entry[2].decode("utf-8", "replace"))
    return False


GRACE_SECONDS = 2
"""Between asking and killing; a cancelled job on GitHub's runners has 7.5 seconds."""
_POLL_SECONDS = 0.1
_END_SECONDS = 10.0


class NotEndedError(Exception):
    """The engine cannot end a container."""


class ContainerExit(Struct, frozen=True, kw_only=True):
    """How a container ended; its output is in the arm's folder."""

    ending: Ending
    code: int
    out_of_memory: bool
    """The kernel ended one of its processes for memory."""
    notes: tuple[str, ...]


class ArmContainer:
    """One arm's container, of an image that is there."""

    def __init__(
        self, engine: Engine, arm: ArmPlan, image: str, on_output: Callable[[bytes], object]
    ) -> None:
        assert arm.container is not None
        self._engine, self._api = engine, engine.api
        self._arm, self._plan, self._image = arm, arm.container, image
        self._on_output = on_output
        self._warnings: list[str] = []

    def run(self, stop: threading.Event) -> ContainerExit:
        """Run it to its end and take out what it wrote; nothing of it is left on the engine.

        All of its processes are in one PID namespace, which the kernel ends with its first process: nobody
        is left when its output is read. RefusedError where it cannot be made or started, NotEndedError where
        it cannot be ended, EngineLostError where the engine is gone.
        """
        container = self._create()
        try:
            self._copy_in(container)
            ending = self._run_to_end(container, stop)
            with asked():
                state = self._api.inspect_container(container)["State"]
            if state.get("Running") or state.get("Paused"):
                raise NotEndedError(f"the engine says that it is {state.get('Status', 'running')}")
            return ContainerExit(
                ending=ending,
                code=int(state["ExitCode"]),
                out_of_memory=bool(state.get("OOMKilled")),
                notes=(*self._warnings, *self._copy_out(container)),
            )
        finally:
            with suppress(EngineLostError, EngineRefusedError), asked(), gone_already():
                self._api.remove_container(container, force=True, v=True)

    def _run_to_end(self, container: str, stop: threading.Event) -> Ending:
        """Start it and log its output, with the connection closed again in every case."""
        from docker.utils.socket import frames_iter

        with asked():
            attached = self._api.attach_socket(container, params={"stdout": 1, "stderr": 1, "stream": 1})
        stream = Stream(whole_lines(frames_iter(attached, tty=False)))
        try:
            with asked():
                self._api.start(container)
            return self._follow(container, stream, stop)
        finally:
            _disconnect(attached, stream)

    def _create(self) -> str:
        """A container that is not root's, unless the template says so; its id."""
        with asked():
            user = user_of(self._plan, self._api.inspect_image(self._image))
        for one in dict.fromkeys((user, NOBODY)):
            container = self._created(one)
            if self._plan.user is not None or not self._is_root_there(container, one):
                return container
            with asked():
                self._api.remove_container(container, force=True, v=True)
        raise EngineRefusedError(f"the image's /etc/passwd makes root of {NOBODY.partition(':')[0]}")

    def _is_root_there(self, container: str, user: str) -> bool:
        """Whether the image's own passwd gives a user the number 0; one that cannot be read may."""
        path, name = "/etc/passwd", user.partition(":")[0]
        for _ in range(_MOST_LINKS):
            try:
                with asked():
                    stream, about = self._api.get_archive(container, path)
            except EngineRefusedError:
                return False  # without one, a number is that number, and a name is refused at the start
            try:
                with asked():
                    passwd = first_file(stream, cap_bytes=_PASSWD_CAP_BYTES)
            finally:
                stream.close()
            if passwd is not None:
                return is_root_in(passwd, name)
            path = str(about.get("linkTarget") or path)
        return user != NOBODY

    def _created(self, user: str) -> str:
        plan = self._plan
        with asked():
            made = self._api.create_container(
                self._image,
                command=list(self._arm.command) or None,
                environment=dict(self._arm.environment),
                user=user,
                labels={self._engine.label: self._engine.owner, self._engine.arm_label: "true"},
                use_config_proxy=False,  # an address there may hold a password
                host_config=host_config(self._api, plan, self._engine.memory_bytes),
            )
        self._warnings = [f"the engine: {one}" for one in made.get("Warnings") or []]
        return str(made["Id"])

    def _copy_in(self, container: str) -> None:
        try:
            tar = packed(self._plan.brought, output=self._plan.output)
        except OSError as error:
            if error.errno in OUT_OF_ROOM:
                raise  # no fault of what it is to read
            what = f"{error.filename}: {(error.strerror or 'unknown error').lower()}"
            raise EngineRefusedError(f"what it is to read cannot be read: {what}") from error
        with tar, asked():
            self._api.put_archive(container, INSIDE, tar)

    def _follow(self, container: str, stream: Stream, stop: threading.Event) -> Ending:
        """Log its output until it ends by itself, its time is over, or `stop` is set."""
        deadline = time.monotonic() + self._arm.timeout_seconds
        while not self._is_over(container, stream):
            self._on_output(stream.next(_POLL_SECONDS) or b"")
            if stop.is_set() or time.monotonic() >= deadline:
                self._end(container, gently=stop.is_set())
                self._log_the_rest(stream)
                return "stopped" if stop.is_set() else "timed out"
        return "exited"

    def _is_over(self, container: str, stream: Stream) -> bool:
        """Whether it has ended: a container that closed its output may go on in silence."""
        if not stream.is_over:
            return False
        if stream.error is not None:
            with asked():
                raise stream.error
        with asked():
            running = bool(self._api.inspect_container(container)["State"]["Running"])
        if running:
            time.sleep(_POLL_SECONDS)
        return not running

    def _end(self, container: str, *, gently: bool) -> None:
        with suppress(EngineRefusedError), asked(), gone_already():
            if gently:
                self._api.stop(container, timeout=GRACE_SECONDS)
            else:
                self._api.kill(container)

    def _log_the_rest(self, stream: Stream) -> None:
        deadline = time.monotonic() + _END_SECONDS
        while not stream.is_over and time.monotonic() < deadline:
            self._on_output(stream.next(_POLL_SECONDS) or b"")

    def _copy_out(self, container: str) -> tuple[str, ...]:
        """Write its output folder's files into the arm's; notes on what was left in the container."""
        with asked():
            stream, _ = self._api.get_archive(container, self._plan.output)
        try:
            with asked():
                return tuple(unpacked(stream, Path(self._arm.output_folder)))
        except TooMuchError as too_much:
            return (f"the output folder holds {too_much}: what came first was taken out",)
        finally:
            stream.close()  # or the engine answers the removal only once the client gives up


def _disconnect(attached: Any, stream: Stream) -> None:
    """Close what `attach_socket` gave: a file over a socket, or with TLS the socket itself."""
    socket: Any = getattr(attached, "_sock", attached)
    with suppress(OSError):
        socket.shutdown(SHUT_RDWR)  # wakes the reader, where the container still runs
    stream.close()
    response = getattr(attached, "_response", None)
    if response is not None:
        response.close()  # from the top: once the file below is closed, Python 3.13 and later print an error
    attached.close()
    socket.close()
