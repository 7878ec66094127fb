"""A stream that blocks, read in a thread of its own, so that time and a stop are seen meanwhile."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any

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
