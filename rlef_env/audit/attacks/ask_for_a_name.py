"""Resolve a host name: the query would reach an attacker's server."""
# Stopped by: runtime error, filesystem, seccomp
import socket

print("BREACH: looked up", socket.gethostbyname("localhost.example"))
