"""Read a device that never ends."""
# Stopped by: memory limit, runtime error
open("/dev/zero", "rb").read()
