"""Ask the kernel for a notification when another program uses a folder of the library."""
# Stopped by: seccomp, runtime error, filesystem
import ctypes
import fcntl
import os

libc = ctypes.CDLL(None, use_errno=True)
if libc.inotify_init1(0) >= 0 or libc.fanotify_init(0, 0) >= 0:
    print("BREACH: may watch files")
fd = os.open(os.path.dirname(os.__file__), os.O_RDONLY)
fcntl.fcntl(fd, 1026, 1)  # F_NOTIFY
print("BREACH: watches the library")
