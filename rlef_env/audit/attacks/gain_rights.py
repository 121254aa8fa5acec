"""Become another user, or take capabilities."""
# Stopped by: seccomp
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 126, "aarch64": 91}[os.uname().machine]  # capset
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
full = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
if libc.syscall(number, header, full) == 0:
    print("BREACH: has capabilities")
for way in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.setresuid(0, 0, 0)):
    try:
        way()
        print("BREACH: changed user")
    except OSError:
        pass
os.setuid(0)
