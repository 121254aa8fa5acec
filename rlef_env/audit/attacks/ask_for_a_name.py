"""Have a name looked up, which tells an attacker's server."""
# Held by: its own end, file walls, seccomp
import socket

print("BREACH: looked up", socket.gethostbyname("localhost.example"))
