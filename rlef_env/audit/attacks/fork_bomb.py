"""Fork and fork again."""
# Stopped by: seccomp
import os
import time

for _ in range(5):
    if os.fork() == 0:
        print("BREACH: forked", flush=True)
        time.sleep(1)
        os._exit(0)
