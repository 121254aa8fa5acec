"""Print a number of megabytes, which takes for ever to convert."""
# Held by: comparison
import os

os.write(1, b"9" * 8_000_000 + b"\n")
