"""Print a number of several megabytes, which takes very long to convert."""
# Stopped by: comparison
import os

os.write(1, b"9" * 8_000_000 + b"\n")
