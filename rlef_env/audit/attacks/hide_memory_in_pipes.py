"""Keep memory in the buffers of pipes and sockets, where it is not counted."""
# Stopped by: seccomp
import fcntl
import os

pipes = []
for _ in range(25):
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        fcntl.fcntl(write, 1031, 2**20)  # F_SETPIPE_SZ
    except OSError:
        pass
    try:
        while True:
            os.write(write, b"x" * 65536)
    except BlockingIOError:
        pass
    pipes.append((read, write))
print(len(pipes))
