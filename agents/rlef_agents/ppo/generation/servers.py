"""HTTP requests to vLLM servers: retried with growing pauses, counted, and sent to another server when one is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Retry

from rlef_env.errors import RLEFError

__all__ = ["ServerError", "Servers"]

BUSY: Final = (429, 500, 502, 503, 504)
"""Status codes of failures that may pass: the request is repeated."""

MAX_PAUSE: Final = 30.0
"""Longest pause between two tries, in seconds."""

MISSING: Final = {
    "/inference/v1/generate": "start it with --enable-scale-out, which vLLM has needed for this route since 0.30",
    "/collective_rpc": "start it with VLLM_SERVER_DEV_MODE=1 in its environment",
    "/reset_prefix_cache": "start it with VLLM_SERVER_DEV_MODE=1 in its environment",
    "/v1/load_lora_adapter": "start it with --enable-lora and with VLLM_ALLOW_RUNTIME_LORA_UPDATING=1",
}
"""What to do where a server does not have a route."""


class ServerError(RLEFError, RuntimeError):
    """No server can be reached, or an answer is not the expected one."""


class LostServerError(ServerError):
    """A server still failed after all tries."""


class Servers:
    """vLLM servers that sample with the same weights; can be used by several threads.

    Args:
        urls: addresses, such as ``http://localhost:8000``.
        timeout: seconds that a try may take.
        retries: tries after the first one.
        backoff: seconds of the first pause; each further one is twice as long, and up to ``backoff`` longer by chance.
        connections: largest number of requests at the same time.

    Attributes:
        urls: all addresses.
        lost: addresses that failed after all tries, and why; they get no requests until they are taken out of here.
        retried: number of tries that were repeated.
    """

    def __init__(
        self,
        urls: Sequence[str],
        timeout: float = 3600.0,
        retries: int = 6,
        backoff: float = 0.5,
        connections: int = 256,
    ) -> None:
        self.urls = [url.rstrip("/") for url in urls]
        self.lost: dict[str, str] = {}
        self.retried = 0
        self._lock = threading.Lock()
        self._retries, self._backoff = retries, backoff
        self._pool = urllib3.PoolManager(maxsize=connections, timeout=urllib3.Timeout(connect=10.0, read=timeout))

    def post(self, key: int, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request to one server, and to others if it is lost; requests with the same key prefer the same one.

        Raises:
            ServerError: all servers are lost, or one refuses the request.
        """
        while True:
            alive = self.check()
            url = alive[key % len(alive)]
            try:
                return self.post_to(url, path, body)
            except LostServerError as error:
                self.lost[url] = str(error)

    def check(self) -> list[str]:
        """Return the addresses that are not lost.

        Raises:
            ServerError: all are.
        """
        if alive := [url for url in self.urls if url not in self.lost]:
            return alive
        raise ServerError(
            f"servers: expected one that answers, got none of {len(self.urls)} ({next(iter(self.lost.values()))}); "
            "is the server running? Start it again; the last checkpoint is unchanged, and --resume continues from it"
        )

    def post_to(self, url: str, path: str, body: dict[str, Any], retries: int | None = None) -> dict[str, Any]:
        """Send a request to one server.

        Args:
            url: its address.
            path: route.
            body: body of the request.
            retries: tries after the first one; None is that of all requests.

        Raises:
            LostServerError: it cannot be reached, or it still fails after all tries.
            ServerError: it refuses the request, or the answer is not JSON.
        """
        retries = self._retries if retries is None else retries
        retry = Retry(
            total=retries,
            backoff_factor=self._backoff,
            backoff_max=MAX_PAUSE,
            backoff_jitter=self._backoff,
            status_forcelist=BUSY,
            allowed_methods=None,
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        try:
            response = self._pool.request(
                "POST", url + path, body=json.dumps(body).encode(), headers={"Content-Type": "application/json"},
                retries=retry,
            )  # fmt: skip
        except HTTPError as error:
            self._count(retries if isinstance(error, MaxRetryError) else 0)
            raise LostServerError(f"{url}{path}: {error}") from error
        self._count(len(response.retries.history) if response.retries else 0)
        text = response.data
        if response.status in BUSY:
            raise LostServerError(f"{url}{path}: HTTP {response.status}, {text[:2000]!r}")
        if response.status == 404 and "model" in body and b"does not exist" in text:
            raise LostServerError(
                f"{url}{path}: it lacks the adapter {body['model']!r}, as if it had been started again"
            )
        if response.status == 404 and path in MISSING:
            raise ServerError(f"{url}{path}: expected a server of vLLM 0.33, got HTTP 404; {MISSING[path]}")
        if response.status != 200:
            raise ServerError(
                f"{url}{path}: expected a server of vLLM 0.33, got HTTP {response.status} from {self._version(url)}: "
                f"{text[:2000]!r}"
            )
        try:
            answer = json.loads(text or b"{}")
        except ValueError as error:
            if path == "/v1/load_lora_adapter":  # it answers with a sentence
                return {"answer": text.decode(errors="replace")}
            raise ServerError(f"{url}{path}: expected JSON, got {text[:200]!r}") from error
        return answer if isinstance(answer, dict) else {"answer": answer}

    def _version(self, url: str) -> str:
        """Return what a server says it is."""
        try:
            answer = self._pool.request("GET", f"{url}/version", retries=False, timeout=10.0)
            return f"vLLM {json.loads(answer.data)['version']}"
        except (HTTPError, ValueError, KeyError, TypeError):
            return "a server that tells no version"

    def _count(self, retried: int) -> None:
        with self._lock:
            self.retried += retried
