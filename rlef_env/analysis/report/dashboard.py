"""Serves a live report on this machine: HTTP on a loopback address, read by a browser.

A page of another site in the same browser must not read a run, nor play: requests whose ``Host`` is not this server are
refused (DNS rebinding), there are no CORS headers, and posts must come from the page itself.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

from rlef_env.analysis.report.live import LiveReport
from rlef_env.errors import RLEFError, UsageError

__all__ = ["Dashboard", "Player"]

Player = Callable[[dict[str, Any]], dict[str, Any]]
"""Answers what a person does in the page; both are plain JSON values."""

MAX_POST: Final = 2**22
HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


class Dashboard(ThreadingHTTPServer):
    """A server of a live report. ``serve_forever`` runs it until ``shutdown``.

    Args:
        report: the report.
        host: a loopback address, or ``"localhost"``.
        port: the port; 0 for a free one.
        player: answers what a person plays; None if nobody plays.

    Attributes:
        url: its address.

    Raises:
        UsageError: the address is no loopback address, or the port is taken.
    """

    daemon_threads = True

    def __init__(self, report: LiveReport, host: str = "127.0.0.1", port: int = 8765, player: Player | None = None):
        address = _loopback(host)
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.report, self.player = report, player
        try:
            super().__init__((address, port), _Handler)
        except OSError as error:
            raise UsageError(
                f"port: expected one that is free, got {port}: {error.strerror}; choose another by --port, 0 for any"
            ) from None
        shown = f"[{address}]" if ":" in address else address
        self.url = f"http://{shown}:{self.server_port}/"
        names = ("127.0.0.1", "[::1]", "localhost", shown)
        self.hosts = {f"{name}:{self.server_port}" for name in names}
        if self.server_port == 80:
            self.hosts.update(names)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that closes its window is no error."""


def _loopback(host: str) -> str:
    address = "127.0.0.1" if host == "localhost" else host
    try:
        if ipaddress.ip_address(address).is_loopback:
            return address
    except ValueError:
        pass
    raise UsageError(
        f"host: expected a loopback address such as 127.0.0.1, got {host!r}; to look at a run on another machine, use "
        "a tunnel: ssh -L 8765:127.0.0.1:8765 MACHINE"
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "rlef"
    timeout = 60

    @property
    def _dashboard(self) -> Dashboard:
        return cast(Dashboard, self.server)

    def do_GET(self) -> None:
        """Answer with the page, with changes, or with a page of texts."""
        if not self._is_ours():
            return
        url = urlsplit(self.path)
        try:
            if url.path == "/":
                self._send(self._dashboard.report.html(), "text/html; charset=utf-8")
            elif url.path == "/changes":
                known = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
                self._send_json(self._dashboard.report.changes(known) | {"plays": self._dashboard.player is not None})
            elif url.path.startswith("/page/") and (found := self._dashboard.report.page(int(url.path[6:]))):
                self._send(found[0], "application/octet-stream", {"X-Finished": str(int(found[1]))})
            else:
                self._refuse(HTTPStatus.NOT_FOUND, "no such page")
        except ValueError as error:
            # A damaged run is an error of data, which is a ValueError, too.
            damaged = isinstance(error, RLEFError)
            status = HTTPStatus.INTERNAL_SERVER_ERROR if damaged else HTTPStatus.BAD_REQUEST
            self._refuse(status, str(error) if damaged else "expected numbers")

    def do_POST(self) -> None:
        """Answer what a person played."""
        if not self._is_ours():
            return
        player, origin = self._dashboard.player, self.headers.get("Origin")
        size = self.headers.get("Content-Length", "")
        if self.path != "/play" or player is None:
            self._refuse(HTTPStatus.NOT_FOUND, "nobody plays here")
        elif urlsplit(origin or "").netloc not in self._dashboard.hosts:
            self._refuse(HTTPStatus.FORBIDDEN, "expected a request of the page itself")
        elif not size.isdecimal() or int(size) > MAX_POST:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected at most {MAX_POST} bytes")
        else:
            self._play(player, self.rfile.read(int(size)))

    def _play(self, player: Player, body: bytes) -> None:
        try:
            asked = json.loads(body)
            if not isinstance(asked, dict):
                raise UsageError("expected a JSON object")
            self._send_json(player(asked))
        except RLEFError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except ValueError:
            self._refuse(HTTPStatus.BAD_REQUEST, "expected JSON")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
        """Print nothing."""

    def _is_ours(self) -> bool:
        if self.headers.get("Host") in self._dashboard.hosts:
            return True
        self._refuse(HTTPStatus.FORBIDDEN, f"expected the address {self._dashboard.url}")
        return False

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self.close_connection = True  # the rest of the request is not read
        self._send(json.dumps({"error": why}).encode(), "application/json", {"Connection": "close"}, status)

    def _send_json(self, value: dict[str, Any]) -> None:
        self._send(json.dumps(value, separators=(",", ":")).encode("ascii"), "application/json")

    def _send(
        self, body: bytes, kind: str, headers: dict[str, str] | None = None, status: HTTPStatus = HTTPStatus.OK
    ) -> None:
        self.send_response(status)
        every = {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}
        for name, value in every.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
