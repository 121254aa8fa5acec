"""Queue signals and timers, to use up the user's limit, which all runs share."""
# Stopped by: comparison
import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
waiting = set(range(34, 65))
signal.pthread_sigmask(signal.SIG_BLOCK, waiting)
for number in waiting:
    for send in (lambda: os.kill(os.getpid(), number), lambda: signal.raise_signal(number)):
        try:
            send()
            print("BREACH: queued a signal", number)
        except (OSError, ValueError):
            pass
timer = ctypes.c_int()
if libc.syscall({"x86_64": 222, "aarch64": 107}[os.uname().machine], 1, None, ctypes.byref(timer)) == 0:
    print("BREACH: made a timer")
