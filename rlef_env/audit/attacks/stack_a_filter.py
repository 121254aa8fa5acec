"""Install another seccomp filter or Landlock layer, to change how later calls end."""
# Stopped by: runtime error
import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
seccomp = {"x86_64": 317, "aarch64": 277}[os.uname().machine]
code = ctypes.create_string_buffer(struct.pack("<HBBI", 6, 0, 0, 0x7FFF0000), 8)
header = struct.pack("<HxxxxxxQ", 1, ctypes.addressof(code))
for way in (
    lambda: libc.syscall(seccomp, 1, 0, header),
    lambda: libc.syscall(seccomp, 1, 8, header),  # with a descriptor for notifications
    lambda: libc.prctl(22, 2, header, 0, 0),
    lambda: libc.syscall(444, struct.pack("<QQQ", 1, 0, 0), 8, 0),
    lambda: libc.syscall(446, 0, 0),
):
    if way() >= 0:
        print("BREACH: changed its own lock")
raise RuntimeError("refused")
