"""Seal the output file, so that the judge cannot use it."""
# Stopped by: comparison
import fcntl

for seal in (2, 4, 16, 8, 1):
    try:
        fcntl.fcntl(1, 1033, seal)
    except OSError:
        pass
print("sealed")
