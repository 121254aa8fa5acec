"""Corrupt the interpreter's own objects, so that it crashes while it ends."""
# Stopped by: runtime error, comparison
import ctypes
import gc

victim = [1, 2, 3]
for offset in range(-16, 48, 8):
    ctypes.c_size_t.from_address(id(victim) + offset).value = 0x4141414141
gc.collect()
print(victim)
