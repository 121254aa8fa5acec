"""Generator that uses a vLLM server: token ids over HTTP. UNVERIFIED: tested against a fake server only.

It is written from the source of vLLM 0.33. That needs other versions of torch and transformers than this project, so
the server needs its own environment::

    VLLM_SERVER_DEV_MODE=1 vllm serve MODEL --logprobs-mode processed_logprobs

The development mode provides the routes that change weights; use them in a trusted network only. Without the processed
mode, log-probabilities would ignore the temperature. Weights are exchanged through a folder that both sides can read.
"""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np

from rlef_agents.ppo.generation.base import Request, check_request
from rlef_agents.ppo.trajectory import Completion
from rlef_env.errors import RLEFError

__all__ = ["ServerError", "VLLMGenerator"]


class ServerError(RLEFError, RuntimeError):
    """The server cannot be reached, or its answer is not the expected one."""


class VLLMGenerator:
    """Samples from a vLLM server. Prefixes are kept in the server's own prefix cache.

    Args:
        url: address of the server, such as ``http://localhost:8000``.
        save: function that writes the model's weights into a folder, as ``save_pretrained`` does.
        folder: folder for the weights, on a disk that the server sees under the same path.
        stop: ids that end a response; the stop token is its last token.
        vocabulary: size of the vocabulary.
        max_context: maximum number of tokens of context and response together.
        temperature: divisor of the logits; 0 takes the most likely token.
        slots: maximum number of requests sent at the same time.
        timeout: seconds that a request may take.
        version: version of the server's current weights.
        top_p: for evaluation, draw only from the fewest likeliest tokens whose total probability reaches this.
        is_leader: whether this process, of those that share the server, makes the server load new weights.
        barrier: function that waits until all processes that share the folder have called it.
    """

    def __init__(
        self,
        url: str,
        save: Callable[[Path], object],
        folder: Path,
        stop: Sequence[int],
        vocabulary: int,
        max_context: int,
        temperature: float = 1.0,
        slots: int = 256,
        timeout: float = 3600.0,
        version: int = 0,
        top_p: float = 1.0,
        is_leader: bool = True,
        barrier: Callable[[], object] = lambda: None,
    ) -> None:
        self._top_p, self._is_leader, self._barrier = top_p, is_leader, barrier
        self._url, self._save, self._folder, self._timeout = url.rstrip("/"), save, folder, timeout
        self._stop, self._vocabulary, self._max_context = sorted(stop), vocabulary, max_context
        self._temperature, self._version = temperature, version
        self.slots = slots
        self._executor = ThreadPoolExecutor(slots, thread_name_prefix="vllm")
        self._in_flight: dict[int, Future[Completion]] = {}

    def submit(self, request: Request) -> None:
        """See `Generator`. The request is sent at once."""
        check_request(request, self._in_flight, self._vocabulary, self._max_context)
        self._in_flight[request.conversation] = self._executor.submit(self._sample, request)

    def poll(self, timeout: float | None = None) -> list[tuple[int, Completion]]:
        """See `Generator`. Waits for the server.

        Raises:
            RuntimeError: the server cannot be reached, refuses a request, or sends an unexpected answer.
        """
        wait(self._in_flight.values(), timeout, FIRST_COMPLETED)
        done = [conversation for conversation, future in self._in_flight.items() if future.done()]
        return [(conversation, self._in_flight.pop(conversation).result()) for conversation in done]

    def forget(self, conversation: int) -> None:
        """See `Generator`. The server's cache evicts prefixes itself."""

    def update(self, version: int) -> None:
        """See `Generator`. All processes must call it together.

        Waits for all pending responses, which thus have the older version.

        Raises:
            RuntimeError: the server did not load the weights or did not reset its cache.
        """
        wait(self._in_flight.values())
        self._barrier()  # other processes may have pending requests on the same server
        folder = self._folder / f"version-{version}"
        self._save(folder)
        self._barrier()
        if self._is_leader:
            self._post("/collective_rpc", {"method": "reload_weights", "kwargs": {"weights_path": str(folder)}})
            # vLLM does not do this itself: its cache was computed with the old weights.
            if self._post("/reset_prefix_cache", {}).get("success") is not True:
                raise ServerError(
                    f"{self._url}/reset_prefix_cache: expected success, got none; the cache still holds results of "
                    "older weights"
                )
        self._barrier()
        for older in self._folder.glob("version-*"):
            if older != folder:
                shutil.rmtree(older, ignore_errors=True)
        self._version = version

    def close(self) -> None:
        """Wait for pending requests and stop the threads."""
        self._executor.shutdown()

    def _sample(self, request: Request) -> Completion:
        answer = self._post(
            "/inference/v1/generate",
            {
                "token_ids": np.asarray(request.ids).tolist(),
                # Set every parameter: the server takes missing ones from the model's generation_config.
                "sampling_params": {
                    "n": 1,
                    "max_tokens": request.max_new,
                    "temperature": self._temperature,
                    "seed": request.seed & 0x7FFFFFFF,
                    "stop_token_ids": self._stop,
                    "ignore_eos": True,
                    "logprobs": 0,
                    "detokenize": False,
                    "top_k": 0,
                    "top_p": self._top_p,
                    "min_p": 0.0,
                    "repetition_penalty": 1.0,
                    "presence_penalty": 0.0,
                    "frequency_penalty": 0.0,
                },
            },
        )
        try:
            [choice] = answer["choices"]
            ids = np.array(choice["token_ids"], np.int64)
            logprobs = np.array([token["logprob"] for token in choice["logprobs"]["content"]], np.float32)
            reason = choice["finish_reason"]
        except (KeyError, TypeError, ValueError) as error:
            raise ServerError(f"{self._url}: expected ids and log-probs of one response, got {answer!r}") from error
        stopped = len(ids) > 0 and int(ids[-1]) in self._stop
        whole = stopped if reason == "stop" else reason == "length" and len(ids) == request.max_new
        if not (whole and ids.shape == logprobs.shape and np.isfinite(logprobs).all() and (logprobs <= 1e-3).all()):
            raise ServerError(
                f"{self._url}: expected a log-prob for each of at most {request.max_new} ids, ended by a stop token or "
                f"by the limit; got {len(ids)} ids, {len(logprobs)} log-probs and the reason {reason!r}"
            )
        return Completion(ids, logprobs, np.full(len(ids), self._version, np.int64), finished=stopped)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self._url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            raise ServerError(f"{self._url}{path}: HTTP {error.code}, {error.read(2000)!r}") from error
        except (OSError, HTTPException) as error:
            raise ServerError(f"{self._url}{path}: {error}; is the server running?") from error
        try:
            answer = json.loads(text or b"{}")
        except ValueError as error:
            raise ServerError(f"{self._url}{path}: expected JSON, got {text[:200]!r}") from error
        return answer if isinstance(answer, dict) else {"answer": answer}
