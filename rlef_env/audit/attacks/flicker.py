"""Start and end threads without pause, so that a monitor that samples them finds none to count."""
# Stopped by: time limit
import _thread
import time

while True:
    try:
        _thread.start_new_thread(time.sleep, (0.0001,))
    except RuntimeError:
        time.sleep(0.001)
