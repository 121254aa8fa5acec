"""Print the answer after the deadline, to a judge that reads what came anyway."""
# Held by: time limit
import time

time.sleep(0.6)
print("late", flush=True)
while True:
    pass
