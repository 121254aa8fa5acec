"""The adapter to OpenEnv, with the released package: a real server, and its clients over WebSocket and HTTP."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import requests

from rlef_env import Dataset, Episodes, Verdict, load_dataset
from rlef_env.errors import UsageError
from rlef_env.judge import JudgeJob, Judgement
from rlef_env.testing import ScriptedJudge
from tests import asynchronous
from tests.integrations.cases import CASES, PROBLEMS, Case, fenced, write_dataset

openenv = pytest.importorskip("openenv")
uvicorn = pytest.importorskip("uvicorn")
adapter = importlib.import_module("rlef_env.integrations.openenv")

SUM, THREE = CASES[0].program, CASES[1].program  # right, and right on the public test only
RIGHT, WRONG = fenced(SUM), fenced("print(4)")
HIDDEN = "20 22"


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return load_dataset(write_dataset(tmp_path_factory.mktemp("data") / "problems.jsonl"))


@pytest.fixture(scope="module")
def serve(problems: Dataset) -> Iterator[Callable[..., str]]:
    """A function that starts a server with these arguments and returns its address."""
    running = []

    def start(**arguments: Any) -> str:
        listener = socket.create_server(("127.0.0.1", 0))  # connections wait in its queue until the server is ready
        app = adapter.create_app(problems, **arguments)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def one_turn(serve: Callable[..., str]) -> str:
    return serve(max_turns=1)


@pytest.fixture(scope="module")
def three_turns(serve: Callable[..., str]) -> str:
    return serve(max_turns=3)


@pytest.fixture
def client(three_turns: str) -> Iterator[Any]:
    with adapter.RlefClient(three_turns).sync() as connected:
        yield connected


def act(program: str) -> Any:
    return adapter.RlefAction(program=program)


# --- verdicts and rewards --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_program_agrees_with_score_with_and_without_backticks(one_turn: str, case: Case) -> None:
    with adapter.RlefClient(one_turn).sync() as client:
        for text in (fenced(case.program), case.program):
            client.reset(problem_id=case.problem_id)
            result = client.step(act(text))
            assert result.done
            assert (result.observation.verdict, result.reward) == (case.verdict.value, case.reward)
            assert result.observation.solved == (case.reward > 0)
            assert (result.observation.has_verdict, result.observation.truncated) == (True, False)


PLANS = ([WRONG, "no program", RIGHT], [WRONG, WRONG, WRONG], [RIGHT], [fenced(THREE)])


async def played(address: str, plan: list[str]) -> list[tuple[object, ...]]:
    """Play the responses, and return what came back."""
    async with adapter.RlefClient(address) as client:
        results = [await client.reset(problem_id="text")]
        results += [await client.step(act(response)) for response in plan]
        assert (await client.state()).step_count == len(plan)
    return [(r.observation.text, r.observation.verdict, r.observation.turn, r.reward, r.done) for r in results]


def test_sixteen_sessions_equal_local_episodes(three_turns: str, problems: Dataset) -> None:
    async def all_played() -> list[Any]:
        return await asyncio.gather(*(played(three_turns, PLANS[number % 4]) for number in range(16)))

    episodes = Episodes(problems, max_turns=3)
    for number, results in enumerate(asynchronous.run(all_played())):
        play = episodes.begin("text")
        assert results[0] == (play.episode.prompt, None, 0, None, False)
        for response, result in zip(PLANS[number % 4], results[1:], strict=True):
            turn = play.respond(response if "```" in response else fenced_alone(response))
            assert result == (turn.feedback, play.info["verdict"], len(play.episode.turns), turn.reward, play.ended)
        assert sum(result[3] for result in results[1:]) == play.total_reward


def fenced_alone(program: str) -> str:
    return f"```python\n{program}\n```"


class Together(ScriptedJudge):
    """A judge that answers nobody until this many programs wait for it."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count, self.waiting = count, []  # type: tuple[int, list[tuple[Future[Judgement], Judgement]]]

    def submit(self, job: JudgeJob, priority: int = 0, owner: Hashable = None) -> Future[Judgement]:
        future: Future[Judgement] = Future()
        self.waiting.append((future, super().submit(job).result()))
        if len(self.waiting) == self.count:
            for each, judgement in self.waiting:
                each.set_result(judgement)
        return future


def test_sessions_do_not_wait_for_each_other(serve: Callable[..., str]) -> None:
    address = serve(pool=Together(16))

    async def all_played() -> list[Any]:
        return await asyncio.gather(*(played(address, [RIGHT]) for _ in range(16)))

    assert [results[-1][3] for results in asynchronous.run(all_played())] == [1.0] * 16


def test_a_lost_verdict_has_no_reward(serve: Callable[..., str]) -> None:
    address = serve(pool=ScriptedJudge([Verdict.WRONG_ANSWER, Verdict.NO_VERDICT]))
    with adapter.RlefClient(address).sync() as client:
        client.reset(problem_id="text")
        assert client.step(act(WRONG)).reward == 0.0
        result = client.step(act(RIGHT))
        assert (result.reward, result.observation.reward, result.done) == (None, None, True)
        seen = result.observation
        assert (seen.verdict, seen.has_verdict, seen.truncated, seen.solved) == (
            Verdict.NO_VERDICT.value,
            False,
            True,
            False,
        )


def test_a_lost_verdict_can_be_an_error_after_which_the_step_is_sent_again(serve: Callable[..., str]) -> None:
    address = serve(pool=ScriptedJudge([Verdict.NO_VERDICT, Verdict.ACCEPTED]), on_no_verdict="raise")
    with adapter.RlefClient(address).sync() as client:
        client.reset(problem_id="text")
        with pytest.raises(RuntimeError, match="the judge failed"):
            client.step(act(RIGHT))
        assert client.step(act(RIGHT)).reward == 1.0


# --- what verifiers' bridge does -------------------------------------------------------------------------------------


def bridge_action(message: str, schema: dict[str, Any]) -> dict[str, Any]:
    """verifiers' rule: one block loses its backticks; what is no JSON object goes into the one required field."""
    message = message.strip()
    if message.startswith("```") and message.endswith("```"):
        message = "\n".join(message.splitlines()[1:-1]).strip()
    try:
        action = json.loads(message)
    except json.JSONDecodeError:
        action = message
    (required,) = schema["required"]
    return action if isinstance(action, dict) else {required: action}


@pytest.mark.parametrize("response", [RIGHT, fenced_alone(SUM), SUM, f"{fenced_alone(SUM)}\nDone."])
def test_a_right_response_through_the_bridge_is_right(three_turns: str, response: str) -> None:
    schema = requests.get(f"{three_turns}/schema", timeout=60).json()["action"]
    with openenv.GenericEnvClient(three_turns).sync() as client:
        client.reset(problem_id="text")
        rewards = [client.step(bridge_action(text, schema)).reward for text in (fenced_alone("print(4)"), response)]
    assert sum(rewards) == 1.0


def test_a_number_is_a_program_too(three_turns: str) -> None:
    """The bridge sends JSON's number, not text: a model must not end an episode without a reward by answering 42."""
    with openenv.GenericEnvClient(three_turns).sync() as client:
        client.reset(problem_id="text")
        for value, turn in ((42, 1), ([1], 2)):
            result = client.step({"program": value})
            assert (result.observation["turn"], result.observation["verdict"]) == (turn, Verdict.WRONG_ANSWER.value)


# --- bad input -------------------------------------------------------------------------------------------------------


def test_a_step_without_an_episode_names_reset(client: Any, three_turns: str) -> None:
    with pytest.raises(RuntimeError, match="call reset first"):
        client.step(act(RIGHT))
    client.reset(problem_id="text")
    assert client.step(act(RIGHT)).done
    with pytest.raises(RuntimeError, match="the episode has ended; call reset to start the next one"):
        client.step(act(RIGHT))
    assert not client.reset(problem_id="text").done
    answer = requests.post(f"{three_turns}/step", json={"action": {"program": RIGHT}}, timeout=60)
    assert (answer.status_code, "call reset first" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"problem_id": "missing"}, "missing"),
        ({"split": "exam"}, "split: expected one of 'train', got 'exam'"),
        ({"index": 4}, "index: expected a number from 0 to 3 in split 'train', got 4"),
        ({"index": -1}, "got -1"),
        ({"index": "1"}, "got '1'"),
        ({"index": 1, "problem_id": "text"}, "got both"),
        ({"task": 1}, "reset: expected seed, episode_id, problem_id, split, index, got task; check the spelling"),
    ],
)
def test_bad_arguments_of_reset_are_one_line(
    client: Any, three_turns: str, arguments: dict[str, Any], words: str
) -> None:
    client.reset(problem_id="text")
    with pytest.raises(RuntimeError) as caught:
        client.reset(**arguments)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(RuntimeError, match="call reset first"):  # not a step of the episode before
        client.step(act(RIGHT))
    answer = requests.post(f"{three_turns}/reset", json=arguments, timeout=60)
    assert (answer.status_code, words in answer.json()["detail"]) == (400, True)


def test_one_session_too_many_is_refused(serve: Callable[..., str]) -> None:
    address = serve(sessions=1)
    with adapter.RlefClient(address).sync() as first:
        first.reset(problem_id="text")
        with pytest.raises(RuntimeError, match="capacity"), adapter.RlefClient(address).sync() as second:
            second.reset(problem_id="text")
        assert first.step(act(RIGHT)).reward == 1.0


def test_a_server_that_is_away_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionError, match=str(port)):
        adapter.RlefClient(f"http://127.0.0.1:{port}").sync().__enter__()


def test_bad_arguments_of_the_server_are_refused(problems: Dataset) -> None:
    for arguments in ({"sessions": 0}, {"splits": "train"}, {"splits": []}, {"max_turn": 3}, {"max_turns": 0}):
        with pytest.raises(UsageError):
            adapter.create_app(problems, **arguments)


# --- tasks -----------------------------------------------------------------------------------------------------------


def test_the_same_seed_is_the_same_problem(three_turns: str) -> None:
    def drawn(seed: int) -> str:
        with adapter.RlefClient(three_turns).sync() as client:
            return str(client.reset(seed=seed).observation.problem_id)

    seeds = range(8)
    problems = [drawn(seed) for seed in seeds]
    assert problems == [drawn(seed) for seed in seeds]
    assert len(set(problems)) > 1


def test_tasks_are_found_and_played(client: Any, three_turns: str) -> None:
    def ask(path: str, **content: Any) -> Any:
        return requests.post(f"{three_turns}/rlef/{path}", json=content, timeout=60).json()

    tasks = [{"problem_id": each.id, "split": "train", "index": number} for number, each in enumerate(PROBLEMS)]
    assert requests.get(f"{three_turns}/rlef/splits", timeout=60).json() == [{"name": "train", "type": "train"}]
    assert ask("num_tasks", split="train") == {"num_tasks": 4}
    assert ask("tasks", split="train")["tasks"] == tasks
    assert ask("task_range", split="train", start=1, stop=3)["tasks"] == tasks[1:3]
    assert ask("task", split="train", index=2) == {"task": tasks[2]}
    assert "expected one of 'train'" in ask("num_tasks", split="exam")["detail"]
    assert "from 0 to 3" in ask("task", split="train", index=4)["detail"]
    for task in tasks:
        result = client.reset(split="train", index=task["index"], episode_id="mine")
        assert result.observation.problem_id == task["problem_id"]
        assert (client.state().episode_id, client.state().problem_id) == ("mine", task["problem_id"])


def test_nothing_that_a_client_gets_holds_a_hidden_test(three_turns: str) -> None:
    with openenv.GenericEnvClient(three_turns).sync() as client:
        seen = [client.reset(problem_id="text"), client.step({"program": WRONG}), client.step({"program": THREE})]
        shown = f"{seen}{client.state()}"
    for path in ("schema", "metadata", "state", "rlef/splits"):
        shown += requests.get(f"{three_turns}/{path}", timeout=60).text
    shown += requests.post(f"{three_turns}/rlef/tasks", json={"split": "train"}, timeout=60).text
    assert "1 2" in shown
    assert HIDDEN not in shown


# --- the folder ------------------------------------------------------------------------------------------------------


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "openenv"
    return subprocess.run([str(program), "validate", *arguments], capture_output=True, text=True)


def test_the_folder_is_valid(root: Path) -> None:
    done = command(str(root / "integrations" / "openenv"), "--level", "static", "--skip-build", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["verdict"]) == (0, "pass"), done.stdout


def test_the_served_folder_is_valid(root: Path, tmp_path: Path) -> None:
    """The server starts as its page says, validates, and plays an episode of the data set that it was given."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = {"RLEF_DATASET": write_dataset(tmp_path / "problems.jsonl"), "RLEF_ARGUMENTS": '{"max_turns": 1}'}
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "server.app:app", "--fd", str(listener.fileno())],
            cwd=root / "integrations" / "openenv",
            env={**os.environ, **settings, "PYTHONPATH": str(root)},
            pass_fds=[listener.fileno()],
        )
        try:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            done = command("--url", address, "--timeout", "300")
            assert done.returncode == 0, done.stdout
            with adapter.RlefClient(address).sync() as client:
                client.reset(problem_id="text")
                assert client.step(act(WRONG)).reward == -1.0
        finally:
            process.terminate()
            process.wait()
