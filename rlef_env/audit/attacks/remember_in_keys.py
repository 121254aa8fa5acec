"""Leave a key in the keyring of the user or of the session."""
# Stopped by: seccomp
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 248, "aarch64": 217}[os.uname().machine]  # add_key
if libc.syscall(number, b"user", b"rlef-audit", b"mark", 4, -3) >= 0:
    print("BREACH: left a key")
