"""Match a pattern that takes exponential time, inside C."""
# Stopped by: time limit
import re

re.match(r"(a+)+$", "a" * 60 + "b")
