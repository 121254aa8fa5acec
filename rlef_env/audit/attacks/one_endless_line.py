"""Print one line of 12 MB without an end, in case the judge reads line by line."""
# Stopped by: comparison
import os

for _ in range(12):
    os.write(1, b"x" * 10**6)
