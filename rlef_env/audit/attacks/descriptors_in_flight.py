"""Send descriptors that nobody receives, to use up the user's limit of descriptors in flight."""
# Stopped by: seccomp
import array
import socket
import time

left, right = socket.socketpair(socket.AF_UNIX)
descriptors = array.array("i", [0] * 253)
for _ in range(4):
    left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
time.sleep(0.3)
