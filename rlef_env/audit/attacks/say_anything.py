"""Print many words, hoping that the answer need only be among them."""
# Held by: comparison
for number in range(100_000):
    print(f"t{number:016x}")
