"""Start threads until none is left for anybody."""
# Held by: rlimits, comparison, time limit, memory limit
import os
import threading

threading.stack_size(32 * 1024)
hold = threading.Event()
for _ in range(3000):
    threading.Thread(target=hold.wait, daemon=True).start()
os._exit(0)
