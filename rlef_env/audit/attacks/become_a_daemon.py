"""Fork twice, lead a session of its own, and live on after the judgement."""
# Stopped by: seccomp
import os
import time

try:
    os.setsid()
    print("BREACH: leads a session")
except OSError:
    pass
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(30)
    os._exit(0)
