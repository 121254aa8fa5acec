"""Make a namespace in which it is root."""
# Held by: seccomp
import ctypes

ctypes.CDLL(None).unshare(0x10000000)
print("BREACH: has a namespace")
