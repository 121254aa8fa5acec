"""Start threads until no process can start another."""
# Stopped by: rlimits, comparison, time limit, memory limit
import os
import threading

threading.stack_size(32 * 1024)
hold = threading.Event()
for _ in range(3000):
    threading.Thread(target=hold.wait, daemon=True).start()
os._exit(0)
