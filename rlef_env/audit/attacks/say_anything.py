"""Print many words, in case the answer need only be among them."""
# Stopped by: comparison
for number in range(100_000):
    print(f"t{number:016x}")
