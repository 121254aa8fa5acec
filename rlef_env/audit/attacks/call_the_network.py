"""Connect to another machine, by host name, by address and by socket path."""
# Stopped by: seccomp
import socket

for family, kind in (
    (socket.AF_INET, socket.SOCK_STREAM),
    (socket.AF_INET6, socket.SOCK_DGRAM),
    (socket.AF_UNIX, socket.SOCK_STREAM),
    (socket.AF_NETLINK, socket.SOCK_RAW),
    (socket.AF_PACKET, socket.SOCK_RAW),
    (40, socket.SOCK_STREAM),  # AF_VSOCK
):
    try:
        socket.socket(family, kind)
        print("BREACH: has a socket of family", family)
    except OSError:
        pass
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    try:
        socket.socketpair(socket.AF_UNIX, kind)
        print("BREACH: has a pair of sockets")
    except OSError:
        pass
socket.create_connection(("127.0.0.1", 80), timeout=0.1)
