"""What a pool's owner and a worker talk through: pickled tuples over a socket, many to a system call."""

from __future__ import annotations

import pickle
import select
import socket
import struct
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

__all__ = ["Channel", "Words", "words"]

HEADER: Final = struct.Struct("<Q")  # how many bytes follow
CHUNK: Final = 1 << 16  # bytes
Message: TypeAlias = tuple[Any, ...]
Words: TypeAlias = list[bytes]
"""Messages as they are sent."""


def words(*message: Any) -> Words:
    """A message as it is sent. Raises whatever its parts raise when they are pickled."""
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return [HEADER.pack(len(content)), content]


class Channel:
    """One end of it, for one thread at a time.

    Args:
        descriptor: of a connected stream socket, which is closed with this.
    """

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._readable = select.poll()
        self._readable.register(descriptor, select.POLLIN)
        self._said: Words = []
        self._heard = bytearray()

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def say(self, more: Iterable[bytes]) -> None:
        """Have words sent by the next ``flush``."""
        self._said += more

    def flush(self) -> None:
        """Send what was said; waits where the socket is full.

        Raises:
            OSError: the other end is gone.
        """
        if self._said:
            said, self._said = b"".join(self._said), []
            self._socket.sendall(said)

    def waits(self) -> bool:
        """Whether there is something to hear, or nobody any more who says anything."""
        return bool(self._readable.poll(0))

    def hear(self) -> list[Message]:
        """Wait for a message, and return it with all that came along.

        Raises:
            OSError: the other end is gone.
            EOFError: likewise.
        """
        heard = self._heard
        while True:
            part = self._socket.recv(CHUNK)
            if not part:
                raise EOFError
            heard += part
            messages, start = [], 0
            while len(heard) >= (content := start + HEADER.size):
                (size,) = HEADER.unpack_from(heard, start)
                if len(heard) < content + size:
                    break
                start = content + size
                messages.append(pickle.loads(memoryview(heard)[content:start]))
            if messages:
                del heard[:start]
                return messages

    def close(self) -> None:
        """Close this end. Safe to call twice."""
        self._socket.close()
