"""The runtime `custom` in a container: one arm as a container of an image built from the harness."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from remyx_action.runtimes import outcomes as memory
from remyx_action.runtimes.log import LOG_CAP_BYTES, Hearing, new_log
from remyx_action.runtimes.outcomes import ArmOutcome, Ended, Failed, OnEvent, outcome_of
from remyx_action.runtimes.plan.container import ContainerPlan
from remyx_action.runtimes.plan.plan import ArmPlan

from .container import Life
from .engine import Engine, EngineLostError, RefusedError
from .files import NotWrittenError
from .images import BuildEndedError, BuildFailedError, Images, Watch

_NO_GPU = "could not select device driver"
_LEFT = "what it still holds of this run is removed by the next one on this machine"


class ContainerRuntime:
    """Runs arms in containers; a context manager that removes all it made. Connects when first needed."""

    def __init__(self, surroundings: Mapping[str, str], *, log_cap_bytes: int = LOG_CAP_BYTES) -> None:
        """`surroundings`: this program's environment, for DOCKER_HOST and what belongs to it."""
        self._surroundings = surroundings
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

    def carry_out(self, arm: ArmPlan, *, on_event: OnEvent, stop: threading.Event) -> ArmOutcome:
        """Build what is not built yet, and run the arm. NotJudged where no engine answers."""
        assert arm.container is not None
        engine, images = self._connected()
        with new_log(arm) as log:
            hearing = Hearing(arm, on_event, log, cap_bytes=self._log_cap_bytes)
            seconds = arm.container.build_timeout_seconds
            watch = Watch(hear=hearing.hear, stop=stop, timeout_seconds=seconds)
            return _Attempt(arm, arm.container, hearing, watch).outcome(engine, images)

    def _connected(self) -> tuple[Engine, Images]:
        with self._connecting:
            if self._engine is None or self._images is None:
                self._engine = Engine(self._surroundings)
                self._images = Images(self._engine)
            return self._engine, self._images


class _Attempt:
    """One arm, from its image to its outcome."""

    def __init__(self, arm: ArmPlan, plan: ContainerPlan, hearing: Hearing, watch: Watch) -> None:
        self._arm, self._plan, self._hearing, self._watch = arm, plan, hearing, watch
        self._began = time.monotonic()
        self._digests: dict[str, str] = {}

    def outcome(self, engine: Engine, images: Images) -> ArmOutcome:
        """How it ended; whatever the engine refuses is a failure of the arm, in the engine's words."""
        try:
            image = self._image(images)
            self._began = time.monotonic()  # building is not the arm's time
            lived = Life(engine, self._arm, image, self._watch.hear).live(self._watch.stop)
        except BuildFailedError as failed:
            return self._failed(f"the image could not be built: {failed}")
        except BuildEndedError as ended:
            was = (
                "stopped" if str(ended) == "stopped" else f"timed out after {self._watch.timeout_seconds:g} s"
            )
            return self._failed(f"building the image {was}")
        except RefusedError as refused:
            return self._failed(f"the container could not be started: {_explained(str(refused))}")
        except NotWrittenError as error:
            return self._failed(str(error))
        except EngineLostError as lost:
            what = f"the container engine went away: {lost}"
            return self._failed(what, note=_LEFT, infrastructure=not self._watch.stop.is_set())
        last_lines = self._hearing.finish()
        return outcome_of(
            self._arm,
            Ended(
                how=lived.how,
                code=lived.code,
                elapsed_seconds=time.monotonic() - self._began,
                out_of_memory=lived.out_of_memory or memory.says_so(last_lines),
                counts_memory=not any("memory" in note for note in lived.notes),  # unless it was discarded
                last_lines=last_lines,
                notes=(*self._hearing.notes, *lived.notes),
                images=self._digests,
            ),
        )

    def _image(self, images: Images) -> str:
        built = images.build(self._plan.images, self._watch)
        self._digests = {"image": built.image, **built.bases}
        if not self._plan.placed:
            return built.image
        return images.with_files(built.image, self._plan.placed, self._watch)

    def _failed(self, what: str, *, note: str = "", infrastructure: bool = False) -> Failed:
        return Failed(
            what=what,
            exit_code=None,
            signal=None,
            out_of_memory=False,
            last_lines=self._hearing.finish(),
            elapsed_seconds=time.monotonic() - self._began,
            notes=(*self._hearing.notes, *([note] if note else [])),
            infrastructure=infrastructure,
            images=self._digests,
        )


def _explained(words: str) -> str:
    if _NO_GPU in words:
        return f"{words}; the engine knows no GPU: install the NVIDIA Container Toolkit, or remove `gpus`"
    return words
