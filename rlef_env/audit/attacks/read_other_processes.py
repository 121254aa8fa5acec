"""Read memory, environment and files of every process that /proc shows."""
# Stopped by: filesystem
import os

for pid in [os.getppid(), *range(1, 300)]:
    for name in ("mem", "environ", "cmdline", "maps", "fd/0", "cwd", "root", "status", "task"):
        path = f"/proc/{pid}/{name}"
        try:
            if name in ("cwd", "root"):
                os.readlink(path)
            elif name == "task":
                os.listdir(path)
            else:
                open(path, "rb").read(1)
            print("BREACH: read", path)
        except OSError:
            pass
os.listdir("/proc")
