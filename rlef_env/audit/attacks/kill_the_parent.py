"""Kill the parent, so that no process reports the result."""
# Stopped by: seccomp
import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
parent = os.getppid()
tgkill, tkill, queue = {"x86_64": (234, 200, 129), "aarch64": (131, 130, 138)}[os.uname().machine]
for call in (
    lambda: libc.kill(parent, signal.SIGKILL),
    lambda: libc.syscall(tgkill, parent, parent, signal.SIGKILL),
    lambda: libc.syscall(tkill, parent, signal.SIGKILL),
    lambda: libc.syscall(queue, parent, signal.SIGKILL, bytes(128)),
    lambda: libc.kill(1, 0),
    lambda: libc.kill(0, 0),
    lambda: libc.kill(-1, 0),
    lambda: libc.kill(0x100000000 | parent, 0),
):
    if call() == 0:
        print("BREACH: may send a signal to another process")
os.kill(parent, signal.SIGKILL)
