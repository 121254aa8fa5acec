"""Lock files of the library, as a signal to a program in another worker."""
# Stopped by: seccomp, comparison
import fcntl
import os

for name in ("os.py", "re/__init__.py", "LICENSE.txt"):
    try:
        fd = os.open(os.path.join(os.path.dirname(os.__file__), name), os.O_RDONLY)
    except FileNotFoundError:
        continue
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("BREACH: another program holds the lock of", name)
