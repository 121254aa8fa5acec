"""Move the offset of the input, which the judge may share, so that the next test's input starts elsewhere."""
# Stopped by: comparison
import os

if os.lseek(0, 0, os.SEEK_CUR) != 0:
    print("BREACH: the input does not start at its start")
os.lseek(0, 10**6, os.SEEK_SET)
os.lseek(1, 10**6, os.SEEK_SET)
