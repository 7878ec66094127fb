"""One container from its making to its removal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any

from msgspec import Struct

from remyx_action.planning.container import INSIDE
from remyx_action.planning.plan import ArmPlan
from remyx_action.runtimes.endings import Ending

from .allowed import host_config, user_of
from .engine import ARM, LABEL, Engine, EngineLostError, RefusedError, asked, gone_already
from .flow import Flow, whole_lines
from .freight import TooMuchError, packed, unpacked

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
