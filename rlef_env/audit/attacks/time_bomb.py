"""Behave on the first tests and strike on a later one."""
# Held by: comparison, time limit
if int(input()) < 3:
    print("an honest guess")
else:
    while True:
        pass
