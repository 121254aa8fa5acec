"""Send itself the signal of the CPU limit, to be scored as slow instead of wrong."""
# Stopped by: rlimits
import os
import signal

os.kill(os.getpid(), signal.SIGXCPU)
