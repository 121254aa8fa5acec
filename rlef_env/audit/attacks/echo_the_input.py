"""Print the input, in case it is the answer, and in case the two get mixed up."""
# Held by: comparison
import sys

sys.stdout.write(sys.stdin.read())
