"""Use shared memory of /dev/zero and of the huge page pool: neither is counted as its own."""
# Stopped by: comparison
import mmap
import os

for path in ("/dev/zero", "/dev/null", "/dev/random", "/dev/urandom"):
    try:
        mmap.mmap(os.open(path, os.O_RDWR), 4096)
        print("BREACH: shares memory through", path)
    except OSError:
        pass
for flags in (0x40000 | 0x22, 0x40000 | 0x21, 0x21):  # MAP_HUGETLB with MAP_ANONYMOUS, private and shared; shared
    try:
        mmap.mmap(-1, 2**21, flags=flags)
        print("BREACH: has memory of another kind", flags)
    except OSError:
        pass
