"""A vLLM server behind the protocol, in token ids over HTTP. UNVERIFIED: tested against a fake server only.

Written from the source of vLLM 0.33, which needs versions of torch and transformers that this project does not use, so
that the server lives in an environment of its own::

    VLLM_SERVER_DEV_MODE=1 vllm serve MODEL --logprobs-mode processed_logprobs

The development mode has the routes that weights are changed with; they are for a trusted network only. Without the
processed mode, log-probabilities would ignore the temperature. Weights go through a folder that both sides see.
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
    """The server cannot be reached, or does something else than it was asked for."""


class VLLMGenerator:
    """Samples from a vLLM server; prefixes are kept there, by its own prefix cache.

    Args:
        url: of the server, such as ``http://localhost:8000``.
        save: writes the model's weights into a folder as ``save_pretrained`` does.
        folder: where weights go, on a disk that the server sees under the same path.
        stop: ids that end a response, each sampled as its last token.
        vocabulary: ids are smaller than this.
        max_context: context and response have at most so many tokens.
        temperature: what logits are divided by; 0 for the most likely token.
        slots: requests that are sent at a time, at most.
        timeout: seconds that a request may take.
        version: of the weights that the server has now.
        top_p: for evaluation: draw among the likeliest tokens alone that have so much of the probability together.
        is_leader: whether it is this process that tells the server of new weights, where several use it.
        barrier: waits until all processes that share the folder are here.
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
        self._senders = ThreadPoolExecutor(slots, thread_name_prefix="vllm")
        self._in_flight: dict[int, Future[Completion]] = {}

    def submit(self, request: Request) -> None:
        """See `Generator`. The request is sent at once."""
        check_request(request, self._in_flight, self._vocabulary, self._max_context)
        self._in_flight[request.conversation] = self._senders.submit(self._sampled, request)

    def poll(self) -> list[tuple[int, Completion]]:
        """See `Generator`. Waits for the server.

        Raises:
            RuntimeError: the server cannot be reached, refuses a request, or answers something else.
        """
        wait(self._in_flight.values(), return_when=FIRST_COMPLETED)
        done = [conversation for conversation, future in self._in_flight.items() if future.done()]
        return [(conversation, self._in_flight.pop(conversation).result()) for conversation in done]

    def forget(self, conversation: int) -> None:
        """See `Generator`. The server's cache forgets by itself."""

    def update(self, version: int) -> None:
        """See `Generator`. Waits for what is under way, which is older then; called in all processes at once.

        Raises:
            RuntimeError: the server did not take the weights or did not drop its cache.
        """
        wait(self._in_flight.values())
        self._barrier()  # others may have something under way at the same server
        folder = self._folder / f"version-{version}"
        self._save(folder)
        self._barrier()
        if self._is_leader:
            self._post("/collective_rpc", {"method": "reload_weights", "kwargs": {"weights_path": str(folder)}})
            # vLLM does not do this itself: what it keeps was computed with the old weights.
            if self._post("/reset_prefix_cache", {}).get("success") is not True:
                raise ServerError(f"{self._url}/reset_prefix_cache: the server still holds what older weights computed")
        self._barrier()
        for older in self._folder.glob("version-*"):
            if older != folder:
                shutil.rmtree(older, ignore_errors=True)
        self._version = version

    def close(self) -> None:
        """Wait for what is under way and end the threads that send."""
        self._senders.shutdown()

    def _sampled(self, request: Request) -> Completion:
        answer = self._post(
            "/inference/v1/generate",
            {
                "token_ids": np.asarray(request.ids).tolist(),
                # Everything by name: what is left out comes from the model's generation_config on the server.
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
