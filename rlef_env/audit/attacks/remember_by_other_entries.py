"""Leave a folder, a pipe, a link or a device, in case only files are noticed."""
# Stopped by: filesystem, seccomp
import os

for make in (
    lambda path: os.mkdir(path),
    lambda path: os.mkfifo(path),
    lambda path: os.symlink("/etc/passwd", path),
    lambda path: os.link(os.__file__, path),
    lambda path: os.mknod(path, 0o20666, os.makedev(1, 3)),
    lambda path: os.rename(os.__file__, path),
    lambda path: os.open(os.path.dirname(path), 0o20200000 | os.O_RDWR),  # O_TMPFILE
):
    for place in ("/tmp", "/dev/shm", "."):
        try:
            make(place + "/rlef-audit-entry")
            print("BREACH: made something in", place)
        except OSError:
            pass
os.mkdir("/tmp/rlef-audit-entry")
