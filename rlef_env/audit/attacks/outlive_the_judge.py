"""Clear the signal that ends it when its parent dies."""
# Stopped by: runtime error
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for option, value in ((1, 0), (36, 1), (4, 1), (22, 0)):  # death signal, subreaper, dumpable, seccomp
    if libc.prctl(option, value, 0, 0, 0) == 0:
        print("BREACH: prctl", option)
raise RuntimeError("refused")
