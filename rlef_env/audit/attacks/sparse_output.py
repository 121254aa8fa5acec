"""Make the output longer than its limit without writing it."""
# Stopped by: rlimits, output limit
import os

os.ftruncate(1, 2**40)
