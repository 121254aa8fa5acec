"""Have the kernel copy the output over and over, at no cost in time."""
# Held by: output limit, rlimits, comparison, time limit
import os

os.write(1, b"x" * 2**20)
source = os.open("/proc/self/fd/1", os.O_RDONLY) if os.path.exists("/proc/self/fd/1") else 1
while os.sendfile(1, source, 0, 2**20):
    pass
