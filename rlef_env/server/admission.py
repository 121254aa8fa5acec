"""Who is let in: tokens, how much at once, how large, and what a refusal says."""

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

BODY_SECONDS: Final = 60.0
MOST_BODIES: Final = 8  # of the greatest length that may be in memory at once
LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
PORT: Final = re.compile(r":[0-9]*$")


class Refused(Exception):
    """A request that is not answered with what it asked for.

    Attributes:
        status: of HTTP.
        detail: what was expected, what came, what to do.
        headers: of the answer.
    """

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Disconnected(Exception):
    """The client did not wait."""


class Admission:
    """Lets requests in.

    Args:
        token: that a client must show; None for none.
        most: requests that may be under way.
        max_bytes: of a request's body; of all bodies under way together, eight times as many.

    Attributes:
        num_pending: requests that are.
        closed: whether none is let in any more.
    """

    def __init__(self, token: str | None, most: int, max_bytes: int) -> None:
        self._token, self._most, self._most_bytes = token, most, max_bytes
        self.num_pending = self._pending_bytes = 0
        self.closed = False

    def check_client(self, request: Request) -> None:
        """Refuse who does not show the token: ``Authorization: Bearer TOKEN``, or as the password of ``Basic``.

        Where there is none, refuse who came by the name of another host: a web page's way to ask in its visitor's name.
        """
        if self._token is None:
            host = request.headers.get("host", "")
            if PORT.sub("", host) not in LOCAL_HOSTS:
                raise Refused(400, f"expected one of the hosts {', '.join(LOCAL_HOSTS)}, got {host!r:.100}")
            return
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":  # what clients send for http://any:TOKEN@host
            try:
                shown = base64.b64decode(shown, validate=True).decode("utf-8", "replace").partition(":")[2]
            except (binascii.Error, ValueError):
                shown = ""
        elif kind.lower() != "bearer":
            shown = ""
        if not hmac.compare_digest(shown.strip().encode("utf-8", "replace"), self._token.encode()):
            raise Refused(
                401, "expected this server's token; send 'Authorization: Bearer TOKEN'", WWW_Authenticate="Bearer"
            )

    def enter(self, request: Request, full: int) -> int:
        """Let a request in.

        Args:
            request: its body counts with the length that its header says, else with the greatest that it may have.
            full: the status of a refusal for want of room: 503, or 504 for clients that try again only then.

        Returns:
            Bytes, to give to ``leave``.
        """
        if self.closed:
            raise Refused(503, "this server is about to end; ask another one", Retry_After="10", Connection="close")
        if self.num_pending >= self._most:
            raise Refused(full, f"{self._most} requests are under way already; try again", Retry_After="1")
        size = min(_length(request, self._most_bytes), self._most_bytes)
        if self._pending_bytes + size > MOST_BODIES * self._most_bytes:
            raise Refused(full, "requests that are under way fill the memory; try again", Retry_After="1")
        self.num_pending += 1
        self._pending_bytes += size
        return size

    def leave(self, size: int) -> None:
        """A request is answered; ``size`` is what ``enter`` said."""
        self.num_pending -= 1
        self._pending_bytes -= size

    async def body(self, request: Request) -> bytes:
        """The request's body, while it is not larger or slower than it may be."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            # Also what keeps web pages from asking in the name of whoever looks at them.
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
        if _length(request, 0) <= self._most_bytes:
            async for part in request.stream():
                body += part
                if len(body) > self._most_bytes:
                    break
            else:
                return bytes(body)
        raise Refused(413, f"expected at most {self._most_bytes} bytes in a request", Connection="close")


def _length(request: Request, unknown: int) -> int:
    """The length of a body as its header says; ``unknown`` where it says nothing, too much where it is no number."""
    said = request.headers.get("content-length")
    if said is None:
        return unknown
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else sys.maxsize
