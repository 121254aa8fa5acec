"""End the main thread alone and go on in another, out of the sight of whoever watches the first."""
# Held by: memory limit, rlimits, its own end, time limit
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
