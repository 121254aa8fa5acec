"""Touch more and more memory."""
# Held by: memory limit
kept = []
while True:
    kept.append(bytearray(2**20))
