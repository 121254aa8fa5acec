"""Read how much disk, memory and other resources are left, and what reading a page costs."""
# Stopped by: comparison
import ctypes
import os
import resource

libc = ctypes.CDLL(None, use_errno=True)
for path in ("/", os.path.dirname(os.__file__), "/dev/null", "/dev/stdin", "/proc"):
    try:
        print("BREACH: what is left", os.statvfs(path))
    except OSError:
        pass
numbers = {"fstatfs": 138, "sysinfo": 99, "getrusage": 98, "getpriority": 140, "capget": 125}
if os.uname().machine == "aarch64":
    numbers = {"fstatfs": 44, "sysinfo": 179, "getrusage": 165, "getpriority": 141, "capget": 90}
for name, number in numbers.items():
    if libc.syscall(number, 0, bytes(256), bytes(256)) >= 0:
        print("BREACH: may call", name)
if any(resource.getrusage(resource.RUSAGE_SELF)[2:]):
    print("BREACH: is told what others made it wait for")
