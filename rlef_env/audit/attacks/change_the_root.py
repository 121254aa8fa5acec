"""Leave the private root by changing to another one."""
# Stopped by: seccomp
import os

os.chroot("/")
print("BREACH: changed the root")
