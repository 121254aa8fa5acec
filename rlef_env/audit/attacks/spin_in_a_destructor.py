"""Spin while the interpreter frees its objects."""
# Stopped by: time limit
class Spinner:
    def __del__(self):
        while True:
            pass


spinner = Spinner()
