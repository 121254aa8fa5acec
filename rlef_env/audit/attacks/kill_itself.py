"""Die by SIGKILL, so that the judge believes it was its own doing and gives no verdict."""
# Held by: its own end
import os

os.kill(os.getpid(), 9)
