"""Leave a core file."""
# Stopped by: runtime error
import os
import resource

if resource.getrlimit(resource.RLIMIT_CORE) != (1, 1):
    print("BREACH: may leave a core file")
os.abort()
