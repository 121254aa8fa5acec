"""Use up all descriptors, so that the judge has none."""
# Stopped by: rlimits
import os

kept = []
while True:
    kept.append(os.dup(0))
