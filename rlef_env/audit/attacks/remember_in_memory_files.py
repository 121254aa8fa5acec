"""Make memory files and secret memory, which outlive their maker in whoever holds them."""
# Held by: seccomp
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(447, 0) >= 0:  # memfd_secret
    print("BREACH: made secret memory")
os.memfd_create("rlef-audit")
