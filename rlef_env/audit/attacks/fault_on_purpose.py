"""Handle its own page faults, to stop the kernel in the middle of a copy."""
# Stopped by: seccomp
import ctypes
import os

number = {"x86_64": 323, "aarch64": 282}[os.uname().machine]
ctypes.CDLL(None).syscall(number, 0)
print("BREACH: may handle page faults")
