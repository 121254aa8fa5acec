"""Create a namespace in which it is root."""
# Stopped by: seccomp
import ctypes

ctypes.CDLL(None).unshare(0x10000000)
print("BREACH: has a namespace")
