"""Look for a descriptor that was left open, on the judge or on a file."""
# Stopped by: comparison
import os

for fd in range(3, 4096):
    try:
        print("BREACH: descriptor", fd, "is open:", os.fstat(fd))
    except OSError:
        pass
