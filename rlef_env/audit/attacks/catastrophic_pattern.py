"""Match a pattern that takes exponential time, inside C."""
# Held by: time limit
import re

re.match(r"(a+)+$", "a" * 60 + "b")
