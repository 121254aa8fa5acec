"""Set the clock, so that every deadline moves."""
# Held by: seccomp
import time

time.clock_settime(time.CLOCK_REALTIME, time.time() - 3600)
print("BREACH: set the clock")
