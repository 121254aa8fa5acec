"""End only the main thread and continue in another one, out of sight of a monitor of the first."""
# Stopped by: memory limit, rlimits, runtime error, time limit
import ctypes
import os
import threading
import time


def hoard():
    time.sleep(0.05)
    data = bytearray(300 * 10**6)
    os.write(1, b"held %d\n" % len(data))
    os._exit(0)


threading.Thread(target=hoard).start()
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)
