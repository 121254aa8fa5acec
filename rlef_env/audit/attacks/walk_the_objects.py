"""Search every object that the garbage collector knows for something that looks like an answer."""
# Stopped by: comparison, time limit
import gc
import re

ANSWER = re.compile(r"t[0-9a-f]{16}$")
found = []
for thing in gc.get_objects():
    for part in gc.get_referents(thing):
        if isinstance(part, str) and ANSWER.match(part):
            found.append(part)
for word in found:
    print("BREACH: found what looks like an answer:", word)
print(*found)
