"""A fake server with the vLLM routes that are used. It checks its requests strictly, and has only the routes that a
server of vLLM 0.33 with the same flags has.

As with the real server, reloading weights does not empty the prefix cache: until the cache is reset, this server
continues with the results of older weights.
"""

from __future__ import annotations

import copy
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from peft import PeftModel
from transformers import AutoModelForCausalLM

from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.generation.hf import HFGenerator

SAMPLING = {
    "n", "max_tokens", "temperature", "seed", "stop_token_ids", "ignore_eos", "logprobs", "detokenize",
    "top_k", "top_p", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty",
}  # fmt: skip


class FakeVLLM:
    """A server.

    Args:
        model: the model that it serves.
        scale_out: ``--enable-scale-out``.
        development: ``VLLM_SERVER_DEV_MODE=1``.
        lora: ``--enable-lora`` and ``VLLM_ALLOW_RUNTIME_LORA_UPDATING=1``.

    Attributes:
        answer: what the generation route returns instead of a real response: ``(status, body)``.
        version: what it says it is; empty: it does not say.
        failures: answers to the next requests, before any other: statuses, or 0 for a reset connection.
    """

    def __init__(self, model: Any, scale_out: bool = True, development: bool = True, lora: bool = False) -> None:
        self._model = copy.deepcopy(model)
        self._adapters: dict[str, Any] = {}
        self._routes = {"/inference/v1/generate": scale_out, "/v1/load_lora_adapter": lora}
        self._routes |= dict.fromkeys(("/collective_rpc", "/reset_prefix_cache"), development)
        self.failures: list[int] = []
        self._reloaded: Any = None
        self.version = "0.33.0"
        self._lock = threading.Lock()
        self.answer: tuple[int, bytes] | None = None
        self.keeps_cache = False
        self.requests: list[tuple[str, dict[str, Any]]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = json.dumps({"version": fake.version} if fake.version else {"detail": "Not Found"}).encode()
                self.send_response(200 if self.path == "/version" and fake.version else 404)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with fake._lock:
                    failure = fake.failures.pop(0) if fake.failures else 200
                    if failure == 0:
                        self.close_connection = True
                        self.connection.shutdown(socket.SHUT_RDWR)
                        return
                    if failure != 200:
                        self.send_response(failure)
                        self.send_header("Content-Length", "0")
                        self.end_headers()
                        return
                    fake.requests.append((self.path, body))
                    try:
                        status, answer = fake._respond(self.path, body)
                    except Exception as error:  # noqa: BLE001 - a server answers errors with status 500
                        status, answer = 500, repr(error).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> FakeVLLM:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()

    def start_again(self) -> None:
        """Lose all adapters."""
        self._adapters.clear()

    def _respond(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        if not self._routes.get(path):
            return 404, b'{"detail": "Not Found"}'
        match path:
            case "/inference/v1/generate":
                if body.get("model", "") not in {"", *self._adapters}:
                    message = f"The model `{body['model']}` does not exist."
                    return 404, json.dumps({"error": {"message": message, "type": "NotFoundError"}}).encode()
                return self.answer or (200, json.dumps(self._generate(body)).encode())
            case "/v1/load_lora_adapter":
                name, folder = body["lora_name"], body["lora_path"]
                assert name not in self._adapters, "vLLM refuses a name that is loaded"
                self._adapters[name] = PeftModel.from_pretrained(copy.deepcopy(self._model), folder).eval()
                return 200, f"Success: LoRA adapter '{name}' added successfully.".encode()
            case "/collective_rpc":
                assert body["method"] == "reload_weights"
                self._reloaded = AutoModelForCausalLM.from_pretrained(body["kwargs"]["weights_path"])
                return 200, b'{"results": [null]}'
            case "/reset_prefix_cache":
                if self.keeps_cache:
                    return 200, b'{"success": false}'
                self._model = self._reloaded or self._model
                return 200, b'{"success": true}'
            case _:
                raise AssertionError(path)

    def _generate(self, body: dict[str, Any]) -> dict[str, Any]:
        wanted = body["sampling_params"]
        assert wanted.keys() == SAMPLING, wanted.keys() ^ SAMPLING
        assert (wanted["top_k"], wanted["min_p"], wanted["repetition_penalty"]) == (0, 0, 1)
        assert 0 < wanted["top_p"] <= 1
        assert wanted["ignore_eos"]
        assert wanted["logprobs"] == 0
        assert 0 <= wanted["seed"] < 1 << 31
        model = self._adapters[body["model"]] if "model" in body else self._model
        generator = HFGenerator(model, wanted["stop_token_ids"], wanted["temperature"], top_p=wanted["top_p"])
        generator.submit(Request(0, np.array(body["token_ids"]), wanted["max_tokens"], wanted["seed"]))
        [(_, completion)] = generator.poll()
        content = [
            {"token": f"token_id:{token}", "logprob": float(logprob), "bytes": None, "top_logprobs": []}
            for token, logprob in zip(completion.ids, completion.logprobs, strict=True)
        ]
        choice = {
            "index": 0,
            "token_ids": completion.ids.tolist(),
            "logprobs": {"content": content},
            "finish_reason": "stop" if completion.finished else "length",
            "stop_reason": int(completion.ids[-1]) if completion.finished else None,
            "weight_versions": None,
        }
        return {"request_id": "fake", "output_mode": "tokens", "choices": [choice], "usage": None}
