"""Read address 0, to crash without a verdict."""
# Stopped by: runtime error
import ctypes

ctypes.string_at(0)
