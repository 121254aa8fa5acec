"""Let the kernel send signals to other processes, as the owners of a socket that becomes readable."""
# Stopped by: seccomp, comparison
import fcntl
import os
import signal
import socket

left, right = socket.socketpair()
refused = None
for owner in (os.getppid(), 1, -os.getpgrp() or -1):
    try:
        fcntl.fcntl(left, fcntl.F_SETOWN, owner)
        fcntl.fcntl(left, 10, signal.SIGKILL)  # F_SETSIG
        fcntl.fcntl(left, fcntl.F_SETFL, fcntl.fcntl(left, fcntl.F_GETFL) | os.O_ASYNC)
        right.send(b"x")
        left.recv(1)
    except OSError as error:
        refused = error
raise refused or SystemExit
