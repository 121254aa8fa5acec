"""Abort, to leave a core file and get no verdict."""
# Stopped by: runtime error
import os

os.abort()
