"""Load a program into the kernel with bpf."""
# Stopped by: seccomp
import ctypes
import os

number = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
ctypes.CDLL(None).syscall(number, 0, bytes(128), 128)
print("BREACH: may use bpf")
