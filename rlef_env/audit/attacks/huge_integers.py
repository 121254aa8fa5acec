"""Convert between long numbers and text, which takes quadratic time."""
# Stopped by: runtime error, time limit
import sys

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)
number = 1 << 20_000_000
print(len(str(number)))
