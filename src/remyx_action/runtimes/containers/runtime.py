"""The runtime `custom` in a container: one arm as a container of an image built from the harness."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from remyx_action.runtimes.log import LOG_CAP_BYTES, HarnessLog, new_log
from remyx_action.runtimes.outcomes import OnEvent, Outcome, outcome_of
from remyx_action.runtimes.plan.container import ContainerPlan
from remyx_action.runtimes.plan.run_plan import ArmPlan

from .container import ArmContainer, NotEndedError
from .engine import Engine, EngineLostError, EngineRefusedError
from .files import NotWrittenError
from .images import BuildControl, BuildEndedError, BuildFailedError, Images

_NO_GPU = "could not select device driver"
_LEFT = "containers and images of this run that it still holds are removed by the next run on this machine"


class ContainerRuntime:
    """Runs arms in containers; a context manager that removes all it made. Connects when first needed."""

    def __init__(self, environment: Mapping[str, str], *, log_cap_bytes: int = LOG_CAP_BYTES) -> None:
        """`environment`: this program's own, for DOCKER_HOST and what belongs to it."""
        self._environment = environment
        self._log_cap_bytes = log_cap_bytes
        self._engine: Engine | None = None
        self._images: Images | None = None
        self._connecting = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._engine is not None:
            self._engine.close()

    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> Outcome:
        """Build what is not built yet, and run the arm. NotJudged where no engine answers."""
        assert arm.container is not None
        engine, images = self._connected()
        with new_log(arm) as file:
            log = HarnessLog(arm, on_event, file, cap_bytes=self._log_cap_bytes)
            seconds = arm.container.build_timeout_seconds
            control = BuildControl(on_output=log.add, stop=stop, timeout_seconds=seconds)
            return _Attempt(arm, arm.container, log, control).outcome(engine, images)

    def _connected(self) -> tuple[Engine, Images]:
        with self._connecting:
            if self._engine is None or self._images is None:
                self._engine = Engine(self._environment)
                self._images = Images(self._engine)
            return self._engine, self._images


class _Attempt:
    """One arm, from its image to its outcome."""

    def __init__(self, arm: ArmPlan, plan: ContainerPlan, log: HarnessLog, control: BuildControl) -> None:
        self._arm, self._plan, self._log, self._control = arm, plan, log, control
        self._began = time.monotonic()
        self._digests: dict[str, str] = {}

    def outcome(self, engine: Engine, images: Images) -> Outcome:
        """How it ended; whatever the engine refuses is a failure of the arm, in the engine's words."""
        try:
            image = self._image(images)
            self._began = time.monotonic()  # building is not the arm's time
            ended = ArmContainer(engine, self._arm, image, self._log.add).run(self._control.stop)
        except BuildFailedError as error:
            return self._failed(f"the image could not be built: {error}")
        except BuildEndedError as error:
            was_stopped = str(error) == "stopped"
            how = "stopped" if was_stopped else f"timed out after {self._control.timeout_seconds:g} s"
            return self._failed(f"building the image {how}")
        except EngineRefusedError as refused:
            return self._failed(f"the container could not be started: {_explained(str(refused))}")
        except NotEndedError as error:
            return self._failed(f"the container could not be ended, and its results are not read: {error}")
        except NotWrittenError as error:
            return self._failed(str(error))
        except EngineLostError as lost:
            what = f"the container engine went away: {lost}"
            return self._failed(what, note=_LEFT, infrastructure=not self._control.stop.is_set())
        last_lines = self._log.finish()
        return outcome_of(
            self._arm,
            ended.ending,
            code=ended.code,
            elapsed_seconds=time.monotonic() - self._began,
            out_of_memory=ended.out_of_memory,
            counts_memory=not any("memory" in note for note in ended.notes),  # unless the limit was discarded
            last_lines=last_lines,
            notes=(*self._log.notes, *ended.notes),
            images=self._digests,
        )

    def _image(self, images: Images) -> str:
        built = images.build(self._plan.images, self._control)
        self._digests = {"image": built.image, **built.bases}
        if not self._plan.placed:
            return built.image
        return images.with_files(built.image, self._plan.placed, self._control)

    def _failed(self, what: str, *, note: str = "", infrastructure: bool = False) -> Outcome:
        return Outcome(
            state="failed",
            what=what,
            elapsed_seconds=time.monotonic() - self._began,
            last_lines=self._log.finish(),
            notes=(*self._log.notes, *([note] if note else [])),
            infrastructure=infrastructure,
            images=self._digests,
        )


def _explained(words: str) -> str:
    if _NO_GPU in words:
        return f"{words}; the engine knows no GPU: install the NVIDIA Container Toolkit, or remove `gpus`"
    return words
