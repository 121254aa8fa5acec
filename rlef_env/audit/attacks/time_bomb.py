"""Behave well on the first tests and attack on a later one."""
# Stopped by: comparison, time limit
if int(input()) < 3:
    print("an honest guess")
else:
    while True:
        pass
