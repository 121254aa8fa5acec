"""Write one byte far behind the end of the output."""
# Stopped by: rlimits, output limit
import os

os.pwrite(1, b"x", 2**40)
