"""Attach to the parent with ptrace."""
# Stopped by: seccomp
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, os.getppid(), 0, 0) == 0:  # PTRACE_ATTACH
    print("BREACH: traces its parent")
