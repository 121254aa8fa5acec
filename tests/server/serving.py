"""Settings of a test server, and helpers that send requests."""

from __future__ import annotations

import json
import threading
from typing import Any

import requests

from rlef_env.problems import Dataset, Problem, Test, load_dataset
from rlef_env.server import JudgeServer, ServerSettings

JSON = {"Content-Type": "application/json", "Accept": "application/json"}
STARTER = load_dataset("starter")
ECHO = Problem("echo", "Say it again.", (Test("1\n", "1\n"),), (Test("2\n", "2\n"), Test("3\n", "3\n")))
TINY = Dataset("tiny", "Tiny", (ECHO, Problem("untested", "", ())))


class Broken(Dataset):
    def get(self, problem_id: str) -> Problem:
        raise RuntimeError("the disk is on fire")


SETTINGS = ServerSettings(
    port=0,
    workers=2,
    datasets={"starter": STARTER, "tiny": TINY, "broken": Broken("broken", "Broken", (ECHO,))},
    max_bytes=2_000_000,
    warm=(),
)


def post(server: JudgeServer, path: str, content: Any, **headers: str) -> requests.Response:
    return requests.post(server.url + path, json.dumps(content), headers={**JSON, **headers}, timeout=250)


def run_code(server: JudgeServer, **content: Any) -> dict[str, Any]:
    patient = {"language": "python", "compile_timeout": 100, "run_timeout": 100}  # the server waits as long
    answer = post(server, "/run_code", {**patient, **content})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def until(condition: Any, what: str) -> None:
    for _ in range(10_000):
        if condition():
            return
        threading.Event().wait(0.02)
    raise AssertionError(what)


def port_of(server: JudgeServer) -> int:
    return int(server.url.rpartition(":")[2])
