"""Make the output longer than it may be, without writing it."""
# Held by: rlimits, output limit
import os

os.ftruncate(1, 2**40)
