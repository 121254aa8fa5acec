"""What the kernel reports about this machine and its processes, and how exactly runs can be measured with it."""
