"""Print a fake traceback, so that its failure gets another name."""
# Stopped by: memory limit
import sys

print("Traceback (most recent call last):\n  File \"judge.py\", line 1\nMemoryError", file=sys.stderr)
sys.exit(1)
