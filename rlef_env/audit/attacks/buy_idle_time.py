"""Let many threads wait for a core, to be credited with the waiting time, and then sleep for as long."""
# Stopped by: time limit
import hashlib
import threading
import time

block = bytes(2**20)
stop = time.monotonic() + 0.6


def queue():
    while time.monotonic() < stop and time.process_time() < 0.3:
        hashlib.sha256(block).digest()


threading.stack_size(64 * 1024)
for _ in range(60):
    threading.Thread(target=queue, daemon=True).start()
time.sleep(60)
