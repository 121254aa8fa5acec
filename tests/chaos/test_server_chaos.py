"""Whatever becomes of the server, every request has one answer in the end, and the one that it would have in peace.

``make chaos`` asks thousands of times; here it is a few dozen.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import queue
import signal
import socket
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
from rlef_env.problems import Problem, problem_to_row
from rlef_env.sandbox import Program
from tests.chaos.play import DATASET, KINDS, Calm, alive, below, children, kill

pytest.importorskip("uvicorn", reason="needs the extra 'serve'")

REQUESTS = max(48, int(os.environ.get("RLEF_CHAOS_EPISODES", "0")) // 5)
SEED = int(os.environ.get("RLEF_CHAOS_SEED", "0"))
CLIENTS = 32 if REQUESTS >= 1000 else 8
PATIENCE = 60  # seconds for an answer; no queue here is as long
JSON = {"Content-Type": "application/json"}
Asked = tuple[Problem, str]


class Served:
    """``rlef serve``, which is begun anew on the same port whenever it has ended, and what is done to it."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._log = (folder / "log").open("w+")
        self.hits: Counter[str] = Counter()
        self.seen: set[int] = set()
        self._start()

    def _start(self) -> None:
        command = [str(Path(sys.executable).parent / "rlef"), "serve", "--port", str(self.port), "--workers", "2"]
        command += ["--warm", "python"]
        command += ["--max-pending", str(3 * CLIENTS // 4)]  # so that some are refused
        environment = {**os.environ, "RLEF_TOKEN": ""}
        self._others_served = self._served()
        self._process = subprocess.Popen(command, stderr=self._log, env=environment, cwd=Path.cwd())

    def _served(self) -> int:
        """How many have begun to serve, so far."""
        return Path(self._log.name).read_text().count("serving at")

    def harm(self) -> None:
        """Do the next one of all that can be done."""
        assert self._process.poll() is None, "it ended by itself"
        self.seen.update(below(self._process.pid))
        kinds = [self.worker, self.killed, self.forker, self.drained]
        hit = kinds[sum(self.hits.values()) % len(kinds)]
        hit()
        self.hits[hit.__name__] += 1

    def killed(self) -> None:
        """As the kernel does when memory runs out."""
        self._process.kill()
        self._process.wait()
        self._start()

    def drained(self) -> None:
        """As who brings out a new version does: what was accepted is answered."""
        self.end()
        self._start()

    def worker(self) -> None:
        """What judges, all of it."""
        for pid in [each for forker in children(self._process.pid) for each in children(forker)]:
            kill(pid)

    def forker(self) -> None:
        """What workers and programs are forked from."""
        for pid in children(self._process.pid):
            kill(pid)

    def end(self) -> None:
        """Tell it to end, and see that it owes nobody an answer."""
        while self._served() == self._others_served:  # before it has begun, a signal just ends it
            assert self._process.poll() is None, "it never began"
            threading.Event().wait(0.01)
        self.seen.update(below(self._process.pid))
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(2 * PATIENCE) == 0

    def close(self) -> None:
        """End what is left of it after a failure, and look at what it said."""
        kill(self._process.pid)
        self._process.wait()
        self._log.seek(0)
        usual = ("machine: ", "WARNING: this machine", "starting at", "serving at", "are still to be answered")
        said = [line for line in self._log if not any(words in line for words in usual)]
        self._log.close()
        assert not said, "".join(said)


class Clients:
    """Threads that ask until they have an answer; some clients vanish before that."""

    def __init__(self, port: int, asked: list[Asked]) -> None:
        self._port, self._asked = port, asked
        self._numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(asked)):
            self._numbers.put(number)
        self.answers: list[list[dict[str, Any]]] = [[] for _ in asked]
        self.heard: Counter[str] = Counter()
        self._faults: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def answered(self) -> int:
        """How many answers there are."""
        if self._faults:
            raise self._faults[0]
        return sum(map(len, self.answers))

    def wait(self) -> None:
        """Until all are done."""
        for thread in self._threads:
            thread.join()
        self.answered()

    def _run(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self._port, PATIENCE)
        try:
            while True:
                try:
                    number = self._numbers.get_nowait()
                except queue.Empty:
                    return
                if number % 6 == 5:
                    self._vanish(number)
                self.answers[number].append(self._answer(line, number))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._faults.append(error)
        finally:
            line.close()

    def _answer(self, line: http.client.HTTPConnection, number: int) -> dict[str, Any]:
        until = time.monotonic() + 4 * PATIENCE
        while time.monotonic() < until:
            try:
                self._ask(line, number)
                response = line.getresponse()
                content = response.read()
            except TimeoutError:
                raise
            except (OSError, http.client.HTTPException) as error:  # it was killed, or is not there yet
                line.close()
                self.heard["nobody there" if isinstance(error, ConnectionRefusedError) else "lost"] += 1
            else:
                self.heard[str(response.status)] += 1
                if response.status == 200:
                    said: dict[str, Any] = json.loads(content)
                    return said
                assert response.status == 503, content
                assert int(response.headers["Retry-After"]) > 0
            threading.Event().wait(0.05)
        raise AssertionError(f"request {number} was not answered")

    def _vanish(self, number: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self._port, PATIENCE)
        try:
            self._ask(line, number)
            self.heard["left"] += 1
        except OSError:
            pass
        finally:
            line.close()

    def _ask(self, line: http.client.HTTPConnection, number: int) -> None:
        problem, source = self._asked[number]
        line.request("POST", "/judge", json.dumps({"problem": problem_to_row(problem), "program": source}), JSON)


def test_every_request_is_answered_once_and_as_in_peace(tmp_path: Path) -> None:
    random = Random(SEED)
    programs = [(often, source) for often, source in KINDS if source is not None]
    sources = random.choices([source for _, source in programs], [often for often, _ in programs], k=REQUESTS)
    asked = list(zip(itertools.cycle(DATASET), sources))
    with Judge() as judge:
        calm = Calm(judge)
        expected = [told(calm.judge(JudgeJob(problem, Program(source)))) for problem, source in asked]
    served = Served(tmp_path)
    try:
        clients = Clients(served.port, asked)
        each = max(10, CLIENTS)
        for due in range(each, REQUESTS - each // 2, each):  # the next harm comes when so many were answered since
            while clients.answered() < due:
                threading.Event().wait(0.01)
            served.harm()
        clients.wait()
        served.end()
    finally:
        served.close()
    print(f"{REQUESTS} requests, {dict(clients.heard)}, hits {dict(served.hits)}")
    wrong = [
        (problem.id, source, said, calm)
        for (problem, source), said, calm in zip(asked, clients.answers, expected, strict=True)
        if [told_by(one) for one in said] != [calm]
    ]
    assert not wrong, wrong[:3]
    until = time.monotonic() + 30
    while (left := [pid for pid in served.seen if alive(pid)]) and time.monotonic() < until:
        pass
    assert not left, "processes live on"


def told(judgement: Any) -> tuple[object, ...]:
    """What is the same whenever a program is judged."""
    results = [(each.role, each.index, each.verdict.value, each.stdout, each.stderr) for each in judgement.results]
    return judgement.verdict.value, judgement.category, judgement.passed, judgement.total, results


def told_by(answer: dict[str, Any]) -> tuple[object, ...]:
    """The same from an answer."""
    results = [
        tuple(each[name] for name in ("role", "index", "verdict", "stdout", "stderr")) for each in answer["results"]
    ]
    return answer["verdict"], answer["category"], answer["passed"], answer["total"], results
