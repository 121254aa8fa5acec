"""Print the answer after the deadline, in case the judge still reads the output."""
# Stopped by: time limit
import time

time.sleep(0.6)
print("late", flush=True)
while True:
    pass
