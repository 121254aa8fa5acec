"""Keep memory in a shared mapping that is not in its page tables, where it is not counted."""
# Stopped by: memory limit, time limit, seccomp, rlimits
import mmap

STEP = 4 * 2**20
store = mmap.mmap(-1, 152 * 2**20)
for start in range(0, len(store), STEP):
    store[start : start + STEP] = b"x" * STEP
    store.madvise(mmap.MADV_DONTNEED, start, STEP)
if all(store[start] == ord("x") for start in range(0, len(store), STEP)):
    print("BREACH: kept 152 MB with a limit of 128 MB")
