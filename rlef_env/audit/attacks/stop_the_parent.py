"""Stop the parent, so that the judgement never ends."""
# Stopped by: seccomp
import os
import signal

os.kill(os.getppid(), signal.SIGSTOP)
print("BREACH: stopped its parent")
