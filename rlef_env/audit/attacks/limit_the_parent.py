"""Lower the parent's limits on files and time with prlimit."""
# Stopped by: seccomp
import os
import resource

resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (0, 0))
print("BREACH: limited its parent")
