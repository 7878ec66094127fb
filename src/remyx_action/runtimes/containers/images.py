"""Building the images of a run: once for all of its arms, logged line by line, bounded in time."""

from __future__ import annotations

import json
import re
import tarfile
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from msgspec import Struct, field
from msgspec.structs import replace

from remyx_action.project.files.dockerfile import bases as bases_of
from remyx_action.runtimes.plan.container import Image, marked, ours

from .engine import LABELS, Engine, EngineLostError, EngineRefusedError, asked, gone_already
from .files import OUT_OF_ROOM
from .stream import Stream

_UNINTERESTING = re.compile(
    rf"^(?: ---> .*|Removing intermediate container .*|Step \d+/\d+ : LABEL {re.escape(LABELS)}.*)\n?",
    re.MULTILINE,
)
"""Lines of the engine's that concern steps of this program's own, and layers."""
LEFT_OUT = (".git", ".remyx-out")
"""Never sent to an engine, whatever .dockerignore says: history, and what earlier runs left."""
_POLL_SECONDS = 0.1
_END_SECONDS = 10.0


class BuildFailedError(Exception):
    """An image could not be built; its name, and why, in words."""


class BuildEndedError(Exception):
    """A build was ended: `timed out` or `stopped`."""


class BuildControl(Struct, frozen=True, kw_only=True):
    """Where a build's output goes, and when the build has to end."""

    on_output: Callable[[bytes], object]
    stop: threading.Event
    timeout_seconds: float


class BuiltImage(Struct, frozen=True, kw_only=True):
    image: str
    """Its id."""
    bases: Mapping[str, str] = field(default_factory=dict)
    """The images that its Dockerfiles start or copy from, by name → digest."""


class _BuildRequest(Struct, frozen=True, kw_only=True):
    """One build, as it is sent to the engine."""

    name: str
    dockerfile: str
    """Its name in the context."""
    context: IO[bytes]
    """A tar file."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Names in its Dockerfile → the names that this run gave them, which its output does not show."""


class Images:
    """The images that a run has built so far."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._found: dict[str, BuiltImage | BuildFailedError | BuildEndedError] = {}
        self._one_at_a_time = threading.Lock()

    def build(self, images: Sequence[Image], control: BuildControl) -> BuiltImage:
        """The last of the images, built by the first arm that asks; the others wait for it.

        BuildFailedError, of the same words for every arm; BuildEndedError where `control` ends it.
        """
        key = repr(images)
        with self._one_at_a_time:
            if control.stop.is_set():
                raise BuildEndedError("stopped")
            if key not in self._found:
                try:
                    self._found[key] = self._build_all(images, control)
                except (BuildFailedError, BuildEndedError) as failed:
                    self._found[key] = failed
            found = self._found[key]
        if isinstance(found, Exception):
            raise type(found)(*found.args)
        return found

    def with_files(self, image: str, files: Mapping[str, bytes], control: BuildControl) -> str:
        """The image with files (path in the container → content) in place of those baked in."""
        names = {path: f"file-{number}" for number, path in enumerate(files)}
        lines = [f"FROM {image}", *(f"COPY {json.dumps([name, path])}" for path, name in names.items())]
        content = {names[path]: text for path, text in files.items()}
        content["Dockerfile"] = self._marked("\n".join(lines), {}, {}).encode()
        request = _BuildRequest(name="the patched files", dockerfile="Dockerfile", context=_tar_of(content))
        with self._one_at_a_time, request.context:
            return self._send(request, replace(control, on_output=lambda _: None))

    def _build_all(self, images: Sequence[Image], control: BuildControl) -> BuiltImage:
        renamed: dict[str, str] = {}
        bases: dict[str, str] = {}
        built = ""
        for image in images:
            built = self._build(image, renamed, bases, control)
            if image.tag:
                repository, tag = "remyx-action", uuid.uuid4().hex
                with asked():
                    self._engine.api.tag(built, repository, tag)
                renamed[image.tag] = f"{repository}:{tag}"
        return BuiltImage(image=built, bases=bases)

    def _build(
        self, image: Image, renamed: Mapping[str, str], bases: dict[str, str], control: BuildControl
    ) -> str:
        import docker

        dockerfile, context = Path(image.dockerfile), Path(image.context)
        if not dockerfile.is_file():
            raise BuildFailedError(f"there is no {dockerfile}; correct `dockerfile` in the template")
        if not context.is_dir():
            raise BuildFailedError(f"there is no folder {context}; correct `context` in the template")
        text = dockerfile.read_text(encoding="utf-8", errors="replace")
        ours_name = f".remyx-{uuid.uuid4().hex}"
        try:
            packed = docker.utils.build.tar(
                str(context),
                exclude=[*_ignored(context), *LEFT_OUT],
                dockerfile=(ours_name, self._marked(text, image.build_args, renamed)),
            )
        except (re.error, UnicodeError) as error:
            raise BuildFailedError(f"{context}/.dockerignore holds what is no pattern: {error}") from error
        except OSError as error:
            inner = error.__cause__ if isinstance(error.__cause__, OSError) else error  # docker's own words
            if inner.errno in OUT_OF_ROOM:
                raise inner from None  # no fault of what is in the context
            what = f"{error}; name it in {context}/.dockerignore, or let the current user read it"
            raise BuildFailedError(f"{image.tag or dockerfile.name}: {what}") from error
        with packed:
            request = _BuildRequest(
                name=image.tag or dockerfile.name,
                dockerfile=ours_name,
                context=packed,
                arguments=image.build_args,
                target=image.target,
                renamed=renamed,
            )
            built = self._send(request, control)
        for base in bases_of(text, image.build_args, image.target):
            if ours(base.name, renamed) == base.name:
                bases[f"FROM {base.name}"] = self._digest_of(base.name)
        return built

    def _marked(self, text: str, arguments: Mapping[str, str], renamed: Mapping[str, str]) -> str:
        label = f'{self._engine.label}="{self._engine.owner}"'
        return marked(text, arguments=arguments, renamed=renamed, label=label)

    def _digest_of(self, name: str) -> str:
        with suppress(EngineRefusedError), asked():
            facts = self._engine.api.inspect_image(name)
            return str((facts.get("RepoDigests") or [facts["Id"]])[0].rpartition("@")[2])
        return "unknown"

    def _send(self, request: _BuildRequest, control: BuildControl) -> str:
        """Build; the image's id."""
        deadline = time.monotonic() + control.timeout_seconds
        stream = Stream(self._answers(request))
        image = ""
        try:
            while not stream.is_over:
                image = _image_in(stream.next(_POLL_SECONDS), request, control) or image
                if control.stop.is_set() or time.monotonic() >= deadline:
                    self._cancel(stream)
                    raise BuildEndedError("stopped" if control.stop.is_set() else "timed out")
        finally:
            stream.close(wait_seconds=0.1)
        if stream.error is not None:
            with asked():
                raise stream.error
        return image

    def _answers(self, request: _BuildRequest) -> Iterator[Any]:
        """The engine's answers; the context is sent to it first, which may take long."""
        yield from self._engine.api.build(
            fileobj=request.context,
            custom_context=True,
            dockerfile=request.dockerfile,
            buildargs=dict(request.arguments),
            target=request.target,
            labels={self._engine.label: self._engine.owner},
            rm=True,
            forcerm=True,
            decode=True,
        )

    def _cancel(self, stream: Stream) -> None:
        """End a build: the API has no word for it, but a step whose container is gone fails."""
        deadline = time.monotonic() + _END_SECONDS
        while not stream.is_over and time.monotonic() < deadline:
            with suppress(EngineLostError, EngineRefusedError), asked():
                label = {"label": self._engine.label}
                for container in self._engine.api.containers(filters={**label, "status": "running"}):
                    if self._engine.arm_label not in (container.get("Labels") or {}):
                        with gone_already():
                            self._engine.api.kill(container["Id"])
            stream.next(_POLL_SECONDS)


def _image_in(entry: Any, request: _BuildRequest, control: BuildControl) -> str | None:
    """Log an answer of the engine; return the image's id where it holds one. Raises BuildFailedError."""
    if entry is None:
        return None
    if "error" in entry:
        raise BuildFailedError(_failure(request.name, str(entry["error"])))
    if "stream" in entry:
        text = _UNINTERESTING.sub("", entry["stream"])
        for theirs, our in request.renamed.items():
            text = text.replace(our, theirs)
        control.on_output(text.encode())
    elif "status" in entry and not entry.get("progress"):
        control.on_output(f"{entry.get('id', '')} {entry['status']}\n".lstrip().encode())
    image = (entry.get("aux") or {}).get("ID")
    return None if image is None else str(image)


def _failure(name: str, error: str) -> str:
    what = error.strip().splitlines()[0][:500]
    missing = ("pull access denied", "not found: manifest", "manifest unknown", "no such host", "dial tcp")
    if any(words in error for words in missing):
        return f"{name}: {what}; a base that is only built here belongs into `container.prebuild`"
    if "BuildKit" in error:
        return f"{name}: {what}; the engine's API builds without BuildKit: write the step without it"
    return f"{name}: {what}"


def _ignored(context: Path) -> list[str]:
    path = context / ".dockerignore"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _tar_of(content: Mapping[str, bytes]) -> IO[bytes]:
    packed = tempfile.SpooledTemporaryFile(max_size=1 << 20)  # noqa: SIM115 - the build closes it
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, BytesIO(data))
    packed.seek(0)
    return packed
