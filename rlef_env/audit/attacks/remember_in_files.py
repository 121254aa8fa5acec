"""Leave a file for the next test in every place that might be writable."""
# Stopped by: filesystem
import os
import tempfile

PLACES = ["/tmp", "/var/tmp", "/dev/shm", "/dev", "/", ".", "/proc/self", "/run", "/run/lock", "/home", "/root"]
PLACES += [os.path.dirname(os.__file__), os.path.expanduser("~")]
for place in PLACES:
    path = os.path.join(place, "rlef-audit-mark")
    if os.path.exists(path):
        print("BREACH: an earlier run left", path)
    try:
        open(path, "w").close()
        print("BREACH: made", path)
    except OSError:
        pass
tempfile.TemporaryFile()
