"""Create a process with the raw system calls and every combination of flags."""
# Stopped by: runtime error
import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
clone, vfork = {"x86_64": (56, 58), "aarch64": (220, 999)}[os.uname().machine]
SIGCHLD = 17
for flags in (SIGCHLD, 0x8000 | SIGCHLD, 0x4000 | 0x100 | SIGCHLD, 0x10000000 | SIGCHLD, 0x20000000, 0x800000, 0):
    pid = libc.syscall(clone, flags, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    if pid > 0:
        print("BREACH: cloned with flags", hex(flags))
arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, SIGCHLD)
pid = libc.syscall(435, arguments, 88)  # clone3
if pid == 0:
    os._exit(0)
if pid > 0 or libc.syscall(vfork) > 0:
    print("BREACH: cloned")
sys.exit(1)
