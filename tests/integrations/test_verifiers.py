"""The adapter to verifiers, with the released package: `load_environment` and `vf-eval`, against a real HTTP server."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rlef_env import Dataset, Episodes, Verdict, load_dataset
from rlef_env.testing import ScriptedJudge
from tests import asynchronous
from tests.integrations.cases import CASES, PROBLEMS, Case, fenced, write_dataset

vf = pytest.importorskip("verifiers.v1")
pytest.importorskip("rlef_vf")

RIGHT, WRONG = fenced(CASES[0].program), fenced("print(4)")
PUBLIC_ONLY = fenced(CASES[1].program)


class Model(http.server.ThreadingHTTPServer):
    """A server of chat completions: a response is chosen by the problem and the number of responses before.

    Attributes:
        script: for each problem the responses, in order; None in place of one is a failure of the server.
        chats: the chats that came.
    """

    def __init__(self) -> None:
        self.script: dict[str, list[str | None]] = {}
        self.chats: list[list[dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), Answer)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def answer(self, chat: list[dict[str, str]]) -> str | None:
        self.chats.append(chat)
        problem = next(each for each in PROBLEMS if each.statement in chat[0]["content"])
        return self.script[problem.id][sum(message["role"] == "assistant" for message in chat)]


class Answer(http.server.BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = self.server.answer(body["messages"])
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage = {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}
        completion = {
            "id": "1", "object": "chat.completion", "created": 0, "model": body["model"], "choices": [choice],
            "usage": usage,
        }  # fmt: skip
        content = json.dumps({"error": {"message": "bad request"}} if text is None else completion).encode()
        self.send_response(400 if text is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def model() -> Iterator[Model]:
    with Model() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_dataset(tmp_path_factory.mktemp("data") / "problems.jsonl")


@pytest.fixture(scope="module")
def problems(name: str) -> Dataset:
    return load_dataset(name)


def load(name: str, **settings: Any) -> Any:
    return vf.load_environment(vf.resolve_env_config({"taskset": {"id": "rlef-vf", "dataset": name}, **settings}))


@pytest.fixture
def play(model: Model, name: str) -> Callable[..., Any]:
    """A function that plays an episode of a problem with scripted responses, and returns verifiers' episode."""

    def run(problem_id: str, responses: list[str | None], pool: ScriptedJudge | None = None, **settings: Any) -> Any:
        model.script[problem_id] = responses
        env = load(name, **settings)
        if pool is not None:
            env.episodes = Episodes(env.taskset.dataset, max_turns=env.config.max_turns, pool=pool)
        task = next(each for each in env.taskset if each.key == problem_id)
        client = vf.EvalClientConfig(base_url=model.address, api_key_var="RLEF_TEST_KEY")

        async def episode() -> Any:
            async with env.serving():
                return await env.run_episode(task, vf.ModelContext(model="scripted", client=client))

        return asynchronous.run(episode())

    return run


def chat(trace: Any) -> list[dict[str, str]]:
    return [{"role": each.role, "content": each.content or ""} for each in trace.branches[-1].messages]


def judged(episode: Any) -> tuple[Any, ...]:
    """Return what the trainer gets: whether the episode counts, its reward and its verdict."""
    (trace,) = episode.traces
    return episode.ok, trace.reward, trace.info.get("rlef", {}).get("verdict")


# --- episodes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_response_agrees_with_score(play: Callable[..., Any], case: Case) -> None:
    episode = play(case.problem_id, [fenced(case.program)], max_turns=1)
    assert judged(episode) == (True, case.reward, case.verdict.value)


PLANS = ([WRONG, "no program", RIGHT], [WRONG, "", WRONG], [RIGHT], [PUBLIC_ONLY], ["  \n" + RIGHT + "\n"])


@pytest.mark.parametrize("plan", PLANS)
def test_an_episode_equals_one_of_code_env(
    play: Callable[..., Any], problems: Dataset, model: Model, plan: list[str]
) -> None:
    episode = play("text", plan)
    expected = Episodes(problems, max_turns=3).begin("text")
    sent = []
    for response in plan:
        sent.append(expected.messages)
        expected.respond(response)
    assert expected.ended
    assert model.chats == sent
    (trace,) = episode.traces
    assert chat(trace) == expected.messages
    assert judged(episode) == (True, expected.total_reward, expected.info["verdict"])
    assert trace.metrics == {"solved": expected.episode.solved, "turns": len(plan)}


def test_the_last_response_within_the_agents_limit_is_judged_on_all_tests(play: Callable[..., Any]) -> None:
    episode = play("text", [WRONG, RIGHT, WRONG], max_turns=3, agent={"max_turns": 2})
    assert judged(episode) == (True, 1.0, Verdict.ACCEPTED.value)
    episode = play("text", [WRONG, WRONG, RIGHT], max_turns=3, agent={"max_turns": 2})
    assert judged(episode) == (True, -1.0, Verdict.WRONG_ANSWER.value)


def test_a_limit_of_tokens_pays_no_more_than_failing(play: Callable[..., Any]) -> None:
    """Each response has five tokens, so the limit refuses the second request."""
    episode = play("text", [WRONG, RIGHT], agent={"max_output_tokens": 5})
    assert judged(episode) == (True, pytest.approx(-1.2), Verdict.NO_PROGRAM.value)
    assert episode.traces[0].is_truncated


def test_a_lost_verdict_is_no_episode(play: Callable[..., Any]) -> None:
    for verdicts in ([Verdict.NO_VERDICT], [Verdict.WRONG_ANSWER, Verdict.NO_VERDICT]):
        episode = play("text", [WRONG, RIGHT, RIGHT], pool=ScriptedJudge(verdicts))
        (trace,) = episode.traces
        assert (episode.ok, trace.ok, trace.rewards) == (False, False, {})
        assert "SandboxError" in {error.type for error in (*episode.errors, *trace.errors)}


def test_a_model_that_is_away_is_no_episode(play: Callable[..., Any]) -> None:
    episode = play("text", [WRONG, None])
    (trace,) = episode.traces
    assert (episode.ok, trace.ok, trace.rewards) == (False, False, {})
    assert trace.last_error.type == "ProviderError"


# --- tasks -----------------------------------------------------------------------------------------------------------


def test_tasks_have_durable_keys_and_no_hidden_test(name: str) -> None:
    tasks = list(load(name).taskset)
    assert [task.key for task in tasks] == [problem.id for problem in PROBLEMS]
    shown = "".join(task.data.model_dump_json() for task in tasks)
    assert "print their sum" in shown
    assert "20 22" not in shown


def test_the_runtime_is_a_local_one_and_stays_it_beside_other_settings(name: str) -> None:
    for settings in ({}, {"agent": {"max_turns": 1}}):
        assert load(name, **settings).config.agent.runtime.type == "subprocess"


@pytest.mark.parametrize("settings", [{"max_turns": 0}, {"feedback": "all"}, {"reward": "most"}, {"turns": 3}])
def test_bad_settings_are_refused(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        load(name, **settings)


# --- vf-eval ---------------------------------------------------------------------------------------------------------


def test_vf_eval_plays_all_problems(model: Model, name: str, tmp_path: Path, root: Path) -> None:
    cases = [case for case in CASES if case.reward < 0]
    model.script = {case.problem_id: [fenced("print(]"), fenced(case.program)] for case in cases}
    command = [
        Path(sys.executable).parent / "vf-eval", "rlef-vf", "--no-push", "--no-rich", "--model", "scripted",
        "--client.base-url", model.address, "--client.api-key-var", "RLEF_TEST_KEY", "--env.max-turns", "2",
        "--env.taskset.dataset", name, "--output-dir", tmp_path, "--run.name", "run",
    ]  # fmt: skip
    paths = os.pathsep.join([str(root), str(root / "integrations" / "verifiers")])
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}
    )
    assert done.returncode == 0, done.stderr
    episodes = [json.loads(line) for line in (tmp_path / "run" / "traces.jsonl").read_text().splitlines()]
    assert all(episode["ok"] for episode in episodes)
    traces = [trace for episode in episodes for trace in episode["traces"]]
    found = {
        trace["task"]["key"]: (trace["info"]["rlef"]["verdict"], trace["rewards"]["rlef"]["score"]) for trace in traces
    }
    assert found == {case.problem_id: (case.verdict.value, case.reward) for case in cases}
