"""Send itself the signal of the CPU limit, to be scored as slow and not as wrong."""
# Held by: rlimits
import os
import signal

os.kill(os.getpid(), signal.SIGXCPU)
