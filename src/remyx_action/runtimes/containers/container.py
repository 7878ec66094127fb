"""One container from its making to its removal."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any

from msgspec import Struct

from remyx_action.runtimes.outcomes import Ending
from remyx_action.runtimes.plan.container import INSIDE, ContainerPlan
from remyx_action.runtimes.plan.plan import ArmPlan

from .engine import ARM, LABEL, Engine, EngineLostError, RefusedError, asked, gone_already
from .files import TOTAL_CAP_BYTES, TooMuchError, packed, unpacked

_MOST_WAITING = 1_000
_UNFINISHED_CAP_BYTES = 64 * 1024


class Flow:
    """Items of a stream, as they come."""

    def __init__(self, stream: Iterable[Any]) -> None:
        self._items: queue.Queue[Any] = queue.Queue(maxsize=_MOST_WAITING)
        self._stream = stream
        self._left = threading.Event()
        self.error: BaseException | None = None
        """What ended the stream, where it did not end by itself."""
        self.is_over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def next(self, wait_seconds: float) -> Any | None:
        """The next item; None where none came in time or, with `is_over`, none will."""
        if self.is_over:
            return None
        try:
            kind, item = self._items.get(timeout=wait_seconds)
        except queue.Empty:
            return None
        if kind == "item":
            return item
        self.is_over, self.error = True, item
        return None

    def leave(self, wait_seconds: float = 1.0) -> None:
        """Read no more; the thread ends with its stream."""
        self._left.set()
        self._thread.join(wait_seconds)

    def _read(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._stream:
                self._put(("item", item))
                if self._left.is_set():
                    break
        except BaseException as found:  # noqa: BLE001 - told to whoever reads
            error = found
        self._put(("end", error))

    def _put(self, item: tuple[str, Any]) -> None:
        while not self._left.is_set():
            try:
                self._items.put(item, timeout=0.1)
            except queue.Full:
                continue
            return


def whole_lines(frames: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    """Lines of either stream (1, 2) as they are completed, so that no half of one lands inside another."""
    unfinished: dict[int, bytes] = {}
    for stream, data in frames:
        text = unfinished.get(stream, b"") + data
        end = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        if len(text) - end > _UNFINISHED_CAP_BYTES:
            end = len(text)
        unfinished[stream] = text[end:]
        if end:
            yield text[:end]
    yield from (text + b"\n" for text in unfinished.values() if text)


NOBODY = "65532:65532"
"""The user of an image that names none, or root: nobody's number on any usual system."""
_LEAST_BYTES = 64 * 1024 * 1024
_ROOT = {"", "0", "root"}


def host_config(api: Any, plan: ContainerPlan, engine_bytes: int) -> Any:
    """For `create_container`; `engine_bytes` is the memory of the engine's machine, 0 where it is unknown."""
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
        memswap_limit=memory,  # the same: no swap beside it
        shm_size=memory // 2,  # counts as memory; the engine's own 64 MiB stop loaders of data
        pids_limit=plan.pids,
        ulimits=[docker.types.Ulimit(name="fsize", soft=TOTAL_CAP_BYTES, hard=TOTAL_CAP_BYTES)],
        nano_cpus=None if plan.cpus is None else int(plan.cpus * 1e9),
        tmpfs=dict.fromkeys(plan.tmpfs, "rw,nosuid,nodev,exec,mode=1777"),
        mounts=[docker.types.Mount(target=INSIDE, source=None, type="volume")],
        device_requests=requests,
        log_config=docker.types.LogConfig(type="none"),  # heard as it comes; no copy fills the engine's disk
    )


def user_of(plan: ContainerPlan, image: Any) -> str:
    """Who runs the container; `image` are the engine's facts about it."""
    declared = str((image.get("Config") or {}).get("User") or "")
    if plan.user is not None:
        return plan.user
    return NOBODY if declared.partition(":")[0] in _ROOT else declared


GRACE_SECONDS = 2
"""Between asking and killing; a cancelled job on GitHub's runners has 7.5 seconds."""
_POLL_SECONDS = 0.1
_END_SECONDS = 10.0


class Lived(Struct, frozen=True, kw_only=True):
    """How a container ended, and that its output is here."""

    how: Ending
    code: int
    out_of_memory: bool
    """The kernel ended one of its processes for memory."""
    notes: tuple[str, ...]


class Life:
    """A container of an image that is there, for one arm."""

    def __init__(self, engine: Engine, arm: ArmPlan, image: str, hear: Callable[[bytes], None]) -> None:
        assert arm.container is not None
        self._engine, self._api = engine, engine.api
        self._arm, self._plan, self._image = arm, arm.container, image
        self._hear = hear
        self._warnings: list[str] = []

    def live(self, stop: threading.Event) -> Lived:
        """Run it to its end and take out what it wrote; nothing of it is left on the engine.

        RefusedError where it cannot be made or started, EngineLostError where the engine is gone.
        """
        container = self._made()
        try:
            self._bring(container)
            how = self._heard(container, stop)
            with asked():
                state = self._api.inspect_container(container)["State"]
            return Lived(
                how=how,
                code=int(state["ExitCode"]),
                out_of_memory=bool(state.get("OOMKilled")),
                notes=(*self._warnings, *self._taken_out(container)),
            )
        finally:
            with suppress(EngineLostError, RefusedError), asked(), gone_already():
                self._api.remove_container(container, force=True, v=True)

    def _heard(self, container: str, stop: threading.Event) -> Ending:
        """Start it and listen, with the connection closed again in every case."""
        from docker.utils.socket import frames_iter

        with asked():
            attached = self._api.attach_socket(container, params={"stdout": 1, "stderr": 1, "stream": 1})
        flow = Flow(whole_lines(frames_iter(attached, tty=False)))
        try:
            with asked():
                self._api.start(container)
            return self._follow(container, flow, stop)
        finally:
            _hang_up(attached, flow)

    def _made(self) -> str:
        plan = self._plan
        with asked():
            made = self._api.create_container(
                self._image,
                command=list(self._arm.command) or None,
                environment=dict(self._arm.environment),
                user=user_of(plan, self._api.inspect_image(self._image)),
                labels={LABEL: self._engine.run, ARM: "true"},
                use_config_proxy=False,  # an address there may hold a password
                host_config=host_config(self._api, plan, self._engine.memory_bytes),
            )
        self._warnings = [f"the engine: {one}" for one in made.get("Warnings") or []]
        return str(made["Id"])

    def _bring(self, container: str) -> None:
        try:
            tar = packed(self._plan.brought, output=self._plan.output)
        except OSError as error:
            what = f"{error.filename}: {(error.strerror or 'unknown error').lower()}"
            raise RefusedError(f"what it is to read cannot be read: {what}") from error
        with tar, asked():
            self._api.put_archive(container, INSIDE, tar)

    def _follow(self, container: str, flow: Flow, stop: threading.Event) -> Ending:
        """Listen until it ends by itself, its time is over, or `stop` is set."""
        deadline = time.monotonic() + self._arm.timeout_seconds
        while not self._is_over(container, flow):
            self._hear(flow.next(_POLL_SECONDS) or b"")
            if stop.is_set() or time.monotonic() >= deadline:
                self._end(container, gently=stop.is_set())
                self._hear_out(flow)
                return "stopped" if stop.is_set() else "timed out"
        return "exited"

    def _is_over(self, container: str, flow: Flow) -> bool:
        """A container that closed its output may go on in silence."""
        if not flow.is_over:
            return False
        if flow.error is not None:
            with asked():
                raise flow.error
        with asked():
            running = bool(self._api.inspect_container(container)["State"]["Running"])
        if running:
            time.sleep(_POLL_SECONDS)
        return not running

    def _end(self, container: str, *, gently: bool) -> None:
        with suppress(RefusedError), asked(), gone_already():
            if gently:
                self._api.stop(container, timeout=GRACE_SECONDS)
            else:
                self._api.kill(container)

    def _hear_out(self, flow: Flow) -> None:
        deadline = time.monotonic() + _END_SECONDS
        while not flow.is_over and time.monotonic() < deadline:
            self._hear(flow.next(_POLL_SECONDS) or b"")

    def _taken_out(self, container: str) -> tuple[str, ...]:
        try:
            with asked():
                stream, _ = self._api.get_archive(container, self._plan.output)
                return tuple(unpacked(stream, Path(self._arm.output_folder)))
        except TooMuchError as too_much:
            return (f"the output folder holds {too_much}: what came first was taken out",)


def _hang_up(attached: Any, flow: Flow) -> None:
    """Close what `attach_socket` gave: a file over a socket, or with TLS the socket itself."""
    socket: Any = getattr(attached, "_sock", attached)
    with suppress(OSError):
        socket.shutdown(SHUT_RDWR)  # wakes the reader, where the container still runs
    flow.leave()
    attached.close()
    socket.close()
