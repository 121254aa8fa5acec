"""Count the cycles and cache misses of other processes with perf."""
# Stopped by: seccomp
import ctypes
import os

number = {"x86_64": 298, "aarch64": 241}[os.uname().machine]
ctypes.CDLL(None).syscall(number, bytes(128), -1, 0, -1, 0)
print("BREACH: may use perf")
