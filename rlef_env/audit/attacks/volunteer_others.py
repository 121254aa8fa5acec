"""Make the kernel kill other processes first when memory runs out, and itself never."""
# Stopped by: filesystem
for path in ("/proc/self/oom_score_adj", "/proc/1/oom_score_adj", "/proc/self/coredump_filter", "/proc/self/comm"):
    try:
        with open(path, "w") as file:
            file.write("-1000")
        print("BREACH: wrote", path)
    except OSError:
        pass
open("/proc/self/oom_score_adj", "w")
