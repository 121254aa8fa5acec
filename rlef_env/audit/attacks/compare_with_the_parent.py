"""Ask the kernel which resources it shares with its parent."""
# Stopped by: seccomp
import ctypes
import os

number = {"x86_64": 312, "aarch64": 272}[os.uname().machine]  # kcmp
ctypes.CDLL(None).syscall(number, os.getpid(), os.getppid(), 0, 0, 0)
print("BREACH: compared")
