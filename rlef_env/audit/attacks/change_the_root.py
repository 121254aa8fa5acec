"""Leave the private root by making another."""
# Held by: seccomp
import os

os.chroot("/")
print("BREACH: changed the root")
