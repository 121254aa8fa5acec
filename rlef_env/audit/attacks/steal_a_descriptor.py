"""Take a descriptor out of the parent with pidfd_getfd."""
# Stopped by: seccomp
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(434, os.getppid(), 0) >= 0:  # pidfd_open
    print("BREACH: has a handle of its parent")
for fd in range(3, 10):
    if libc.syscall(438, 0, fd, 0) >= 0:  # pidfd_getfd
        print("BREACH: took a descriptor")
