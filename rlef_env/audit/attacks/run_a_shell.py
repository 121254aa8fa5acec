"""Run commands, in every way that the library offers."""
# Stopped by: seccomp
import os
import pty
import subprocess

for way in (
    lambda: subprocess.run(["/bin/sh", "-c", "echo BREACH"]),
    lambda: os.posix_spawn("/bin/sh", ["sh", "-c", "echo BREACH"], {}),
    lambda: os.popen("echo BREACH").read() or 1 / 0,
    lambda: pty.fork(),
    lambda: os.forkpty(),
):
    try:
        way()
        print("BREACH: ran a command")
    except (OSError, ZeroDivisionError):
        pass
if os.system("echo BREACH") == 0:
    print("BREACH: ran a command")
os.execv("/bin/sh", ["sh", "-c", "echo BREACH"])
