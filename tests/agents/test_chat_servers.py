"""ChatAgent against answers as servers give them: OpenAI, vLLM, llama.cpp, Ollama and others, over real HTTP.

The answers have the fields and the kinds of values that each server sends; the texts are our own.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rlef_agents.chat import ChatAgent
from rlef_agents.chat_answers import Usage
from rlef_env import Episodes
from rlef_env.agents import AgentOptions, Conversation, SampledText, load_agent
from rlef_env.analysis import Run
from rlef_env.cli.command import main
from rlef_env.envs import extract_program, without_thoughts
from rlef_env.errors import UsageError
from rlef_env.judge import Verdict
from rlef_env.problems import load_dataset
from rlef_env.testing import ScriptedJudge
from tests.agents.test_chat import Server, conversation
from tests.asynchronous import run

PROGRAM = "```python\nprint(int(input()) + 1)\n```"
THOUGHT = "Adding one: ```python\nprint(0)\n``` would be wrong."


def answer(message: dict[str, Any], usage: dict[str, Any] | None, finish: str = "stop", **more: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage, **more}).encode()


OPENAI = answer(
    {"content": PROGRAM, "refusal": None, "annotations": []},
    {
        "prompt_tokens": 300, "completion_tokens": 90, "total_tokens": 390,
        "prompt_tokens_details": {"cached_tokens": 256, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 64, "audio_tokens": 0, "accepted_prediction_tokens": 0},
    },
    id="chatcmpl-1", created=1, model="a-model-2026", service_tier="default", system_fingerprint=None,
)  # fmt: skip
VLLM = {
    "content": PROGRAM, "refusal": None, "annotations": None, "audio": None, "function_call": None, "tool_calls": [],
}  # fmt: skip
VLLM_USAGE = {"prompt_tokens": 300, "total_tokens": 390, "completion_tokens": 90, "prompt_tokens_details": None}
LLAMA_CPP_MORE = {
    "created": 1, "model": "model.gguf", "system_fingerprint": "b6000-abc", "id": "chatcmpl-2",
    "timings": {"prompt_n": 300, "prompt_ms": 9.5, "predicted_n": 90, "predicted_per_second": 70.1},
}  # fmt: skip
USAGE = {"completion_tokens": 90, "prompt_tokens": 300, "total_tokens": 390}
INLINE = f"<think>\n{THOUGHT}\n</think>\n\n{PROGRAM}"
WITHOUT_OPENING = f"{THOUGHT}\n</think>\n\n{PROGRAM}"  # the template has written <think> already

ANSWERS: dict[str, tuple[bytes, str]] = {
    "OpenAI": (OPENAI, PROGRAM),
    "vLLM": (answer({**VLLM, "reasoning": None}, VLLM_USAGE, stop_reason=None, prompt_logprobs=None), PROGRAM),
    "vLLM with a reasoning parser": (answer({**VLLM, "reasoning": THOUGHT}, VLLM_USAGE), PROGRAM),
    "an earlier vLLM": (answer({**VLLM, "reasoning_content": THOUGHT}, VLLM_USAGE), PROGRAM),
    "vLLM without a parser": (answer({**VLLM, "content": WITHOUT_OPENING}, VLLM_USAGE), WITHOUT_OPENING),
    "llama.cpp": (answer({"content": PROGRAM}, USAGE, **LLAMA_CPP_MORE), PROGRAM),
    "llama.cpp with thoughts": (
        answer({"content": PROGRAM, "reasoning_content": THOUGHT}, USAGE, **LLAMA_CPP_MORE),
        PROGRAM,
    ),
    "llama.cpp --reasoning-format none": (answer({"content": INLINE}, USAGE, **LLAMA_CPP_MORE), INLINE),
    "Ollama": (answer({"content": PROGRAM}, USAGE, system_fingerprint="fp_ollama", model="qwen3"), PROGRAM),
    "Ollama with thoughts": (answer({"content": PROGRAM, "reasoning": THOUGHT}, USAGE), PROGRAM),
    "parts": (
        answer({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": PROGRAM}]}, USAGE),
        PROGRAM,
    ),
}


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def start(*answers: bytes | tuple[int, bytes]) -> Server:
        server = Server()
        server.failures = [(200, {}, each) if isinstance(each, bytes) else (each[0], {}, each[1]) for each in answers]
        threading.Thread(target=server.http.serve_forever, args=(0.01,), daemon=True).start()
        made.append(server)
        return server

    yield start
    for server in made:
        server.http.shutdown()
        server.http.server_close()


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_each_server(name: str, serve: Callable[..., Server]) -> None:
    body, expected = ANSWERS[name]
    agent = ChatAgent(serve(body).url, "m", prices=(2, 10))
    [response] = agent.act([conversation("task")])
    assert response == expected
    assert extract_program(response) == "print(int(input()) + 1)", "the program in a thought does not count"
    assert isinstance(response, SampledText)
    assert (response.prompt_tokens, response.completion_tokens) == (300, 90)
    assert agent.usage == Usage(1, 300, 90, 0, 0, pytest.approx((2 * 300 + 10 * 90) / 1e6))


@pytest.mark.parametrize("name", ANSWERS)
def test_thoughts_are_not_sent_back(name: str, serve: Callable[..., Server]) -> None:
    body, _ = ANSWERS[name]
    server = serve(body)
    for keep in (False, True):
        server.failures = [(200, {}, body)]
        agent = ChatAgent(server.url, "m", keep_thoughts=keep)
        [response] = agent.act([conversation("task")])
        assert extract_program(response) == "print(int(input()) + 1)"
        agent.act([conversation("task", response, "wrong")])
        sent = server.requests[-1][2]["messages"]
        assert [message["content"] for message in sent] == ["task", PROGRAM, "wrong"]


def test_thoughts_can_be_kept(serve: Callable[..., Server]) -> None:
    body, _ = ANSWERS["Ollama with thoughts"]
    [response] = ChatAgent(serve(body).url, "m", keep_thoughts=True).act([conversation("task")])
    assert response == f"<think>\n{THOUGHT}\n</think>\n\n{PROGRAM}"
    long = answer({"content": PROGRAM, "reasoning": "x" * 2**20}, USAGE)
    [response] = ChatAgent(serve(long).url, "m", keep_thoughts=True).act([conversation("task")])
    assert len(response) < 2**20, "it is still a response"
    assert extract_program(response) == extract_program(PROGRAM)
    with pytest.raises(UsageError, match="keep_thoughts: expected true or false, got 'yes'"):
        load_agent("chat:http://h/v1#m", load_dataset("starter"), AgentOptions(others={"keep_thoughts": "yes"}))


@pytest.mark.parametrize(
    "message",
    [{"content": None, "reasoning_content": THOUGHT}, {"content": "", "reasoning": THOUGHT}, {"reasoning": THOUGHT}],
    ids=["null", "empty", "missing"],
)
def test_all_tokens_spent_on_thinking(message: dict[str, Any], serve: Callable[..., Server]) -> None:
    body = answer(message, USAGE, "length")
    agent = ChatAgent(serve(body, body).url, "m")
    assert agent.act([conversation("task")]) == [""]
    assert agent.usage == Usage(1, 300, 90, 0, 1, None)
    kept = ChatAgent(serve(body).url, "m", keep_thoughts=True).act([conversation("task")])[0]
    assert extract_program(kept) is None, "a program in a thought is no answer"


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (PROGRAM, PROGRAM),
        (f" {PROGRAM}\n", f" {PROGRAM}\n"),
        (INLINE, PROGRAM),
        (WITHOUT_OPENING, PROGRAM),
        (f"<think>{THOUGHT}", ""),
        (f"[THINK]a[/THINK]b[THINK]c[/THINK]{PROGRAM}", PROGRAM),
        ("```python\nprint('<think>')\n```", "```python\nprint('<think>')\n```"),
    ],
)
def test_a_response_without_thoughts(response: str, expected: str) -> None:
    assert without_thoughts(response) == expected
    assert extract_program(without_thoughts(response)) == extract_program(response)


FULL = {
    "OpenAI": b'{"error": {"message": "This model\'s maximum context length is 8 tokens.", "type": '
    b'"invalid_request_error", "param": "messages", "code": "context_length_exceeded"}}',
    "vLLM": b'{"error": {"message": "This model\'s maximum context length is 4096 tokens. However, your request has '
    b'5000 input tokens.", "type": "BadRequestError", "param": null, "code": 400}}',
    "llama.cpp": b'{"error": {"code": 400, "message": "request (9412 tokens) exceeds the available context size (8192 '
    b'tokens), try increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 9412, "n_ctx": 8192}}',
}


@pytest.mark.parametrize("name", FULL)
def test_a_full_context_is_an_empty_response_but_not_to_the_first_message(
    name: str, serve: Callable[..., Server]
) -> None:
    server = serve((400, FULL[name]), (400, FULL[name]))
    agent = ChatAgent(server.url, "m")
    [response] = agent.act([conversation("task", "x", "feedback")])
    assert (response, getattr(response, "completion_tokens", None)) == ("", 0)
    with pytest.raises(RuntimeError, match="HTTP 400"):
        agent.act([conversation("task")])
    assert len(server.requests) == 2, "it is not tried again"


def test_tokens_are_added_up(serve: Callable[..., Server]) -> None:
    untold = answer({"content": "x"}, None)
    agent = ChatAgent(serve(OPENAI, OPENAI, untold).url, "m", prices=[1, 0])
    before = agent.usage
    agent.act([conversation(f"{n}") for n in range(3)])
    assert before == Usage(cost=0.0), "a value that does not change"
    assert agent.usage == Usage(3, 600, 180, 1, 0, pytest.approx(600 / 1e6))


@pytest.mark.parametrize("prices", [1, "1", [1], [1, 2, 3], [1, -1], [1, float("nan")], [True, 1], {"in": 1, "out": 1}])
def test_wrong_prices(prices: Any) -> None:
    with pytest.raises(UsageError, match=r"prices: expected two numbers.*such as \[0.15,0.6\]; got"):
        ChatAgent("http://h/v1", "m", prices=prices)


@pytest.mark.parametrize("name", ["concurrency", "tries"])
def test_no_request_at_all(name: str) -> None:
    with pytest.raises(UsageError, match="concurrency, tries: expected 1 or more of each"):
        ChatAgent("http://h/v1", "m", **{name: 0})  # type: ignore[arg-type]


# --- act_async -------------------------------------------------------------------------------------------------------


def test_a_whole_episode_in_asyncio(serve: Callable[..., Server]) -> None:
    agent = ChatAgent(serve().url, "m")
    episodes = Episodes("starter", pool=ScriptedJudge([Verdict.WRONG_ANSWER]))

    async def solve(seed: int) -> int:
        play = episodes.begin(seed=seed)
        while not play.ended:
            [response] = await agent.act_async([Conversation(tuple(play.messages), play.problem.id, seed)])
            await play.respond_async(response)
        return len(play.episode.turns)

    async def several() -> list[int]:
        return list(await asyncio.gather(*map(solve, range(4))))

    assert run(several()) == [3] * 4
    assert agent.usage.requests == 12


def test_requests_of_tasks_are_sent_together_and_never_more_than_allowed(serve: Callable[..., Server]) -> None:
    server = serve()
    server.together = threading.Barrier(3)  # breaks, and fails the test, if fewer than three arrive together
    agent = ChatAgent(server.url, "m", concurrency=3)
    running = most = 0
    lock, post = threading.Lock(), agent._post

    def counted(*arguments: Any) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            return post(*arguments)
        finally:
            with lock:
                running -= 1

    agent._post = counted  # type: ignore[method-assign]

    async def ask() -> list[list[str]]:
        return list(await asyncio.gather(*(agent.act_async([conversation(f"{n}-")]) for n in range(9))))

    assert run(ask()) == [[f"-{n}"] for n in range(9)]
    assert most == 3
    assert run(agent.act_async([])) == []


def test_in_another_event_loop(serve: Callable[..., Server]) -> None:
    agent = ChatAgent(serve().url, "m", concurrency=1)
    for _ in range(2):
        assert run(agent.act_async([conversation("ab"), conversation("cd")])) == ["ba", "dc"]


class AllButTheFirst:
    """Holds up all requests to a server but the first one."""

    def __init__(self) -> None:
        self.released, self._first = threading.Event(), threading.Lock()

    def wait(self, timeout: float) -> None:
        if not self._first.acquire(blocking=False):
            self.released.wait(timeout)


def test_a_failure_is_raised_and_the_others_are_not_asked_any_more(serve: Callable[..., Server]) -> None:
    server, held = serve(*[(401, b"no key")] * 9), AllButTheFirst()
    server.together = held  # type: ignore[assignment]
    agent = ChatAgent(server.url, "m", concurrency=1)

    async def fail() -> None:
        with pytest.raises(RuntimeError, match="HTTP 401"):
            await agent.act_async([conversation("a")] * 9)
        held.released.set()
        assert await asyncio.to_thread(agent._slots.acquire, timeout=250)
        agent._slots.release()
        for thread in threading.enumerate():
            if thread.name == "chat":
                thread.join(250)

    run(fail())
    assert len(server.requests) <= 2


def test_a_cancelled_task_retries_no_more(serve: Callable[..., Server]) -> None:
    server = serve(*[(503, b"busy")] * 9)
    waiting, goes_on = threading.Event(), threading.Event()

    def sleep(_: float) -> None:
        waiting.set()
        assert goes_on.wait(250)

    agent = ChatAgent(server.url, "m", concurrency=1, sleep=sleep)

    async def cancel() -> None:
        task = asyncio.ensure_future(agent.act_async([conversation("a"), conversation("b")]))
        await asyncio.to_thread(waiting.wait, 250)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        goes_on.set()

    run(cancel())
    assert agent._slots.acquire(timeout=250), "the threads have ended"
    assert len(server.requests) == 1
    agent._slots.release()
    server.failures.clear()
    assert agent.act([conversation("ab")]) == ["ba"]


@pytest.mark.slow
def test_the_program_of_the_documentation(serve: Callable[..., Server], root: Path) -> None:
    text = (root / "docs" / "integrations" / "endpoints.md").read_text(encoding="utf-8")
    program = text.partition("```python no-run\n")[2].partition("```\n")[0]
    ours = program.replace("http://127.0.0.1:8000/v1", serve().url)
    assert ours != program
    process = subprocess.run([sys.executable, "-c", ours], capture_output=True, text=True, timeout=250)
    assert process.returncode == 0, process.stderr
    assert "Usage(requests=300, " in process.stdout


# --- rlef eval -------------------------------------------------------------------------------------------------------


def test_the_cost_of_an_evaluation(
    serve: Callable[..., Server], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(*[OPENAI] * 6)
    words = ["eval", f"chat:{server.url}#m", "--limit", "2", "--plain"]
    priced = [*words, "--option", "prices=[2,10]", "--out", str(tmp_path / "run"), "--json", str(tmp_path / "out.json")]
    assert main(priced) == 0
    cost = 6 * (2 * 300 + 10 * 90) / 1e6
    assert f"Tokens: 2,340, at a cost of {cost:.4f}\n" in capsys.readouterr().out
    row = json.loads((tmp_path / "out.json").read_text())
    assert (row["tokens"], row["cost"]) == (2340, pytest.approx(cost))
    assert Run(tmp_path / "run").metrics().cost == pytest.approx(cost)
    assert "prices" not in server.requests[0][2], "they are no field of the request"
    assert main([*priced, "--resume"]) == 0
    capsys.readouterr()
    server.failures = [(200, {}, OPENAI)] * 6
    assert main([*words, "--out", str(tmp_path / "other")]) == 0
    assert "at a cost of" not in capsys.readouterr().out
    assert Run(tmp_path / "other").metrics().cost is None
    by_source = Run(tmp_path / "run").metrics_by("source")
    assert sum(each.cost or 0 for each in by_source.values()) == pytest.approx(cost)
