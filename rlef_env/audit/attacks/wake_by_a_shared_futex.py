"""Wait and wake on a page of the library, which every other run has mapped, too."""
# Stopped by: comparison
import ctypes
import os

PRIVATE_COPY, READABLE = 2, 1
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, *[ctypes.c_long] * 5]
number = {"x86_64": 202, "aarch64": 98}[os.uname().machine]
page = libc.mmap(None, 4096, READABLE, PRIVATE_COPY, os.open(os.__file__, os.O_RDONLY), 0)
word = ctypes.c_uint32.from_address(page).value
moment = (ctypes.c_long * 2)(0, 1000)
for operation in (0, 9):  # FUTEX_WAIT, FUTEX_WAIT_BITSET; not even for a moment
    if libc.syscall(number, ctypes.c_void_p(page), operation, word, moment, None, -1) >= 0 or ctypes.get_errno() == 110:
        print("BREACH: waits on a page of the library")
for operation in (1, 3, 4, 5, 10):  # FUTEX_WAKE, REQUEUE, CMP_REQUEUE, WAKE_OP, WAKE_BITSET
    if libc.syscall(number, ctypes.c_void_p(page), operation, 1, ctypes.c_long(1), ctypes.c_void_p(page), word) >= 0:
        print("BREACH: wakes who waits on a page of the library", operation)
if libc.syscall(449, bytes(24), 1, 0, None, 0) < 0 and ctypes.get_errno() != 38:
    print("BREACH: may wait on several")
