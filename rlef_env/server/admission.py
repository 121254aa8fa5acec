"""Admission control: checks a request's token, host and size, and limits how many requests are pending."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import re
import sys
from typing import Final

from starlette.requests import ClientDisconnect, Request

__all__ = ["Admission", "Disconnected", "Refused"]

BODY_SECONDS: Final = 60.0  # a client may take so long to send a body
MAX_BODIES: Final = 8  # bodies of the maximum size that fit in memory at once
LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
PORT: Final = re.compile(r":[0-9]*$")


class Refused(Exception):
    """A request that is answered with an error.

    Attributes:
        status: HTTP status code.
        detail: error message: what was expected, what came, what to do.
        headers: extra headers of the response.
    """

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Disconnected(Exception):
    """The client closed the connection before it got its answer."""


class Admission:
    """Decides which requests are accepted, and counts those that are pending: accepted and not answered.

    Args:
        token: secret that a client must send; None for none.
        max_pending: maximum number of pending requests.
        max_bytes: maximum size of a request's body; the pending bodies together may have ``MAX_BODIES`` times this.

    Attributes:
        num_pending: number of pending requests.
        draining: True once no request is accepted any more.
    """

    def __init__(self, token: str | None, max_pending: int, max_bytes: int) -> None:
        self._token, self._max_pending, self._max_bytes = token, max_pending, max_bytes
        self.num_pending = self._pending_bytes = 0
        self.draining = False

    def check_client(self, request: Request) -> None:
        """Refuse a request without the token: ``Authorization: Bearer TOKEN``, or TOKEN as the password of ``Basic``.

        If the server has no token, refuse requests whose ``Host`` is not this machine: a web page that is open in a
        browser here could send those on behalf of its visitor (DNS rebinding).
        """
        if self._token is None:
            host = request.headers.get("host", "")
            if PORT.sub("", host) not in LOCAL_HOSTS:
                raise Refused(400, f"expected one of the hosts {', '.join(LOCAL_HOSTS)}, got {host!r:.100}")
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":  # clients send it for http://any:TOKEN@host
            try:
                token = base64.b64decode(token, validate=True).decode("utf-8", "replace").partition(":")[2]
            except (binascii.Error, ValueError):
                token = ""
        elif scheme.lower() != "bearer":
            token = ""
        if not hmac.compare_digest(token.strip().encode("utf-8", "replace"), self._token.encode()):
            raise Refused(
                401, "expected this server's token; send 'Authorization: Bearer TOKEN'", WWW_Authenticate="Bearer"
            )

    def enter(self, request: Request, busy_status: int) -> int:
        """Accept a request, or refuse it.

        Args:
            request: its body counts with the length in its header, or with the maximum size if the header is missing.
            busy_status: status of a refusal because too much is pending: 503, or 504 for clients that retry only then.

        Returns:
            The number of bytes to pass to ``leave``.
        """
        if self.draining:
            detail = "the server is shutting down; retry on another instance"
            raise Refused(503, detail, Retry_After="10", Connection="close")
        if self.num_pending >= self._max_pending:
            raise Refused(busy_status, f"{self._max_pending} requests are pending; retry later", Retry_After="1")
        size = min(_content_length(request, self._max_bytes), self._max_bytes)
        if self._pending_bytes + size > MAX_BODIES * self._max_bytes:
            raise Refused(busy_status, "the pending requests fill the memory; retry later", Retry_After="1")
        self.num_pending += 1
        self._pending_bytes += size
        return size

    def leave(self, size: int) -> None:
        """Count a request as answered; ``size`` is the number that ``enter`` returned."""
        self.num_pending -= 1
        self._pending_bytes -= size

    async def body(self, request: Request) -> bytes:
        """Read a request's body; refuse it if it is not JSON, too large, or takes longer than ``BODY_SECONDS``."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            # A browser sends this type across sites only after a preflight request, which this server never approves:
            # so web pages cannot send requests on behalf of their visitors.
            raise Refused(415, "expected 'Content-Type: application/json'")
        try:
            return await asyncio.wait_for(self._read(request), BODY_SECONDS)
        except (TimeoutError, asyncio.TimeoutError):
            raise Refused(
                408, f"expected the whole request within {BODY_SECONDS:g} seconds", Connection="close"
            ) from None
        except ClientDisconnect:
            raise Disconnected from None

    async def _read(self, request: Request) -> bytes:
        body = bytearray()
        if _content_length(request, 0) <= self._max_bytes:
            async for part in request.stream():
                body += part
                if len(body) > self._max_bytes:
                    break
            else:
                return bytes(body)
        raise Refused(413, f"expected at most {self._max_bytes} bytes in a request", Connection="close")


def _content_length(request: Request, default: int) -> int:
    """Return the body's length as the header states it; ``default`` without one, ``sys.maxsize`` if it is no number."""
    length = request.headers.get("content-length")
    if length is None:
        return default
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 19 else sys.maxsize
