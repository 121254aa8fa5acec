"""Spin in an exit handler, when the program already counts as done."""
# Held by: time limit
import atexit


def spin():
    while True:
        pass


atexit.register(spin)
