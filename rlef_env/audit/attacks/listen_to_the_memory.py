"""Receive a message from another run, which encodes it in how much memory it leaves free."""
# Stopped by: seccomp, comparison
import ctypes
import os

number = {"x86_64": 99, "aarch64": 179}[os.uname().machine]
if ctypes.CDLL(None).syscall(number, bytes(128)) == 0:
    print("BREACH: knows how much memory is left")
