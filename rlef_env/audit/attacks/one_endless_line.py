"""Print one line of 30 MB without an end, for whoever reads line by line."""
# Held by: comparison
import os

for _ in range(30):
    os.write(1, b"x" * 10**6)
