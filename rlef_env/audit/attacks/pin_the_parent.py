"""Pin the parent to one core, and give its input and output the lowest priority."""
# Stopped by: seccomp
import ctypes
import os

number = {"x86_64": 251, "aarch64": 30}[os.uname().machine]  # ioprio_set
if ctypes.CDLL(None).syscall(number, 1, os.getppid(), 3 << 13) == 0:
    print("BREACH: pushed its parent back")
os.sched_setaffinity(os.getppid(), {0})
