"""Exit before there is any output, in case no output is accepted."""
# Stopped by: comparison
import os

os._exit(0)
