"""Take leases on library files, so that every other program that imports them waits."""
# Stopped by: seccomp, comparison
import fcntl
import os
import signal
import time

signal.signal(signal.SIGIO, signal.SIG_IGN)
folder = os.path.dirname(os.__file__)
refused, leased = None, 0
for name in ("statistics.py", "__pycache__/statistics.cpython-311.pyc", "numbers.py"):
    try:
        fd = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(fd, 1024, fcntl.F_WRLCK)  # F_SETLEASE
        leased += 1
        print("BREACH: leased", name, flush=True)
    except OSError as error:
        refused = error
while leased and time.process_time() < 0.3:  # together with the sleep, longer than another program may wait
    pass
time.sleep(0.35 if leased else 0)
raise refused or SystemExit
