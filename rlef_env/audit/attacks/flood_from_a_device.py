"""Read a device that never ends."""
# Held by: memory limit, its own end
open("/dev/zero", "rb").read()
