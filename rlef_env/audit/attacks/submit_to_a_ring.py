"""Let the kernel make forbidden calls, by io_uring."""
# Stopped by: seccomp
import ctypes

if ctypes.CDLL(None).syscall(425, 8, bytes(120)) >= 0:
    print("BREACH: has a ring")
