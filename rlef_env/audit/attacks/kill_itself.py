"""Die by SIGKILL, so that the judge takes it for its own kill and gives no verdict."""
# Stopped by: runtime error
import os

os.kill(os.getpid(), 9)
