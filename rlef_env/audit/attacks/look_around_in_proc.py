"""Read in /proc how many processes there are, their ids, and the numbers of their files."""
# Stopped by: comparison
import os

for number in (0, 1, 2, os.getpid()):
    if os.path.lexists(f"/proc/{number}"):
        print("BREACH: sees the process", number)
for name in ("self/exe", "self/ns/pid", "self/task", "loadavg", "meminfo", "sys", "sys/kernel/ns_last_pid", "stat"):
    if os.path.lexists(f"/proc/{name}"):
        print("BREACH: sees", name)
for path in ("/proc", "/proc/self", "/proc/self/fd", "/dev", "/dev/fd", "/"):
    if os.stat(path).st_nlink > 20:
        print("BREACH: the number of links tells of others", path)
for path in ("/dev/stdin", "/dev/fd", "/proc/self", "/proc/self/fd/0", "/proc/self/fd/1"):
    try:
        print("BREACH: read a link", os.readlink(path))
    except OSError:
        pass
