"""Rows about the server: the cost of HTTP, and the waiting times of too many clients."""

from __future__ import annotations

import http.client
import importlib.util
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Goal, measured, missing
from benchmarks.sandbox.workload import a_plus_b_problem, trivial_programs
from benchmarks.vector.settings import Settings, rounds
from benchmarks.vector.workload import accepted_per_second
from rlef_env.judge import JudgePool
from rlef_env.problems.writing import problem_to_row

__all__ = ["server"]

WORKERS = 2
JSON = {"Content-Type": "application/json"}
LIMIT_SECONDS = 1  # of compiling, and of running
CLIENT_SECONDS = 2 * LIMIT_SECONDS + 10.0  # as long as verl waits
SPINS = "import time\nwhile time.process_time() < 0.5:\n    pass\nprint(1)"


def server(settings: Settings) -> list[Figure]:
    """Compare judgements over HTTP and the local pool; overload two workers with clients that ask as verl does."""
    row = f"/judge over {settings.tail_envs} connections against the local pool, A+B, {WORKERS} workers"
    if importlib.util.find_spec("uvicorn") is None:
        return [missing("server", row, "skipped: no uvicorn here (pip install 'rlef-env[serve]')")]
    with JudgePool(WORKERS) as local, served() as port:
        judged(port, 4, 4)
        accepted_per_second(local, 4)
        count = settings.envs // 2
        rates = [(judged(port, settings.tail_envs, count), accepted_per_second(local, count)) for _ in rounds(settings)]
        answers, longest = overload(port, settings.envs)
    note = f"{rates[-1][0]:.0f} against {rates[-1][1]:.0f} judgements a second"
    clients = f"{settings.envs} clients at once, 0.5 s of CPU each, limits of {LIMIT_SECONDS} s: "
    counts = ", ".join(f"{count} x {what}" for what, count in sorted(answers.items()))
    lost = settings.envs - answers["200"] - answers["504"]
    return [
        measured("server", row, [over / direct for over, direct in rates], "x", note=note),
        measured("server", clients + "longest wait", [longest], "s", Goal(CLIENT_SECONDS, "s"), counts),
        measured("server", clients + "without an answer or a 504", [lost], "", Goal(0, "")),
    ]


@contextmanager
def served() -> Iterator[int]:
    """Run ``rlef serve`` and yield its port."""
    command = [str(Path(sys.executable).parent / "rlef"), "serve", "--port", "0", "--workers", str(WORKERS)]
    command += ["--warm", "python"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "RLEF_TOKEN": ""})
    assert process.stderr is not None
    try:
        line = ""
        while "ready" not in line:
            line = process.stderr.readline()
            assert line, "the server ended before it was ready"
        yield int(line.rpartition(":")[2])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def judged(port: int, connections: int, count: int) -> float:
    """Return the number of right programs for A+B that the server judges in a second."""
    row, sources = problem_to_row(a_plus_b_problem()), itertools.cycle(trivial_programs())
    bodies = [json.dumps({"problem": row, "program": next(sources)}) for _ in range(count)]
    verdicts: list[str] = []

    def client(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        verdicts.extend(ask(connection, "/judge", body)[1].get("verdict", "") for body in bodies[first::connections])
        connection.close()

    start = time.monotonic()
    together([threading.Thread(target=client, args=(first,)) for first in range(connections)])
    if verdicts != ["accepted"] * count:
        raise RuntimeError("A+B was not accepted")
    return count / (time.monotonic() - start)


def overload(port: int, clients: int) -> tuple[Counter[str], float]:
    """Have clients ask at the same time; return the counts of their answers and the longest waiting time."""
    asked = {"code": SPINS, "language": "python", "run_timeout": LIMIT_SECONDS, "compile_timeout": LIMIT_SECONDS}
    answers: Counter[str] = Counter()
    waited: list[float] = []

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2 * CLIENT_SECONDS)
        start = time.monotonic()
        try:
            status, answer = ask(connection, "/run_code", json.dumps(asked))
            wrong = status == 200 and answer["run_result"]["stdout"] != "1\n"
            answers["a wrong answer" if wrong else str(status)] += 1
        except (OSError, http.client.HTTPException) as error:
            answers[type(error).__name__] += 1
        waited.append(time.monotonic() - start)
        connection.close()

    together([threading.Thread(target=client) for _ in range(clients)])
    return answers, max(waited)


def ask(connection: http.client.HTTPConnection, path: str, body: str) -> tuple[int, Any]:
    """Return status and content of an answer."""
    connection.request("POST", path, body, JSON)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def together(threads: list[threading.Thread]) -> None:
    """Run all threads to their end."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
