"""Waits for a child process and reports its end. Part of the zygote's text; see `source.py`.

What the kernel says about a child goes into one buffer, from there to the judge, and is then overwritten. It never
becomes an object of the interpreter: memory of a freed object keeps its value, and the next run, which is forked from
this process, could find in it how the earlier one went.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import signal
import socket
import time

from rlef_env.sandbox.zygote.kernel import *
from rlef_env.sandbox.zygote.protocol import *


class Report:
    """A ``RESULT``, filled in by the kernel."""

    def __init__(self) -> None:
        self._bytes = ctypes.create_string_buffer(RESULT.size)
        first = ctypes.addressof(self._bytes)
        places = (ctypes.c_void_p(first + place) for place in RESULT_PLACES)
        self._status, self._usage, self._started, self._ended, self._spent = places

    def start(self) -> None:
        """Note the time."""
        libc.clock_gettime(time.CLOCK_MONOTONIC, self._started)

    def end(self, pid: int) -> None:
        """Wait for a child that has ended, or is about to."""
        while libc.wait4(pid, self._status, 0, self._usage) < 0 and ctypes.get_errno() == errno.EINTR:
            pass
        libc.clock_gettime(time.CLOCK_MONOTONIC, self._ended)
        libc.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID, self._spent)

    def send(self, judge: int) -> None:
        """Send it to a socket."""
        os.write(judge, self._bytes)

    def forget(self) -> None:
        """Overwrite it."""
        ctypes.memset(self._bytes, 0, RESULT.size)


REPORT = Report()


def wait_for_child(judge: socket.socket, pid: int, program: int = -1) -> None:
    """Wait for a child; ``REPORT`` then says how it ended. Meanwhile answer the judge's requests for its pidfd.

    The child is killed if the judge hangs up. If that closes the socket of its program only, this process goes on.
    """
    handle, control, poll = os.pidfd_open(pid), judge.fileno(), select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(control, select.POLLIN)
    if program >= 0:
        poll.register(program, 0)  # for its end
    while True:
        ready = [fd for fd, _ in poll.poll()]
        if handle in ready:
            REPORT.end(pid)
            os.close(handle)
            return
        if control not in ready:
            os.kill(pid, signal.SIGKILL)
            poll.unregister(ready[0])
            continue
        message = judge.recv(HANDLE_REQUEST_BYTES, socket.MSG_PEEK)
        if message[:1] == HANDLE_REQUEST:
            send_handle(judge, judge.recv(HANDLE_REQUEST_BYTES), handle)
        elif message:
            poll.unregister(control)  # the next program, to be read when this one has ended
        else:
            os.kill(pid, signal.SIGKILL)
            os._exit(0)


def send_handle(judge: socket.socket, request: bytes, handle: int) -> None:
    """Answer a request with the same message, so that a late answer is recognised, and a pidfd of the child."""
    try:
        judge.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, DESCRIPTOR.pack(handle))])
    except OSError:
        judge.sendall(request)  # the kernel accepts no descriptor just now; the judge will ask again
