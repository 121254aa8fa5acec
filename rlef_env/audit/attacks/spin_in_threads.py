"""Burn every core with threads that are never joined."""
# Stopped by: time limit
import hashlib
import threading

block = bytes(2**20)


def spin():
    while True:
        hashlib.sha256(block).digest()


for _ in range(16):
    threading.Thread(target=spin, daemon=True).start()
threading.Event().wait()
