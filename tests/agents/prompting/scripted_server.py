"""A chat server whose answers are a function of the chat, and whose tokens are words."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Chat = list[str]
Answer = Callable[[Chat], str]


class ScriptedServer:
    """Answers each request over HTTP.

    Args:
        answer: the answer to a chat, given as the texts of its messages.

    Attributes:
        chats: the texts of each request's messages, in the order in which they came.
        seeds: the seed of each request.
        read: number of words of all chats.
        written: number of words of all answers.
        url: the server's base URL.
    """

    def __init__(self, answer: Answer) -> None:
        self.chats: list[Chat] = []
        self.seeds: list[int | None] = []
        self.read = self.written = 0
        server, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                roles = [message["role"] for message in body["messages"]]
                assert roles == [("user", "assistant")[place % 2] for place in range(len(roles))]
                chat = [message["content"] for message in body["messages"]]
                text = answer(chat)
                read, written = len(" ".join(chat).split()), len(text.split())
                with lock:
                    server.chats.append(chat)
                    server.seeds.append(body.get("seed"))
                    server.read += read
                    server.written += written
                usage = {"prompt_tokens": read, "completion_tokens": written}
                sent = json.dumps({"choices": [{"message": {"content": text}}], "usage": usage}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"


@contextmanager
def serving(answer: Answer) -> Iterator[ScriptedServer]:
    """Run a server while the block runs."""
    server = ScriptedServer(answer)
    threading.Thread(target=server.http.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
