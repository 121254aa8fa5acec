"""Open files by the file system's own handles, without any path."""
# Stopped by: seccomp
import ctypes
import os
import struct

number = {"x86_64": 304, "aarch64": 265}[os.uname().machine]
ctypes.CDLL(None).syscall(number, 0, struct.pack("<IiQ", 8, 1, 2), 0)
print("BREACH: may open by handle")
