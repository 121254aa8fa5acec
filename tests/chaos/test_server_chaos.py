"""However often the server is killed, every request finally gets one answer, the same as without disturbance.

``make chaos`` sends thousands of requests; here it is a few dozen.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rlef_env.judge import Judge, JudgeJob
from rlef_env.problems import Problem
from rlef_env.problems.writing import problem_to_row
from rlef_env.sandbox import Program
from tests.chaos.play import DATASET, KINDS, Undisturbed, alive, children, kill, tree
from tests.ports import lasting_port
from tests.stopping import wait_until

pytest.importorskip("uvicorn", reason="needs the extra 'serve'")

REQUESTS = max(48, int(os.environ.get("RLEF_CHAOS_EPISODES", "0")) // 5)
SEED = int(os.environ.get("RLEF_CHAOS_SEED", "0"))
CLIENTS = 32 if REQUESTS >= 1000 else 8
ANSWER_SECONDS = 250  # no queue here is as long
JSON = {"Content-Type": "application/json"}
Request = tuple[Problem, str]


class Served:
    """Runs ``rlef serve``, disturbs it, and starts it again on the same port when it has ended."""

    def __init__(self, folder: Path) -> None:
        self.port = lasting_port()
        self._log = (folder / "log").open("w+")
        self.hits: Counter[str] = Counter()
        self.seen: set[int] = set()
        self._start()

    def _start(self) -> None:
        command = [str(Path(sys.executable).parent / "rlef"), "serve", "--port", str(self.port), "--workers", "2"]
        command += ["--warm", "python"]
        command += ["--max-pending", str(3 * CLIENTS // 4)]  # so that some are refused
        environment = {**os.environ, "RLEF_TOKEN": ""}
        self._starts_before = self._num_starts()
        self._process = subprocess.Popen(command, stderr=self._log, env=environment, cwd=Path.cwd())

    def _num_starts(self) -> int:
        """Return how often a server has started to serve so far."""
        return Path(self._log.name).read_text().count("serving at")

    def disturb(self) -> None:
        """Disturb the server in the next of all ways."""
        assert self._process.poll() is None, "the server ended by itself"
        self.seen.update(tree(self._process.pid))
        kinds = [self.workers, self.killed, self.fork_servers, self.restarted]
        hit = kinds[sum(self.hits.values()) % len(kinds)]
        hit()
        self.hits[hit.__name__] += 1

    def killed(self) -> None:
        """Kill the server, as the kernel does when memory runs out."""
        self._process.kill()
        self._process.wait()
        self._start()

    def restarted(self) -> None:
        """Restart the server, as for a new version: it answers what it has accepted."""
        self.end()
        self._start()

    def workers(self) -> None:
        """Kill all workers."""
        for pid in [worker for server in children(self._process.pid) for worker in children(server)]:
            kill(pid)

    def fork_servers(self) -> None:
        """Kill the processes that fork workers and programs."""
        for pid in children(self._process.pid):
            kill(pid)

    def end(self) -> None:
        """Stop the server; check that it has answered everything that it accepted."""
        while self._num_starts() == self._starts_before:  # before it has started, a signal kills it
            assert self._process.poll() is None, "the server never started"
            threading.Event().wait(0.01)
        self.seen.update(tree(self._process.pid))
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(2 * ANSWER_SECONDS) == 0

    def close(self) -> None:
        """Kill what is left of the server after a failure, and check its log."""
        kill(self._process.pid)
        self._process.wait()
        self._log.seek(0)
        usual = ("machine: ", "WARNING: this machine", "starting at", "serving at", "shutting down; pending")
        unusual = [line for line in self._log if not any(text in line for text in usual)]
        self._log.close()
        assert not unusual, "".join(unusual)


class Clients:
    """Threads that repeat each request until it is answered; some clients disconnect before."""

    def __init__(self, port: int, requests: list[Request]) -> None:
        self._port, self._requests = port, requests
        self._numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(requests)):
            self._numbers.put(number)
        self.answers: list[list[dict[str, Any]]] = [[] for _ in requests]
        self.outcomes: Counter[str] = Counter()
        self._errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def answered(self) -> int:
        """Return the number of answers so far."""
        if self._errors:
            raise self._errors[0]
        return sum(map(len, self.answers))

    def wait(self) -> None:
        """Wait until all requests are answered."""
        for thread in self._threads:
            thread.join()
        self.answered()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, ANSWER_SECONDS)
        try:
            while True:
                try:
                    number = self._numbers.get_nowait()
                except queue.Empty:
                    return
                if number % 6 == 5:
                    self._disconnect(number)
                self.answers[number].append(self._answer(connection, number))
        except BaseException as error:  # noqa: BLE001 - wait() raises it
            self._errors.append(error)
        finally:
            connection.close()

    def _answer(self, connection: http.client.HTTPConnection, number: int) -> dict[str, Any]:
        until = time.monotonic() + 4 * ANSWER_SECONDS
        while time.monotonic() < until:
            try:
                self._send(connection, number)
                response = connection.getresponse()
                content = response.read()
            except TimeoutError:
                raise
            except (OSError, http.client.HTTPException) as error:  # the server was killed, or has not started yet
                connection.close()
                self.outcomes["refused" if isinstance(error, ConnectionRefusedError) else "lost"] += 1
            else:
                self.outcomes[str(response.status)] += 1
                if response.status == 200:
                    answer: dict[str, Any] = json.loads(content)
                    return answer
                assert response.status == 503, content
                assert int(response.headers["Retry-After"]) > 0
            threading.Event().wait(0.05)
        raise AssertionError(f"request {number} was not answered")

    def _disconnect(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, ANSWER_SECONDS)
        try:
            self._send(connection, number)
            self.outcomes["left"] += 1
        except OSError:
            pass
        finally:
            connection.close()

    def _send(self, connection: http.client.HTTPConnection, number: int) -> None:
        problem, source = self._requests[number]
        connection.request("POST", "/judge", json.dumps({"problem": problem_to_row(problem), "program": source}), JSON)


@pytest.mark.timeout(1200 if REQUESTS < 1000 else 0)
def test_every_request_gets_one_answer_the_same_as_undisturbed(tmp_path: Path) -> None:
    random = Random(SEED)
    programs = [(often, source) for often, source in KINDS if source is not None]
    sources = random.choices([source for _, source in programs], [often for often, _ in programs], k=REQUESTS)
    requests = list(zip(itertools.cycle(DATASET), sources))
    with Judge() as judge:
        undisturbed = Undisturbed(judge)
        expected = [stable_part(undisturbed.judge(JudgeJob(problem, Program(source)))) for problem, source in requests]
    served = Served(tmp_path)
    try:
        clients = Clients(served.port, requests)
        each = max(10, CLIENTS)
        for due in range(each, REQUESTS - each // 2, each):  # disturb again when so many more are answered
            while clients.answered() < due:
                threading.Event().wait(0.01)
            served.disturb()
        clients.wait()
        served.end()
    finally:
        served.close()
    print(f"{REQUESTS} requests, {dict(clients.outcomes)}, hits {dict(served.hits)}")
    wrong = [
        (problem.id, source, answers, wanted)
        for (problem, source), answers, wanted in zip(requests, clients.answers, expected, strict=True)
        if [stable_part_of_answer(one) for one in answers] != [wanted]
    ]
    assert not wrong, wrong[:3]
    wait_until(lambda: not any(map(alive, served.seen)))  # no process outlives the server


def stable_part(judgement: Any) -> tuple[object, ...]:
    """Return the part of a judgement that is the same whenever the program is judged."""
    results = [(each.role, each.index, each.verdict.value, each.stdout, each.stderr) for each in judgement.results]
    return judgement.verdict.value, judgement.category, judgement.passed, judgement.total, results


def stable_part_of_answer(answer: dict[str, Any]) -> tuple[object, ...]:
    """Return the same part of an answer."""
    results = [
        tuple(each[name] for name in ("role", "index", "verdict", "stdout", "stderr")) for each in answer["results"]
    ]
    return answer["verdict"], answer["category"], answer["passed"], answer["total"], results
