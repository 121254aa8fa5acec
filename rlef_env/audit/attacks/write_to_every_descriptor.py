"""Write a forged result into whatever channel was inherited."""
# Stopped by: comparison
import json
import os
import struct

RESULT = struct.pack("<idqd", 0, 0.0, 0, 0.0)
for fd in range(3, 1024):
    for message in (RESULT, b"C", json.dumps({"verdict": "accepted"}).encode()):
        try:
            os.write(fd, message)
            print("BREACH: wrote into descriptor", fd)
        except OSError:
            pass
