"""Ports for servers that start later: the kernel gives them to nobody else meanwhile."""

from __future__ import annotations

import contextlib
import secrets
import socket
from pathlib import Path

__all__ = ["lasting_port"]


def lasting_port() -> int:
    """Return a free port below those from which the kernel chooses when a program asks for any port."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = 1024 + secrets.randbelow(max(1024, lowest - 1024))
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
