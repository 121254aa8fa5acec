"""Read settings, arguments and paths that identify the judge and the machine."""
# Stopped by: comparison
import os
import sys

PLAIN = {"LC_ALL", "ONLINE_JUDGE", "PYTHONHASHSEED", "TZ"}  # reveal nothing
if set(os.environ) - PLAIN or sys.argv != ["solution.py"] or sys.executable:
    print("BREACH: told of:", dict(os.environ), sys.argv, sys.executable)
for entry in sys.path:
    if "rlef" in entry or "site-packages" in entry:
        print("BREACH: the path tells of", entry)
for name in sys.modules:
    if name.startswith(("rlef", "gymnasium", "numpy")):
        print("BREACH: loaded", name)
