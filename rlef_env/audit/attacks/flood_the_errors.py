"""Print to standard error without end, ignoring every signal about it."""
# Stopped by: output limit
import os
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
block = b"x" * 10**6
try:
    while True:
        os.write(2, block)
except OSError:
    os._exit(0)
