"""Leave settings of the process for the next test: folder, mask, signals, limits, environment."""
# Stopped by: comparison, seccomp, filesystem
import os
import signal
import sys

state = (os.getcwd(), os.umask(0o123) == 0o123, signal.getsignal(signal.SIGUSR1), os.environ.get("MARK"))
if state[1] or state[2] is not signal.SIG_DFL or state[3] or sys.getrecursionlimit() > 5000:
    print("BREACH: an earlier run left", state)
os.environ["MARK"] = "1"
os.putenv("MARK", "1")
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGALRM})
sys.setrecursionlimit(10_000)
os.chdir(os.path.dirname(os.__file__))
