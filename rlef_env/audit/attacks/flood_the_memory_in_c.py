"""Allocate memory without the interpreter, and touch it."""
# Stopped by: memory limit
import ctypes

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
for _ in range(400):
    place = libc.malloc(ctypes.c_size_t(2**20))
    if not place:
        break
    ctypes.memset(place, 1, 2**20)
