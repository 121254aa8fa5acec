"""Look up missing files: the kernel caches the names and answers the next test faster for the same ones."""
# Stopped by: comparison
import os
import statistics
import time

MARK, FOLDERS = "rlef-audit", [os.path.dirname(os.__file__), os.path.dirname(os.__file__) + "/json", "/dev", "/", "/usr"]


def seconds(path):
    before = time.perf_counter_ns()
    try:
        os.stat(path)
    except OSError:
        pass
    return time.perf_counter_ns() - before


test = int(input())
for folder in FOLDERS:
    unknown = os.urandom(4).hex()
    fresh, asked = [], []
    for number in range(60):
        fresh.append(seconds(f"{folder}/{MARK}-{unknown}-{number:04d}-name"))
        asked.append(seconds(f"{folder}/{MARK}-{test - 1:08d}-{number:04d}-name"))
        seconds(f"{folder}/{MARK}-{test:08d}-{number:04d}-name")
    if statistics.median(asked) < 0.7 * statistics.median(fresh) and test > 1:
        print("BREACH: an earlier test has asked in", folder)
