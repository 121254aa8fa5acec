"""Write a changed library module into the bytecode cache, for later programs to load."""
# Stopped by: filesystem
import os

cache = os.path.join(os.path.dirname(os.__file__), "__pycache__")
with open(os.path.join(cache, "rlef-audit.cpython-311.pyc"), "wb") as file:
    file.write(b"x")
print("BREACH: wrote into the library's cache")
