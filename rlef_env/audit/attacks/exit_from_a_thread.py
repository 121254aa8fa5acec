"""Exit with status 0 from a thread while the program is still at work."""
# Stopped by: comparison
import os
import threading

threading.Thread(target=os._exit, args=(0,)).start()
while True:
    pass
