"""Print nothing to standard output, and everything elsewhere."""
# Stopped by: comparison
import sys

for stream in (sys.stderr, sys.__stderr__):
    print("t0123456789abcdef", file=stream)
sys.stdout = sys.stderr
print("t0123456789abcdef")
