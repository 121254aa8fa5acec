"""Print without end."""
# Stopped by: output limit
import os

block = b"x" * 10**6
while True:
    try:
        os.write(1, block)
    except OSError:
        break
