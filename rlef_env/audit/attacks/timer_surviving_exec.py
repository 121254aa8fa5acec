"""Set a timer and replace the program, so that the timer ends somebody else."""
# Held by: seccomp
import os
import signal

signal.setitimer(signal.ITIMER_REAL, 0.2)
os.execv("/bin/sleep", ["sleep", "30"])
