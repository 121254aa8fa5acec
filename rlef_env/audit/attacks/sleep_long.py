"""Sleep: no CPU time passes, and a worker is gone for an hour."""
# Held by: time limit
import time

time.sleep(3600)
