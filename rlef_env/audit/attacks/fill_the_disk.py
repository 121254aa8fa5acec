"""Write files until every disk is full."""
# Stopped by: filesystem
import os

for place in ("/tmp", "/var/tmp", "/dev/shm", ".", "/"):
    try:
        with open(os.path.join(place, "rlef-audit-flood"), "wb") as file:
            for _ in range(10):
                file.write(b"x" * 10**6)
        print("BREACH: wrote to", place)
    except OSError:
        pass
open("/tmp/rlef-audit-flood", "wb")
