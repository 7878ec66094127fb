"""A stream of the engine's, read in the background so that nobody waits for it longer than they want to."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any

_MOST_WAITING = 1_000
_UNFINISHED_CAP_BYTES = 64 * 1024


class Stream:
    """Items of an iterable, as they come."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._queue: queue.Queue[Any] = queue.Queue(maxsize=_MOST_WAITING)
        self._items = items
        self._is_closed = threading.Event()
        self.error: BaseException | None = None
        """The exception that ended the stream; None where it ended by itself."""
        self.is_over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def next(self, wait_seconds: float) -> Any | None:
        """The next item; None where none came in time or, with `is_over`, none will."""
        if self.is_over:
            return None
        try:
            kind, item = self._queue.get(timeout=wait_seconds)
        except queue.Empty:
            return None
        if kind == "item":
            return item
        self.is_over, self.error = True, item
        return None

    def close(self, wait_seconds: float = 1.0) -> None:
        """Read no more; the thread ends with its stream."""
        self._is_closed.set()
        self._thread.join(wait_seconds)

    def _read(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                self._put(("item", item))
                if self._is_closed.is_set():
                    break
        except BaseException as raised:  # noqa: BLE001 - whoever reads the stream raises it
            error = raised
        self._put(("end", error))

    def _put(self, item: tuple[str, Any]) -> None:
        while not self._is_closed.is_set():
            try:
                self._queue.put(item, timeout=0.1)
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
