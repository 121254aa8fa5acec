"""Mount something over the library."""
# Stopped by: seccomp
import ctypes
import os

ctypes.CDLL(None).mount(b"none", os.path.dirname(os.__file__).encode(), b"tmpfs", 0, None)
print("BREACH: mounted")
