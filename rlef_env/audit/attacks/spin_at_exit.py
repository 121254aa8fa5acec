"""Spin in an exit handler, when the program may already count as finished."""
# Stopped by: time limit
import atexit


def spin():
    while True:
        pass


atexit.register(spin)
