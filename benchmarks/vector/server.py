"""Rows about the server: what HTTP costs, and whether every client hears something in time where there are too many."""

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
from rlef_env.problems import problem_to_row

__all__ = ["server"]

WORKERS = 2
JSON = {"Content-Type": "application/json"}
LIMIT_SECONDS = 1  # of compiling, and of running
CLIENT_SECONDS = 2 * LIMIT_SECONDS + 10.0  # verl waits for so long
SPINS = "import time\nwhile time.process_time() < 0.5:\n    pass\nprint(1)"


def server(settings: Settings) -> list[Figure]:
    """Judgements over HTTP against the local pool; and more clients than two workers can answer, as verl asks."""
    words = f"/judge over {settings.tail_envs} connections against the local pool, A+B, {WORKERS} workers"
    if importlib.util.find_spec("uvicorn") is None:
        return [missing("server", words, "skipped: no uvicorn here (pip install 'rlef-env[serve]')")]
    with JudgePool(WORKERS) as local, served() as port:
        judged(port, 4, 4)
        accepted_per_second(local, 4)
        count = settings.envs // 2
        rates = [(judged(port, settings.tail_envs, count), accepted_per_second(local, count)) for _ in rounds(settings)]
        heard, longest = overload(port, settings.envs)
    note = f"{rates[-1][0]:.0f} against {rates[-1][1]:.0f} judgements a second"
    clients = f"{settings.envs} clients at once, 0.5 s of CPU each, limits of {LIMIT_SECONDS} s: "
    answers = ", ".join(f"{count} x {what}" for what, count in sorted(heard.items()))
    lost = settings.envs - heard["200"] - heard["504"]
    return [
        measured("server", words, [over / direct for over, direct in rates], "x", note=note),
        measured("server", clients + "longest wait", [longest], "s", Goal(CLIENT_SECONDS, "s"), answers),
        measured("server", clients + "without an answer or a 504", [lost], "", Goal(0, "")),
    ]


@contextmanager
def served() -> Iterator[int]:
    """The port of an ``rlef serve``."""
    command = [str(Path(sys.executable).parent / "rlef"), "serve", "--port", "0", "--workers", str(WORKERS)]
    command += ["--warm", "python"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "RLEF_TOKEN": ""})
    assert process.stderr is not None
    try:
        line = ""
        while "ready" not in line:
            line = process.stderr.readline()
            assert line, "it ended before it was ready"
        yield int(line.rpartition(":")[2])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def judged(port: int, connections: int, count: int) -> float:
    """The same over HTTP."""
    row, sources = problem_to_row(a_plus_b_problem()), itertools.cycle(trivial_programs())
    bodies = [json.dumps({"problem": row, "program": next(sources)}) for _ in range(count)]
    said: list[str] = []

    def client(first: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port)
        said.extend(ask(line, "/judge", body)[1].get("verdict", "") for body in bodies[first::connections])
        line.close()

    began = time.monotonic()
    together([threading.Thread(target=client, args=(first,)) for first in range(connections)])
    if said != ["accepted"] * count:
        raise RuntimeError("A+B was not accepted")
    return count / (time.monotonic() - began)


def overload(port: int, clients: int) -> tuple[Counter[str], float]:
    """What so many clients hear that ask at the same time, and how long the last one waits for it."""
    asked = {"code": SPINS, "language": "python", "run_timeout": LIMIT_SECONDS, "compile_timeout": LIMIT_SECONDS}
    heard: Counter[str] = Counter()
    waited: list[float] = []

    def client() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=2 * CLIENT_SECONDS)
        began = time.monotonic()
        try:
            status, said = ask(line, "/run_code", json.dumps(asked))
            wrong = status == 200 and said["run_result"]["stdout"] != "1\n"
            heard["a wrong answer" if wrong else str(status)] += 1
        except (OSError, http.client.HTTPException) as error:
            heard[type(error).__name__] += 1
        waited.append(time.monotonic() - began)
        line.close()

    together([threading.Thread(target=client) for _ in range(clients)])
    return heard, max(waited)


def ask(line: http.client.HTTPConnection, path: str, body: str) -> tuple[int, Any]:
    """Status and content of an answer."""
    line.request("POST", path, body, JSON)
    response = line.getresponse()
    return response.status, json.loads(response.read())


def together(threads: list[threading.Thread]) -> None:
    """Run them all to their end."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
