"""Read how long other processes have computed, and wait until they have."""
# Stopped by: comparison
import ctypes
import os
import time

libc = ctypes.CDLL(None, use_errno=True)
sleep = {"x86_64": 230, "aarch64": 115}[os.uname().machine]
for process in (*range(1, 9), os.getppid(), max(1, os.getppid() - 1)):  # 0 would be this one
    for kind in range(8):
        clock = (~process << 3) | kind
        try:
            time.clock_gettime(clock)
            if process < os.getpid():
                print("BREACH: read the clock of", process, kind)
        except OSError:
            pass
        if process < os.getpid() and libc.syscall(sleep, clock, 1, (ctypes.c_long * 2)(0, 0), None) == 0:
            print("BREACH: slept by the clock of", process, kind)
for process in (1, os.getppid()):
    for ask in (os.getsid, os.getpgid, os.sched_getaffinity, os.sched_getscheduler, os.sched_getparam):
        try:
            print("BREACH: was told of", process, ask(process))
        except OSError:
            pass
