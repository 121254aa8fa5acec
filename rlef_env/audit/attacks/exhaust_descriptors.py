"""Use up all descriptors, so that whoever comes to judge has none."""
# Held by: rlimits
import os

kept = []
while True:
    kept.append(os.dup(0))
