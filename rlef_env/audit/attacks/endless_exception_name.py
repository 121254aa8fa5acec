"""Fail with an exception whose name has 12 million letters, which the judge might store."""
# Stopped by: runtime error
import sys

sys.stderr.write("Traceback (most recent call last):\n" + "A" * 12_000_000 + ": x\n")
sys.exit(1)
