"""Sleep, which uses no CPU time and blocks a worker for an hour."""
# Stopped by: time limit
import time

time.sleep(3600)
