"""Die by SIGABRT, for a core file and no verdict."""
# Held by: its own end
import os

os.abort()
