"""Wait without end, in every kind of blocking call, ignoring the signals that would end it."""
# Stopped by: time limit
import signal
import threading

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
threading.Thread(target=threading.Event().wait).start()
lock = threading.Lock()
with lock:
    while True:
        try:
            lock.acquire()
        except BaseException:
            pass
