"""Spin while the interpreter throws its objects away."""
# Held by: time limit
class Spinner:
    def __del__(self):
        while True:
            pass


spinner = Spinner()
