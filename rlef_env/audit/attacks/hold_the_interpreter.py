"""Compute a number of a billion digits in one step, which no signal interrupts."""
# Stopped by: time limit, memory limit
print(len(str(7 ** (10**9))))
