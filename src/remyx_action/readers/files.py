"""The files of one arm: opened by whoever holds the folder, read here once and up to the cap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from remyx_action.files.strict_json import Fault

from .broken import broken

OpenFile = Callable[[str], Iterator[bytes]]
"""A file name below the arm's folder → its bytes, in pieces of any size.

Raises OSError where it cannot be opened or read.
"""

ListFiles = Callable[[], Iterable[str]]
"""→ the paths of all files below the arm's folder, with `/`."""

CAP_BYTES = 256 * 1024 * 1024
"""Per file."""

SMALLER = "leave outputs out of the results, or split the evaluation into shards"
LEAVE_ONE = "the harness must leave a regular file there; look into its log"
NOT_THERE = Fault(code="no-file", message="is not there", help=LEAVE_ONE)
NAMED_TWICE = Fault(
    code="read-twice", message="is named by two metrics", help="give every metric a file of its own"
)


class ArmFiles:
    """Opens each file at most once."""

    def __init__(self, open_file: OpenFile, *, cap_bytes: int = CAP_BYTES) -> None:
        self._open_file = open_file
        self._cap_bytes = cap_bytes
        self._opened: set[str] = set()

    def pieces(self, name: str) -> Iterator[bytes]:
        """The file's bytes, in pieces of any size. Raises BrokenResults."""
        if name in self._opened:
            raise broken(name, NAMED_TWICE)
        self._opened.add(name)
        size = 0
        try:
            for piece in self._open_file(name):
                size += len(piece)
                if size > self._cap_bytes:
                    message = f"is larger than {self._cap_bytes:,} bytes"
                    raise broken(name, Fault(code="too-large", message=message, help=SMALLER))
                yield piece
        except FileNotFoundError:
            raise broken(name, NOT_THERE) from None
        except OSError as error:
            message = f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
            raise broken(name, Fault(code="unreadable", message=message, help=LEAVE_ONE)) from None

    def whole(self, name: str) -> bytes:
        """All of the file's bytes. Raises BrokenResults."""
        return b"".join(self.pieces(name))
