"""Take the parent's files and time away with prlimit."""
# Held by: seccomp
import os
import resource

resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (0, 0))
print("BREACH: limited its parent")
