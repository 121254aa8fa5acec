"""Messages between the judge and a zygote over a socket pair, and sealed memory files for what is executed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
from collections.abc import Iterator

from rlef_env.errors import SandboxFailure
from rlef_env.sandbox.zygote.protocol import MAX_CONFIG_BYTES

__all__ = ["contents", "hung_up", "memory_file", "readable", "receive_within", "send"]

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@contextlib.contextmanager
def memory_file(name: str, content: bytes) -> Iterator[int]:
    """Yield a descriptor of a file in memory that is sealed with this content."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
        os.lseek(fd, 0, os.SEEK_SET)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
        yield fd
    finally:
        os.close(fd)


def contents(fd: int) -> bytes:
    """Return the whole content of a file."""
    return os.pread(fd, os.fstat(fd).st_size, 0)


def send(sock: socket.socket, message: bytes, fds: list[int]) -> None:
    """Send a message with descriptors.

    Raises:
        SandboxFailure: the other end is gone.
    """
    try:
        if fds:
            socket.send_fds(sock, [message], fds)
        else:
            sock.sendall(message)
    except OSError as error:
        raise SandboxFailure(f"the zygote is gone ({error})") from error


def readable(socks: tuple[socket.socket, ...], seconds: float) -> list[socket.socket]:
    """Wait until sockets have something to read, or their other end hung up; return those, [] after the timeout."""
    poll = select.poll()
    by_number = {sock.fileno(): sock for sock in socks}
    for number in by_number:
        poll.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poll.poll(seconds * 1000)]


def hung_up(sock: socket.socket) -> bool:
    """Return whether the other end is gone."""
    poll = select.poll()
    poll.register(sock.fileno(), 0)
    return bool(poll.poll(0))


def receive_within(sock: socket.socket, seconds: float) -> bytes | None:
    """Return a message, b"" if the other end hung up, None after the timeout."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    if not poll.poll(seconds * 1000):
        return None
    try:
        return sock.recv(MAX_CONFIG_BYTES)
    except ConnectionError:
        return b""
