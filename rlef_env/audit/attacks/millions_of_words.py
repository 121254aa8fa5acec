"""Print millions of words, so that comparing takes longer than running."""
# Stopped by: comparison
import os

os.write(1, b"t " * 8_000_000)
