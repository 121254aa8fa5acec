"""Map the output into memory and have a thread change it after the end."""
# Stopped by: seccomp
import mmap
import os
import threading
import time

os.ftruncate(1, 4096)
view = mmap.mmap(1, 4096)


def scribble():
    while True:
        view[:9] = b"tt" + str(time.time()).encode()[:7]


threading.Thread(target=scribble, daemon=True).start()
time.sleep(0.02)
os._exit(0)
