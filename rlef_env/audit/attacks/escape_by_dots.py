"""Leave the folder of the library by way of "..", of links and of the folder's own descriptor."""
# Stopped by: filesystem
import os

folder = os.path.dirname(os.__file__)
fd = os.open(folder, os.O_RDONLY)
up = "/".join([".."] * 20)
for attempt in (
    lambda: os.open(up + "/etc/passwd", os.O_RDONLY, dir_fd=fd),
    lambda: os.open(folder + "/" + up + "/etc/passwd", os.O_RDONLY),
    lambda: os.open("/proc/self/root/etc/passwd", os.O_RDONLY),
    lambda: os.open("/proc/self/cwd/etc/passwd", os.O_RDONLY),
    lambda: os.listdir(os.open(up, os.O_RDONLY, dir_fd=fd)),
):
    try:
        attempt()
        print("BREACH: left the library")
    except OSError:
        pass
os.chdir(up)
os.open("etc/passwd", os.O_RDONLY)
