"""Asks a server for judgements: over HTTP, patiently, and without believing an answer that is no judgement."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from rlef_env.errors import DataError, UsageError, short_repr
from rlef_env.judge.judge import ATTEMPTS
from rlef_env.judge.judgement import Judgement, Verdict
from rlef_env.judge.judgement_rows import judgement_from_row
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.version import __version__

__all__ = ["Call", "JudgeClient", "ServerFacts"]

CONNECT_SECONDS: Final = 10.0  # to reach the server at all, when a client is made and for each connection
LEEWAY_SECONDS: Final = 5.0  # the server answers by itself when its time is over
MAX_ANSWER: Final = 2**28  # bytes
PAUSES: Final = (0.1, 5.0)  # first and longest, in seconds
RETRIED: Final = (408, 429, 502, 503, 504)  # busy, starting, shutting down, or a proxy that finds no server


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of its judge.

    Attributes:
        version: version of its rlef_env.
        workers: number of programs that it judges at the same time.
        isolation: as for ``Judge``.
        numpy: as for ``Judge``.
    """

    version: str
    workers: int
    isolation: str
    numpy: bool


class Unavailable(Exception):
    """The server is away, busy, or does not say anything useful; the message says which.

    Args:
        reason: what happened.
        counts: whether this may be the fault of the request, so that it is not repeated for long.
        pause: seconds for which the server asks.
    """

    def __init__(self, reason: str, counts: bool, pause: float = 0.0) -> None:
        super().__init__(reason)
        self.counts, self.pause = counts, pause


class Call:
    """One judgement that is asked for, which another thread can stop."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def stop(self) -> None:
        """End the request: its connection is closed, at which the server drops the judgement."""
        with self._lock:
            self.stopped.set()
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def use(self, connection: socket.socket | None) -> None:
        """Note the connection that ``stop`` closes; None for none."""
        with self._lock:
            self._socket = connection
        if connection is not None and self.stopped.is_set():
            self.stop()


class JudgeClient:
    """A client of ``rlef serve``. Safe to use from all threads: each request has a connection, kept for later ones.

    Args:
        url: address of the server; a password in it is the token.
        token: the server's token; by default that in the URL, else the environment variable ``RLEF_TOKEN``.
        seconds: how long to ask for one judgement, in all.

    Raises:
        UsageError: the address is none.
    """

    def __init__(self, url: str, token: str | None = None, seconds: float = 600.0) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        except (ValueError, KeyError, AttributeError):
            port = 0
        if not port or not parts.hostname:
            raise UsageError(f"url: expected http://HOST:PORT or https://..., got {short_repr(url)}")
        if not seconds > 0:
            raise UsageError(f"seconds: expected a number above 0, got {seconds!r}")
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"  # without a password
        self.seconds = seconds
        self._host, self._port, self._path = parts.hostname, port, parts.path.rstrip("/")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        token = token or (unquote(parts.password) if parts.password else None) or os.environ.get("RLEF_TOKEN")
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._idle: list[http.client.HTTPConnection] = []
        self._failing_since: float | None = None  # for all requests; None while the server judges

    def facts(self) -> ServerFacts:
        """Ask the server what judge it has.

        Raises:
            UsageError: there is no ``rlef serve`` of this version at the address.
        """
        deadline, pause = time.monotonic() + CONNECT_SECONDS, PAUSES[0]
        while True:
            try:
                status, content, _ = self._request("GET", "/v1/ready", None, Call(), deadline)
                break
            except Unavailable as error:
                if time.monotonic() + pause > deadline:
                    raise UsageError(
                        f"{self.url}: expected a server, got: {error}; start one with rlef serve"
                    ) from None
                time.sleep(pause)
                pause *= 2
        try:
            row = Field(parse_row(content, self.url), self.url)
            facts = ServerFacts(
                row.child("version").text(),
                row.child("workers").integer(),
                row.child("isolation").text(),
                row.child("numpy").boolean(),
            )
        except DataError as error:
            raise UsageError(
                f"{self.url}: expected rlef serve, got status {status} and something else: {error}"
            ) from None
        if facts.version != __version__:
            raise UsageError(
                f"{self.url}: expected rlef_env {__version__} as here, got {facts.version}; their verdicts may differ: "
                "install the same version"
            )
        return facts

    def judge(
        self,
        request: Callable[[float], bytes],
        call: Call | None = None,
        check: Callable[[Judgement], None] = lambda _: None,
    ) -> Judgement:
        """Ask for a judgement until it comes, the time is over, or the server fails repeatedly.

        Args:
            request: makes the body of ``/judge`` from the seconds that are left.
            call: lets another thread stop this one.
            check: raises ``DataError`` for a judgement that does not answer the request.

        Returns:
            The judgement; ``NO_VERDICT`` with the reason as its category if there is none.

        Raises:
            UsageError: the server refuses the request: a wrong token, an unknown problem, a language that it lacks.
        """
        call = call or Call()
        deadline, pause, tries, attempts = time.monotonic() + self.seconds, PAUSES[0], 0, 0
        while True:
            try:
                left = max(0.001, deadline - time.monotonic())
                judgement = self._judgement(request(left), call, deadline + LEEWAY_SECONDS, check)
                self._failing_since = None
                return judgement
            except Unavailable as error:  # noqa: PERF203 - a try is nothing beside a request
                now = time.monotonic()
                tries, attempts = tries + 1, attempts + error.counts
                since = self._failing_since = self._failing_since or now
                # All requests have failed for so long: do not wait as long again for each of them.
                away = tries >= ATTEMPTS and now - since > self.seconds
                wait = min(max(pause * random.uniform(0.5, 1.0), error.pause), 2 * PAUSES[1])
                if attempts >= ATTEMPTS or away or now + wait > deadline or call.stopped.wait(wait):
                    reason = "stopped" if call.stopped.is_set() else f"{self.url}: {error}"
                    return Judgement(Verdict.NO_VERDICT, category=reason[:300])
                pause = min(2 * pause, PAUSES[1])

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            self._idle.pop().close()

    def _judgement(self, body: bytes, call: Call, deadline: float, check: Callable[[Judgement], None]) -> Judgement:
        status, content, headers = self._request("POST", "/judge", body, call, deadline)
        if status == 200:
            try:
                judgement = judgement_from_row(parse_row(content, "answer"))
                check(judgement)
            except DataError as error:
                raise Unavailable(f"expected a judgement: {error}", counts=True) from None
            return judgement
        said = f"status {status}: {_detail(content)}"
        if status in RETRIED:
            asked = headers.get("retry-after", "")
            raise Unavailable(said, counts=False, pause=float(asked) if asked.isdecimal() and len(asked) < 4 else 0.0)
        if 400 <= status < 500:
            raise UsageError(f"{self.url}: {said}")
        raise Unavailable(said, counts=True)

    def _request(
        self, method: str, path: str, body: bytes | None, call: Call, deadline: float
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """Send a request; return status, body and headers of the answer.

        Raises:
            Unavailable: there is no whole answer.
        """
        try:
            connection = self._idle.pop()
            fresh = False
        except IndexError:
            connection, fresh = self._connection(), True
        sent = False
        try:
            if connection.sock is None:
                connection.timeout = min(CONNECT_SECONDS, max(0.1, deadline - time.monotonic()))
                connection.connect()
            call.use(connection.sock)
            if call.stopped.is_set():
                raise ConnectionError("stopped")
            connection.sock.settimeout(max(0.1, deadline - time.monotonic()))
            sent = True
            connection.request(method, self._path + path, body, self._headers)
            response = connection.getresponse()
            content = bytearray()
            while part := response.read1(2**16):
                content += part
                if len(content) > MAX_ANSWER or time.monotonic() > deadline:
                    raise ConnectionError(f"the answer is longer than {MAX_ANSWER} bytes, or takes too long")
            response.close()  # otherwise the connection takes no further request
            if response.length:  # the connection ended before
                raise ConnectionError(f"{response.length} bytes of the answer are missing")
        except (OSError, http.client.HTTPException) as error:
            call.use(None)
            connection.close()
            if not fresh and not call.stopped.is_set() and not isinstance(error, TimeoutError):
                self.close()  # the server has closed the connections that were idle
                return self._request(method, path, body, call, deadline)
            late = isinstance(error, TimeoutError)
            raise Unavailable(str(error) or type(error).__name__, counts=sent and not late) from None
        call.use(None)
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return response.status, bytes(content), response.headers

    def _connection(self) -> Any:
        if self._tls is not None:
            return http.client.HTTPSConnection(self._host, self._port, context=self._tls)
        return http.client.HTTPConnection(self._host, self._port)


def _detail(content: bytes) -> str:
    """Return what the server says of an error; the start of the answer if it is no answer of ours."""
    try:
        return str(json.loads(content)["detail"])[:500]
    except (ValueError, KeyError, TypeError):
        return repr(content[:100])
