"""Create memory files and secret memory, which outlive the program in any process that holds them."""
# Stopped by: seccomp
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(447, 0) >= 0:  # memfd_secret
    print("BREACH: made secret memory")
os.memfd_create("rlef-audit")
