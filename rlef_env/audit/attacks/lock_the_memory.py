"""Lock memory, take huge pages, and give the kernel advice on the memory of other processes."""
# Stopped by: comparison
import ctypes
import mmap
import os

libc = ctypes.CDLL(None, use_errno=True)
block = mmap.mmap(-1, 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
place = ctypes.addressof(ctypes.c_char.from_buffer(block))
if libc.mlock(ctypes.c_void_p(place), 2**20) == 0 or libc.mlockall(3) == 0:
    print("BREACH: locked memory")
libc.mmap.restype = ctypes.c_void_p
if libc.mmap(None, 2**21, 3, 0x40022, -1, 0) not in (None, 2**64 - 1):  # MAP_HUGETLB
    print("BREACH: has huge pages, which nobody counts")
