"""Fail with an exception whose name has 20 million letters, which somebody will store."""
# Held by: its own end
import sys

sys.stderr.write("Traceback (most recent call last):\n" + "A" * 20_000_000 + ": x\n")
sys.exit(1)
