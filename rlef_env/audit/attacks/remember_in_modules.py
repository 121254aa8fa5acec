"""Leave a mark in the interpreter for the next test, to answer every test with what the first one saw."""
# Stopped by: comparison
import builtins
import gc
import random
import sys

mark = [getattr(place, "mark", None) for place in (builtins, sys, random)]
if any(mark):
    print("BREACH: an earlier run left", mark)
builtins.mark = sys.mark = random.mark = input()
gc.get_objects()[0]
