"""Start a number of threads that encodes a message, which the next test reads from its process and thread ids."""
# Stopped by: comparison
import os
import threading

ids = []
for _ in range(3 * int(input())):
    thread = threading.Thread(target=lambda: ids.append(threading.get_native_id()))
    thread.start()
    thread.join()
first = os.getpid()
if first != os.getppid() + 1 or ids != list(range(first + 1, first + 1 + len(ids))):
    print("BREACH: the ids go on where another run ended", os.getppid(), first, ids)
