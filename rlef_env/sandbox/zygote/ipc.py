"""How the judge talks to a zygote: messages over a socket pair, and what is executed in sealed memory files."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
from collections.abc import Iterator

from rlef_env.errors import SandboxFailure

__all__ = ["contents", "hung_up", "memory_file", "readable", "receive_within", "send"]

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@contextlib.contextmanager
def memory_file(name: str, content: bytes | None = None) -> Iterator[int]:
    """A file that lives in memory: sealed with this content, or empty and open for writing."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        if content is not None:
            view = memoryview(content)
            while view:
                view = view[os.write(fd, view) :]
            os.lseek(fd, 0, os.SEEK_SET)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
        yield fd
    finally:
        os.close(fd)


def contents(fd: int) -> bytes:
    """All of a file."""
    return os.pread(fd, os.fstat(fd).st_size, 0)


def send(sock: socket.socket, message: bytes, fds: list[int]) -> None:
    """Send a message with descriptors; SandboxFailure where nobody is there."""
    try:
        if fds:
            socket.send_fds(sock, [message], fds)
        else:
            sock.sendall(message)
    except OSError as error:
        raise SandboxFailure(f"the zygote is gone ({error})") from error


def readable(socks: tuple[socket.socket, ...], seconds: float) -> list[socket.socket]:
    """Those that have something to read, or whose other side hung up, as soon as there is one."""
    poll = select.poll()
    by_number = {sock.fileno(): sock for sock in socks}
    for number in by_number:
        poll.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poll.poll(seconds * 1000)]


def hung_up(sock: socket.socket) -> bool:
    """Whether the other side is gone."""
    poll = select.poll()
    poll.register(sock.fileno(), 0)
    return bool(poll.poll(0))


def receive_within(sock: socket.socket, seconds: float) -> bytes | None:
    """A message, b"" where the other side hung up, None where the time is over."""
    if not readable((sock,), seconds):
        return None
    try:
        return sock.recv(1 << 18)
    except ConnectionError:
        return b""
