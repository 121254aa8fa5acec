"""Build deeply nested lists, and free, print and copy them."""
# Stopped by: runtime error, time limit
import copy
import json
import pickle

deep = []
for _ in range(200_000):
    deep = [deep]
for use in (json.dumps, pickle.dumps, copy.deepcopy, repr):
    try:
        use(deep)
    except RecursionError:
        pass
json.loads("[" * 200_000)
