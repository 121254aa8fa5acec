"""Raise its own priority, and lower that of other processes."""
# Stopped by: seccomp
import os

for way in (
    lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19),
    lambda: os.setpriority(os.PRIO_USER, 0, 19),
    lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)),
    lambda: os.sched_setaffinity(os.getppid(), {0}),
    lambda: os.sched_setaffinity(0, {0}),
):
    try:
        way()
        print("BREACH: changed priorities")
    except OSError:
        pass
os.nice(1)
