"""Replace os._exit and sys.exit, so that control returns to the code that started it."""
# Stopped by: comparison, runtime error
import os
import sys

os._exit = sys.exit = lambda *_: None
