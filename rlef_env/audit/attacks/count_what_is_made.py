"""Create pipes, sockets and memory, and read their numbers, which the kernel counts for the whole machine."""
# Stopped by: comparison
import ctypes
import os
import socket
import _socket

libc = ctypes.CDLL(None, use_errno=True)
both = (ctypes.c_int * 2)()
makers = {
    "a pipe": os.pipe,
    "a pipe that waits for nothing": lambda: os.pipe2(os.O_NONBLOCK),
    "a pair of sockets": lambda: _socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM),
    "a socket": lambda: _socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
    "a memory file": lambda: os.memfd_create("rlef-audit"),
    "a watch": lambda: os.pidfd_open(os.getpid()),
}
for what, make in makers.items():
    try:
        made = make()
        print("BREACH: made", what, made)
    except OSError:
        pass
if libc.pipe(both) == 0 or libc.socketpair(1, 1, 0, both) == 0:
    print("BREACH: made something in C")
for fd in (0, 1, 2):
    facts = os.fstat(fd)
    if (facts.st_nlink, facts.st_atime, facts.st_mtime) != (0, 0, 0):
        print("BREACH: a descriptor tells of the run before", facts)
