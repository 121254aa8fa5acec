"""Build lists in lists in lists, and throw them away, show them, copy them."""
# Held by: its own end, time limit
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
