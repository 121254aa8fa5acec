"""Start a thread after all others have ended."""
# Stopped by: time limit, runtime error, comparison
import atexit
import threading
import time


def again():
    time.sleep(0.01)
    threading.Thread(target=again).start()


atexit.register(again)
threading._register_atexit(again) if hasattr(threading, "_register_atexit") else None
threading.Thread(target=again).start()
