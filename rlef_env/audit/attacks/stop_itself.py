"""Stop with SIGSTOP, which uses no CPU time, so that the judge waits for ever."""
# Stopped by: time limit
import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)
