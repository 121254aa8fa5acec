"""Ask the parent to trace it, so that the parent's wait returns for every signal."""
# Stopped by: seccomp
import ctypes
import os

ctypes.CDLL(None).ptrace(0, 0, 0, 0)
print("BREACH: is traced")
os.kill(os.getpid(), 5)
