"""Create thousands of timers, which count against the user's limit."""
# Stopped by: comparison
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 222, "aarch64": 107}[os.uname().machine]  # timer_create
made = 0
timer = ctypes.c_int()
while made < 20_000 and libc.syscall(number, 1, None, ctypes.byref(timer)) == 0:
    made += 1
print("BREACH: made timers" if made else "none")
