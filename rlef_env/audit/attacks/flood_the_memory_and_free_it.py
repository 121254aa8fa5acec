"""Touch memory for a moment and free it before the monitor looks."""
# Stopped by: memory limit
import mmap

block = mmap.mmap(-1, 250 * 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
block[:] = b"\1" * len(block)
block.close()
