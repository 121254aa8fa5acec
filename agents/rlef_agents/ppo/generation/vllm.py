"""Generator that samples on servers of vLLM. UNVERIFIED: tested against a stand-in only.

It is written from the source of vLLM 0.33. That needs other versions of torch and transformers than this project, so
the server needs its own environment::

    VLLM_SERVER_DEV_MODE=1 vllm serve MODEL --enable-scale-out --logprobs-mode processed_logprobs

The scale-out routes take and return token ids. The development mode provides the routes that change weights; use them
in a trusted network only. Without the processed mode, log-probabilities would ignore the temperature. Weights are
exchanged through a folder that both sides can read.

If only adapters train, only they are sent, and responses under way continue with the adapter that they began with::

    VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 vllm serve MODEL --enable-scale-out --logprobs-mode processed_logprobs
        --enable-lora --max-lora-rank RANK --max-loras 4   # in one line
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final

import numpy as np

from rlef_agents.ppo.generation.base import Request, check_request
from rlef_agents.ppo.generation.servers import LostServerError, ServerError, Servers
from rlef_agents.ppo.trajectory import Completion

__all__ = ["VLLMGenerator"]

LOAD_RETRIES: Final = 2
"""Tries after the first one when weights are loaded: a server that fails is used again after the next update."""


class VLLMGenerator:
    """Samples on vLLM servers. Prefixes are kept in a server's own prefix cache; a conversation stays on its server.

    Args:
        servers: the servers of this process.
        save: function that writes the model's weights, or its adapter, into a folder, as ``save_pretrained`` does.
        folder: folder for the weights, on a disk that the servers see under the same path.
        stop: ids that end a response; the stop token is its last token.
        vocabulary: size of the vocabulary.
        max_context: maximum number of tokens of context and response together.
        temperature: divisor of the logits; 0 takes the most likely token.
        slots: maximum number of requests sent to each server at the same time.
        version: version of the servers' current weights.
        top_p: for evaluation, draw only from the fewest likeliest tokens whose total probability reaches this.
        is_leader: whether this process, of those that share the servers, makes them load new weights.
        barrier: function that waits until all processes that share the folder have called it.
        adapters: whether ``save`` writes an adapter, which is loaded beside the model's own weights.
    """

    def __init__(
        self,
        servers: Servers,
        save: Callable[[Path], object],
        folder: Path,
        stop: Sequence[int],
        vocabulary: int,
        max_context: int,
        temperature: float = 1.0,
        slots: int = 256,
        version: int = 0,
        top_p: float = 1.0,
        is_leader: bool = True,
        barrier: Callable[[], object] = lambda: None,
        adapters: bool = False,
    ) -> None:
        self._top_p, self._is_leader, self._barrier, self._adapters = top_p, is_leader, barrier, adapters
        self.servers, self._save, self._folder = servers, save, folder
        self._stop, self._vocabulary, self._max_context = sorted(stop), vocabulary, max_context
        self._temperature, self._version = temperature, version
        self.slots = slots * len(servers.urls)
        self._executor = ThreadPoolExecutor(self.slots, thread_name_prefix="vllm")
        self._in_flight: dict[int, Future[Completion]] = {}

    def submit(self, request: Request) -> None:
        """See `Generator`. The request is sent at once."""
        check_request(request, self._in_flight, self._vocabulary, self._max_context)
        self._in_flight[request.conversation] = self._executor.submit(self._sample, request, self._version)

    def poll(self, timeout: float | None = None) -> list[tuple[int, Completion]]:
        """See `Generator`. Waits for the servers.

        Raises:
            RuntimeError: no server can be reached, or one refuses a request or sends an unexpected answer.
        """
        wait(self._in_flight.values(), timeout, FIRST_COMPLETED)
        done = [conversation for conversation, future in self._in_flight.items() if future.done()]
        return [(conversation, self._in_flight.pop(conversation).result()) for conversation in done]

    def forget(self, conversation: int) -> None:
        """See `Generator`. The server's cache evicts prefixes itself."""

    def update(self, version: int) -> None:
        """See `Generator`. All processes must call it together.

        Pending responses keep the older version: with adapters they go on with the older one; otherwise they are waited
        for. A server that fails to load the weights is lost; one that was lost is used again if it loads them.

        Raises:
            RuntimeError: no server is left, or one did not reset its cache.
        """
        if not self._adapters:
            wait(self._in_flight.values())
        self._barrier()  # other processes may have pending requests on the same servers
        folder = self._folder / f"version-{version}"
        self._save(folder)
        self._barrier()
        if self._is_leader:
            for url in self.servers.urls:
                self._load_or_lose(url, folder, version)
            self.servers.check()
        self._barrier()
        if not (self._adapters and self._in_flight):  # a server may have to load an adapter again
            for older in self._folder.glob("version-*"):
                if older != folder:
                    shutil.rmtree(older, ignore_errors=True)
        self._version = version

    def close(self) -> None:
        """Drop requests that were not sent, wait for the others, and stop the threads."""
        self._executor.shutdown(cancel_futures=True)

    def _load_or_lose(self, url: str, folder: Path, version: int) -> None:
        try:
            self._load(url, folder, version)
        except LostServerError as error:
            self.servers.lost[url] = str(error)
        else:
            self.servers.lost.pop(url, None)

    def _load(self, url: str, folder: Path, version: int) -> None:
        """Make a server load new weights."""
        if self._adapters:
            adapter = {"lora_name": adapter_name(version), "lora_path": str(folder)}
            self.servers.post_to(url, "/v1/load_lora_adapter", adapter, LOAD_RETRIES)
            return
        call = {"method": "reload_weights", "kwargs": {"weights_path": str(folder)}}
        self.servers.post_to(url, "/collective_rpc", call, LOAD_RETRIES)
        # vLLM does not do this itself: its cache was computed with the old weights.
        if self.servers.post_to(url, "/reset_prefix_cache", {}).get("success") is not True:
            raise ServerError(
                f"{url}/reset_prefix_cache: expected success, got none; the cache still holds results of older weights"
            )

    def _sample(self, request: Request, version: int) -> Completion:
        answer = self.servers.post(
            request.conversation,
            "/inference/v1/generate",
            {
                **({"model": adapter_name(version)} if self._adapters else {}),
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
            raise ServerError(f"servers: expected ids and log-probs of one response, got {answer!r}") from error
        stopped = len(ids) > 0 and int(ids[-1]) in self._stop
        whole = stopped if reason == "stop" else reason == "length" and len(ids) == request.max_new
        if not (whole and ids.shape == logprobs.shape and np.isfinite(logprobs).all() and (logprobs <= 1e-3).all()):
            raise ServerError(
                f"servers: expected a log-prob for each of at most {request.max_new} ids, ended by a stop token or "
                f"by the limit; got {len(ids)} ids, {len(logprobs)} log-probs and the reason {reason!r}"
            )
        return Completion(ids, logprobs, np.full(len(ids), version, np.int64), finished=stopped)


def adapter_name(version: int) -> str:
    """Return the name of a version's adapter on the servers; a new name has no cache of older weights."""
    return f"rlef-{version}"
