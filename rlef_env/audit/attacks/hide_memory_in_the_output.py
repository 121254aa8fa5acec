"""Keep data in the output and error files, read it from there, and truncate them before the end."""
# Stopped by: comparison
import mmap
import os

block = os.urandom(2**20)
for fd in (1, 2):
    for number in range(3):
        os.pwrite(fd, block, number * 2**20)
readers = {
    "pread": lambda fd: os.pread(fd, 16, 0),
    "mmap": lambda fd: mmap.mmap(fd, 4096, prot=mmap.PROT_READ)[:16],
    "sendfile": lambda fd: os.sendfile(3 - fd, fd, 0, 16),
    "copy_file_range": lambda fd: os.copy_file_range(fd, 3 - fd, 16, 0),
    "open": lambda fd: os.open(f"/proc/self/fd/{fd}", os.O_RDONLY),
    "open again": lambda fd: os.open(("/dev/stdout", "/dev/stderr")[fd - 1], os.O_RDWR),
}
got = []
for name, read in readers.items():
    for fd in (1, 2):
        try:
            got.append((name, read(fd)))
        except OSError:
            pass
for fd in (1, 2):
    os.ftruncate(fd, 0)
    os.lseek(fd, 0, os.SEEK_SET)
print("BREACH: reads what it wrote", got) if got else print("nothing")
