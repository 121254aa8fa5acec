"""Print NUL bytes, for a comparison that stops at the first."""
# Stopped by: comparison
import os

os.write(1, b"\0" * 1000 + b"t\0")
