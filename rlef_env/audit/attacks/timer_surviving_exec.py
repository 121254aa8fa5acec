"""Set a timer and replace the program, so that the timer ends another program."""
# Stopped by: seccomp
import os
import signal

signal.setitimer(signal.ITIMER_REAL, 0.2)
os.execv("/bin/sleep", ["sleep", "30"])
