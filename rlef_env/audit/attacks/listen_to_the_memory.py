"""Read from the memory that is left what another run says by taking some."""
# Held by: seccomp, comparison
import ctypes
import os

number = {"x86_64": 99, "aarch64": 179}[os.uname().machine]
if ctypes.CDLL(None).syscall(number, bytes(128)) == 0:
    print("BREACH: knows how much memory is left")
