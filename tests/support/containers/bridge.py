"""A network bridge of an engine's own: the usual one, docker0, may belong to an engine of this machine."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

ADD, REMOVE = 0x89A0, 0x89A1
ADDRESS, MASK, FLAGS = 0x8916, 0x891C, 0x8914
"""ioctls of Linux: sockios.h."""
UP = 0x1


@contextmanager
def own_bridge() -> Iterator[str]:
    """The name of a bridge that lives as long as the block, with an address of 10.213.0.0/16."""
    name = f"rmx{os.getpid() % 10**6:06}{random.randrange(10**4):04}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        fcntl.ioctl(asked, ADD, name.encode())
        try:
            _set(asked, name, ADDRESS, f"10.213.{random.randrange(1, 255)}.1")
            _set(asked, name, MASK, "255.255.255.0")
            _flags(asked, name, UP)
            yield name
        finally:
            _flags(asked, name, 0)
            fcntl.ioctl(asked, REMOVE, name.encode())


def _set(asked: socket.socket, name: str, what: int, address: str) -> None:
    packed = struct.pack("16sH2x4s8x", name.encode(), socket.AF_INET, socket.inet_aton(address))
    fcntl.ioctl(asked, what, packed)


def _flags(asked: socket.socket, name: str, flags: int) -> None:
    fcntl.ioctl(asked, FLAGS, struct.pack("16sH14x", name.encode(), flags))
