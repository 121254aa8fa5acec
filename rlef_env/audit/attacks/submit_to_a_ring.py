"""Have the kernel do forbidden calls by io_uring."""
# Held by: seccomp
import ctypes

if ctypes.CDLL(None).syscall(425, 8, bytes(120)) >= 0:
    print("BREACH: has a ring")
