"""ChatAgent, with a server that fails on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rlef_agents.chat import ChatAgent
from rlef_env import load_dataset
from rlef_env.agents import AgentOptions, Conversation, SampledText, load_agent
from rlef_env.errors import UsageError


class Server:
    """Answers with the reversed last message; before that, with the answers in ``failures``."""

    def __init__(self) -> None:
        self.failures: list[tuple[int, dict[str, str], bytes]] = []
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.together: threading.Barrier | None = None
        fake, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    fake.requests.append((self.path, dict(self.headers), body))
                    status, headers, answer = fake.failures.pop(0) if fake.failures else (200, {}, b"")
                if fake.together:
                    fake.together.wait(250)
                content = body["messages"][-1]["content"][::-1]
                answer = answer or json.dumps({"choices": [{"message": {"content": content}}]}).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1/"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    threading.Thread(target=made.http.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.http.shutdown()
    made.http.server_close()


def conversation(*contents: str) -> Conversation:
    roles = ("user", "assistant")
    return Conversation(
        tuple({"role": roles[n % 2], "content": content} for n, content in enumerate(contents)), "problem"
    )


def test_request_and_response(server: Server) -> None:
    agent = ChatAgent(server.url, "some-model", key="secret", options={"temperature": 0.2})
    assert agent.act([conversation("abc", "x", "déf")]) == ["féd"]
    [(path, headers, body)] = server.requests
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert body == {
        "model": "some-model",
        "temperature": 0.2,
        "messages": [
            {"role": "user", "content": "abc"},
            {"role": "assistant", "content": "x"},
            {"role": "user", "content": "déf"},
        ],
    }


def test_the_key_comes_from_the_environment_or_is_left_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from outside")
    ChatAgent(server.url, "m").act([conversation("a")])
    ChatAgent(server.url, "m", key="").act([conversation("a")])
    assert [headers.get("Authorization") for _, headers, _ in server.requests] == ["Bearer from outside", None]


def test_seed_system_message_and_tokens(server: Server) -> None:
    answer = {
        "choices": [{"message": {"content": "half \ud83d"}}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3},
    }
    server.failures = [(200, {}, json.dumps(answer).encode())] * 3
    agent = ChatAgent(server.url, "m", seed=1, system="Be brief.")
    first, later = conversation("abc"), conversation("abc", "x", "def")
    responses = agent.act([first]) + agent.act([later]) + agent.act([replace(first, seed=7)])
    assert responses == ["half \ufffd"] * 3, "half of a character cannot be stored"
    assert isinstance(responses[0], SampledText)
    assert (responses[0].prompt_tokens, responses[0].completion_tokens) == (12, 3)
    bodies = [body for _, _, body in server.requests]
    assert bodies[0]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert len({body["seed"] for body in bodies}) == 3, "each turn of each episode has a seed of its own"
    assert agent.act([first]) == ["cba"], "a server that tells no tokens"
    assert server.requests[-1][2]["seed"] == bodies[0]["seed"]


def test_an_agent_from_a_name_and_options(server: Server) -> None:
    options = AgentOptions(seed=3, temperature=0.7, top_p=1.0, max_new_tokens=50, others={"reasoning_effort": "low"})
    agent = load_agent(f"chat:{server.url}#org/model", load_dataset("starter"), options)
    agent.act([conversation("abc")])
    ((_, _, body),) = server.requests
    assert {name: body[name] for name in ("model", "temperature", "max_tokens", "reasoning_effort")} == {
        "model": "org/model", "temperature": 0.7, "max_tokens": 50, "reasoning_effort": "low"
    }  # fmt: skip
    assert "top_p" not in body, "some servers refuse it"
    assert agent.settings["options"]["temperature"] == 0.7
    assert agent.concurrent
    with pytest.raises(UsageError, match=r"agent chat:http://h/v1: expected chat:URL#MODEL"):
        load_agent("chat:http://h/v1", load_dataset("starter"))


def test_requests_are_concurrent_and_answers_in_order(server: Server) -> None:
    server.together = threading.Barrier(4)  # breaks, and fails the test, if fewer than four arrive together
    answers = ChatAgent(server.url, "m", concurrency=4).act([conversation(f"{n}-") for n in range(8)])
    assert answers == [f"-{n}" for n in range(8)]
    assert ChatAgent(server.url, "m").act([]) == []


def test_a_request_is_retried_after_the_time_that_the_server_names(server: Server) -> None:
    server.failures = [
        (429, {"Retry-After": "7.5"}, b"slow down"),
        (503, {}, b"busy"),
        (429, {"Retry-After": formatdate(0)}, b"a date in the past"),
        (500, {"Retry-After": "soon"}, b"not a number"),
        (429, {"Retry-After": "99999"}, b"too long"),
    ]
    slept: list[float] = []
    assert ChatAgent(server.url, "m", sleep=slept.append).act([conversation("abc")]) == ["cba"]
    assert slept == [7.5, 2.0, 0.0, 8.0, 120.0]


def test_after_the_last_attempt_the_error_has_the_reason(server: Server) -> None:
    server.failures = [(503, {}, b"busy")] * 9
    slept: list[float] = []
    with pytest.raises(RuntimeError, match="got none in 3 attempts; last: HTTP 503, b'busy'"):
        ChatAgent(server.url, "m", tries=3, sleep=slept.append).act([conversation("abc")])
    assert slept == [1.0, 2.0]


def test_an_unreachable_server() -> None:
    unused = Server()
    unused.http.server_close()
    slept: list[float] = []
    with pytest.raises(RuntimeError, match="got none in 2 attempts"):
        ChatAgent(unused.url, "m", tries=2, sleep=slept.append).act([conversation("abc")])
    assert slept == [1.0]


@pytest.mark.parametrize(
    ("status", "answer", "message"),
    [
        (401, b"no key", "HTTP 401, b'no key'"),
        (400, b"too long", "HTTP 400"),
        (200, b"<html>", "expected a chat completion, got b'<html>'"),
        (200, b'{"choices": []}', "expected a chat completion"),
        (200, b"[1]", "expected a chat completion"),
        (200, b'{"choices": [{"message": {"content": [1]}}]}', "expected a string"),
    ],
)
def test_other_errors_are_not_retried(server: Server, status: int, answer: bytes, message: str) -> None:
    server.failures = [(status, {}, answer)]
    with pytest.raises(RuntimeError, match=message):
        ChatAgent(server.url, "m").act([conversation("abc")])
    assert len(server.requests) == 1


def test_a_refusal_is_a_response_without_a_program(server: Server) -> None:
    server.failures = [(200, {}, b'{"choices": [{"message": {"content": null, "refusal": "no"}}]}')]
    assert ChatAgent(server.url, "m").act([conversation("abc")]) == [""]
