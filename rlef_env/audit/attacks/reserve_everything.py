"""Reserve address space without end, so that the machine refuses it to other processes."""
# Stopped by: memory limit, rlimits, runtime error
import mmap

kept = []
while True:
    kept.append(mmap.mmap(-1, 2**30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
