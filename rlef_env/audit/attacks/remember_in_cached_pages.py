"""Evict pages of a library file, read some again, and let the next test ask which are cached."""
# Stopped by: comparison
import ctypes
import mmap
import os

libc = ctypes.CDLL(None, use_errno=True)
fd = os.open(os.__file__, os.O_RDONLY)
pages = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
for name, advice in {"fetch": 3, "drop": 9, "merge": 12, "cool": 20, "page out": 21, "collapse": 25}.items():
    try:
        pages.madvise(advice)
        print("BREACH: may ask to", name)
    except OSError:
        pass
for advice in range(1, 6):
    try:
        os.posix_fadvise(fd, 0, 0, advice)
        print("BREACH: may give advice on a file", advice)
    except OSError:
        pass
length = os.fstat(fd).st_size
numbers = {"readahead": 187, "mincore": 27, "cachestat": 451, "preadv2": 327, "sync_file_range": 277}
if os.uname().machine == "aarch64":
    numbers = {"readahead": 213, "mincore": 232, "cachestat": 451, "preadv2": 286, "sync_file_range": 84}
for name, number in numbers.items():
    if libc.syscall(number, fd, 0, length, 0, 0, 8) >= 0:
        print("BREACH: may call", name)
