"""Close every descriptor, the output too, and leave with status 0."""
# Stopped by: comparison
import os

os.closerange(0, 4096)
os._exit(0)
