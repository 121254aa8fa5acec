"""Raise its own limits."""
# Stopped by: seccomp, runtime error
import resource

for limit in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
    try:
        resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print("BREACH: raised a limit")
    except (OSError, ValueError):
        pass
resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
