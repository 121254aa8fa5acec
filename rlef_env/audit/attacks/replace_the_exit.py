"""Replace os._exit and sys.exit, so that control comes back to whoever started it."""
# Held by: comparison, its own end
import os
import sys

os._exit = sys.exit = lambda *_: None
