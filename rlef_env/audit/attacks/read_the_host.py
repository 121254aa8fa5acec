"""Read files that describe the host, its users and its secrets."""
# Stopped by: filesystem
import os

PLACES = (
    "/etc/passwd /etc/shadow /etc/hostname /etc/hosts /proc/version /proc/cpuinfo /proc/mounts /proc/self/mountinfo "
    "/proc/self/environ /proc/self/cmdline /proc/self/status /proc/self/maps /proc/self/cgroup /proc/1/cmdline "
    "/proc/net/tcp /proc/keys /proc/sysvipc/shm /sys/class/net /root/.ssh /root/.bash_history /var/run/docker.sock"
)
for place in PLACES.split():
    try:
        if os.path.isdir(place):
            os.listdir(place)
        else:
            open(place, "rb").read(1)
        print("BREACH: read", place)
    except OSError:
        pass
open("/etc/passwd").read()
