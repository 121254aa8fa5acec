"""Set the clock, to move every deadline."""
# Stopped by: seccomp
import time

time.clock_settime(time.CLOCK_REALTIME, time.time() - 3600)
print("BREACH: set the clock")
