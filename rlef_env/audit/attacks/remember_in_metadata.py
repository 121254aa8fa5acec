"""Leave a mark in a file's metadata: times, mode, owner, attributes, flags."""
# Stopped by: seccomp, filesystem
import fcntl
import os
import struct

path = os.__file__
fd = os.open(path, os.O_RDONLY)


def set_flags():
    flags = struct.unpack("q", fcntl.ioctl(fd, 0x80086601, bytes(8)))[0]  # FS_IOC_GETFLAGS
    fcntl.ioctl(fd, 0x40086602, struct.pack("q", flags ^ 0x40))  # FS_IOC_SETFLAGS: "no dump", which does no harm
    fcntl.ioctl(fd, 0x40086602, struct.pack("q", flags))


for change in (
    lambda: os.utime(fd),
    lambda: os.utime(path),
    lambda: os.fchmod(fd, 0o644),
    lambda: os.fchmod(0, 0o600),
    lambda: os.chown(path, -1, -1),
    lambda: os.setxattr(path, "user.mark", b"1"),
    lambda: os.setxattr(0, "user.mark", b"1"),
    set_flags,
):
    try:
        change()
        print("BREACH: changed what is known about a file")
    except OSError:
        pass
os.utime(path)
