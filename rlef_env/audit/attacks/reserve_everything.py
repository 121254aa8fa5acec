"""Reserve address space without end, for the machine to refuse it to others."""
# Held by: memory limit, rlimits, its own end
import mmap

kept = []
while True:
    kept.append(mmap.mmap(-1, 2**30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
