"""Let the kernel copy the output again and again, which costs the program no time."""
# Stopped by: output limit, rlimits, comparison, time limit
import os

source = os.open(os.__file__, os.O_RDONLY)
while os.sendfile(1, source, 0, 2**20):
    pass
