"""The server under load, with disconnecting clients, and while it shuts down: each request is answered once."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from rlef_env.problems.writing import problem_to_row
from rlef_env.server import JudgeServer
from tests.server.serving import ECHO, JSON, SETTINGS, port_of, post, run_code, until
from tests.stopping import STOP, resume, stopped, wait_until

SLEEPER = "import time\ntime.sleep(900)"


def test_a_full_server_refuses_and_disconnected_clients_make_room() -> None:
    """One program runs and two are queued when their clients disconnect."""
    with JudgeServer(replace(SETTINGS, max_pending=3, workers=1)) as server:
        lines = [http.client.HTTPConnection("127.0.0.1", port_of(server)) for _ in range(3)]
        for line in lines:
            content = {"code": SLEEPER, "language": "python", "run_timeout": 100}
            line.request("POST", "/run_code", json.dumps(content), JSON)
        until(lambda: server.num_pending == 3, "the requests did not arrive")
        full = post(server, "/run_code", {"code": "print(1)", "language": "python"})
        assert (full.status_code, full.headers["Retry-After"]) == (504, "1")  # verl retries after 504 only
        full = post(server, "/judge", {"dataset": "tiny", "id": "echo", "program": "print(input())"})
        assert (full.status_code, full.headers["Retry-After"]) == (503, "1")
        for line in lines:
            line.close()
        until(lambda: server.num_pending == 0, "the requests of disconnected clients are still pending")
        assert run_code(server, code="print(1)")["run_result"]["stdout"] == "1\n"
        text = requests.get(f"{server.url}/metrics", timeout=250).text
        assert "rlef_clients_vanished_total 3.0" in text


def test_judgements_of_disconnected_clients_make_room() -> None:
    """One judgement would take minutes, test by test; three more are queued behind it."""
    minutes = replace(ECHO, id="minutes", private_tests=ECHO.private_tests * 2500, time_limit=60.0)
    content = {"problem": problem_to_row(minutes), "program": "sum(range(3 * 10**6))\nprint(input())"}
    with JudgeServer(replace(SETTINGS, workers=1)) as server:
        lines = [http.client.HTTPConnection("127.0.0.1", port_of(server)) for _ in range(4)]
        for line in lines:
            line.request("POST", "/judge", json.dumps(content), JSON)
        until(lambda: server.num_pending == 4, "the requests did not arrive")
        for line in lines:
            line.close()
        quick = {"dataset": "tiny", "id": "echo", "program": "print(input())", "timeout": 250}
        answer = post(server, "/judge", quick)
        assert answer.status_code == 200, answer.text
        assert answer.json()["verdict"] == "accepted"


def test_a_judgement_that_exceeds_its_timeout_gets_504(server: JudgeServer) -> None:
    sleeper = replace(ECHO, id="sleeper", time_limit=900.0)
    content = {"problem": problem_to_row(sleeper), "program": SLEEPER, "timeout": 0.2}
    answer = post(server, "/judge", content)
    assert (answer.status_code, answer.headers["Retry-After"]) == (504, "1")


REQUESTS, CONNECTIONS = 300, 16


def test_under_load_each_request_gets_one_correct_answer(server: JudgeServer) -> None:
    """Sixteen connections send requests, and every tenth request is dropped by its client."""
    answers: dict[int, list[Any]] = {number: [] for number in range(REQUESTS)}
    dropped: list[int] = []
    faults: list[Exception] = []

    def client(numbers: range) -> None:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port_of(server), 300)) as line:
                for number in numbers:
                    path, content = ask(number)
                    line.request("POST", path, json.dumps(content), JSON)
                    if number % 10 == 9:
                        dropped.append(number)
                        line.close()  # the next request reopens it
                        continue
                    response = line.getresponse()
                    answers[number].append((response.status, json.loads(response.read())))
        except Exception as error:  # noqa: BLE001 - the test fails for any error
            faults.append(error)

    threads = [threading.Thread(target=client, args=(range(k, REQUESTS, CONNECTIONS),)) for k in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(dropped) == REQUESTS // 10
    for number, received in answers.items():
        if number in dropped:
            continue
        ((status, content),) = received
        assert status == 200, content
        if number % 2:
            assert content["run_result"]["stdout"] == f"{number}\n"
        else:
            assert content["verdict"] == ("accepted" if number % 4 else "wrong_answer")
    until(lambda: server.num_pending == 0, "some requests are still pending")


def ask(number: int) -> tuple[str, dict[str, Any]]:
    if number % 2:
        return "/run_code", {"code": "print(input())", "stdin": str(number), "language": "python", "run_timeout": 200}
    source = f"print(input() if {number} % 4 else 'no')"
    return "/judge", {"dataset": "tiny", "id": "echo", "program": source}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_after_it_has_answered_pending_requests(
    tmp_path: Path, number: signal.Signals
) -> None:
    """The signal goes to all processes of the server, as Ctrl-C in a terminal does."""
    command = [str(Path(sys.executable).parent / "rlef"), "serve", "--port", "0", "--workers", "1"]
    command += ["--warm", "python"]
    environment = {**os.environ, "RLEF_TOKEN": ""}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path, start_new_session=True
    ) as process:
        assert process.stderr is not None
        line = ""
        while "ready" not in line:
            line = process.stderr.readline()
        url = line.split()[-1]
        port = int(url.rpartition(":")[2])
        slow, other = (http.client.HTTPConnection("127.0.0.1", port, 250) for _ in range(2))
        other.request("GET", "/v1/ping")
        assert other.getresponse().read() == b'"pong"'
        code = f"{STOP}print('done')"
        slow.request("POST", "/run_code", json.dumps({"code": code, "language": "python", "run_timeout": 250}), JSON)
        wait_until(lambda: stopped([process.pid]))
        assert "rlef_requests_under_way 1.0" in requests.get(f"{url}/metrics", timeout=250).text
        os.killpg(process.pid, number)
        assert "pending requests: 1" in process.stderr.readline()
        other.request("POST", "/run_code", json.dumps({"code": "print(1)", "language": "python"}), JSON)
        refused = other.getresponse()
        assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
        with ThreadPoolExecutor(1) as client:
            answered = client.submit(slow.getresponse)

            def is_answered() -> bool:
                resume(stopped([process.pid]))  # it runs a second time if the signal ended its sandbox
                return answered.done()

            wait_until(is_answered)
        assert json.loads(answered.result().read())["run_result"]["stdout"] == "done\n"
        assert process.wait(250) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "RLEF_TOKEN"),
        (["--dataset", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--port", "70000"], "65535"),
        (["--host", "192.0.2.1", "--token", "x"], "rlef: "),
    ],
)
def test_the_command_reports_bad_arguments_in_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    command = [str(Path(sys.executable).parent / "rlef"), "serve", *arguments]
    process = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=250)
    assert process.returncode in (2, 74)
    assert words in process.stderr
    assert len(process.stderr.splitlines()) == 1


def test_a_taken_port_raises(server: JudgeServer) -> None:
    with pytest.raises(OSError, match="in use"), JudgeServer(replace(SETTINGS, port=port_of(server))):
        pass


def test_other_commands_import_no_server() -> None:
    heavy = ("starlette", "uvicorn", "prometheus_client", "ray")
    program = f"import sys, rlef_env.cli.command; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"
