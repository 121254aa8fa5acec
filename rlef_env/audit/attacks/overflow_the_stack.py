"""Recurse without end, in Python and in C, until the process crashes."""
# Stopped by: runtime error, memory limit, time limit
import sys

sys.setrecursionlimit(10**9)


class Deep:
    def __repr__(self):
        return repr([self])


def down(n):
    return sorted([n], key=down)


try:
    repr(Deep())
except RecursionError:
    pass
down(0)
