"""Touch more and more memory."""
# Stopped by: memory limit
kept = []
while True:
    kept.append(bytearray(2**20))
