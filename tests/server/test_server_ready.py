"""A server is ready when every worker has run something; then the first requests start no process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import requests

import rlef_env
from rlef_env.errors import UsageError
from rlef_env.judge import Judgement, Verdict
from rlef_env.judge.pool.receiver import Receiver
from rlef_env.judge.pool.workers.worker_handle import WorkerHandle
from rlef_env.problems import CheckerSpec
from rlef_env.problems.writing import problem_to_row
from rlef_env.sandbox import Execution, Status, installed_languages
from rlef_env.sandbox.machine.health import MachineHealth
from rlef_env.server import JudgeServer
from rlef_env.server.runs import RunPool, RunRequest, RunResult
from rlef_env.server.warm_up import ROUNDS, WarmUp
from tests.judge.pool.worker_conformance import tree, without_launchers
from tests.server.serving import ECHO, SETTINGS, post, run_code, until
from tests.stopping import wait_until

WARM = tuple(name for name in ("c",) if name in installed_languages())
C = '#include <stdio.h>\nint main() { int n; scanf("%d", &n); printf("%d", n); }'
CHECKED = replace(ECHO, id="checked", checker=CheckerSpec("python", source="def check(a, b, c):\n    return True\n"))


def children() -> set[int]:
    """Return all processes below this one: workers and sandboxes, without programs."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found.update(*(tree(int(child)) for child in (task / "children").read_text().split()))
    return without_launchers(found)


def ready(server: JudgeServer) -> requests.Response:
    return requests.get(f"{server.url}/v1/ready", timeout=250)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Until this event is set, pools receive no answer of a worker and run no program."""
    released, receive, attempt = threading.Event(), Receiver.receive, RunPool._attempt

    def receive_later(self: Receiver, worker: WorkerHandle) -> None:
        released.wait()
        receive(self, worker)

    def attempt_later(self: RunPool, run: RunRequest, future: Future[RunResult]) -> RunResult:
        released.wait()
        return attempt(self, run, future)

    monkeypatch.setattr(Receiver, "receive", receive_later)
    monkeypatch.setattr(RunPool, "_attempt", attempt_later)
    yield released
    released.set()


def test_first_requests_start_no_process_once_the_server_is_ready(held: threading.Event) -> None:
    with JudgeServer(replace(SETTINGS, warm=WARM), wait=False) as server:
        with ExitStack() as stack:
            stack.callback(held.set)  # also if an assertion fails, or the server could not end
            answer = ready(server)
            assert (answer.status_code, answer.json()["ready"]) == (503, False)
            # Two workers judge and two run; only those that judge use checkers.
            assert answer.json()["starting"] == {"python": 4, "checker": 2, **dict.fromkeys(WARM, 4)}
            assert not server.ready.is_set()
            ping = requests.get(f"{server.url}/v1/ping", timeout=250)
            assert (ping.status_code, ping.json()) == (503, "starting")
            for path, status in (("/judge", 503), ("/submit", 504), ("/run_code", 504)):
                refused = post(server, path, {})
                assert (refused.status_code, refused.headers["Retry-After"]) == (status, "1")
                assert "GET /v1/ready" in refused.json()["detail"]
            assert requests.get(f"{server.url}/list_datasets", timeout=250).status_code == 200
            assert "rlef_ready 0.0" in requests.get(f"{server.url}/metrics", timeout=250).text
        assert server.ready.wait(250)
        answer = ready(server)
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "ready": True, "draining": False, "starting": {}, "not_started": {},
                "version": rlef_env.__version__, "workers": 2, "isolation": "locked", "numpy": False,
            },
        )  # fmt: skip
        assert (server.starting, server.not_started) == ({}, {})
        before = children()
        sent: list[tuple[str, dict[str, Any]]] = []
        for language, program in (("python", "print(input())"), ("c", C)) if WARM else (("python", "print(input())"),):
            sent += [("/judge", {"dataset": "tiny", "id": "echo", "program": program, "language": language})] * 6
            sent += [("/judge", {"problem": problem_to_row(CHECKED), "program": program, "language": language})] * 6
            sent += [("/run_code", {"code": program, "language": language, "stdin": "5"})] * 6
        with ThreadPoolExecutor(6) as clients:
            answers = list(clients.map(lambda one: post(server, *one), sent))
        assert [answer.status_code for answer in answers] == [200] * len(sent)
        results = {answer.json().get("verdict") or answer.json()["status"] for answer in answers}
        assert results == {"accepted", "Success"}
        until(lambda: not children() - before, "the first requests started a process")


def test_a_server_without_warm_up_starts_a_process_for_its_first_request() -> None:
    """Shows that the test above can fail: this server does not start C before it is ready."""
    if not WARM:
        pytest.skip("needs gcc")
    with JudgeServer(replace(SETTINGS, workers=1)) as server:
        before = children()
        assert run_code(server, code=C, stdin="5", language="c")["run_result"]["stdout"] == "5"
        assert children() - before


def test_the_machine_is_measured_and_in_the_metrics(server: JudgeServer) -> None:
    assert 20 <= server.machine.runs <= 50
    text = requests.get(f"{server.url}/metrics", timeout=250).text
    for line in (
        f"rlef_machine_trusted_seconds {server.machine.trusted_seconds}",
        f"rlef_machine_starved {float(server.machine.starved)}",
        "rlef_ready 1.0",
        "rlef_starved_total 0.0",
    ):
        assert line in text
    assert {field.name for field in fields(MachineHealth)} >= {"cpu_p99", "wall_p99", "stolen"}


def test_an_unknown_language_to_warm_up_raises() -> None:
    with (
        pytest.raises(UsageError, match="languages: expected some of"),
        JudgeServer(replace(SETTINGS, warm=("cobol",))),
    ):
        pass


# --- retries of the warm-up ------------------------------------------------------------------------------------------


class Pool:
    """A pool whose ``warm`` returns at once: language -> judgements or runs, one per round."""

    def __init__(self, **rounds: list[Any]) -> None:
        self.rounds, self.calls = rounds, []  # type: ignore[var-annotated]

    def warm(self, languages: Any) -> dict[str, list[Future[Any]]]:
        self.calls.append(languages)
        found: dict[str, list[Future[Any]]] = {}
        for name in ("python", *self.rounds) if languages is None else ("python", *languages):
            rounds = self.rounds.get(name, [ACCEPTED])
            future: Future[Any] = Future()
            future.set_result(rounds[min(len(self.calls), len(rounds)) - 1])
            found[name] = [future]
        return found


ACCEPTED, STARVED = Judgement(Verdict.ACCEPTED), Judgement(Verdict.NO_VERDICT, category="starved")
RAN = RunResult(Execution(Status.EXITED, 0, stdout=b"1\n"), True, 0.0)
BROKEN = RunResult(Execution(Status.COMPILE_ERROR, 1, stderr=b"no such header"), False, 0.0)


def warmed_up(judges: Pool, runs: Pool, monkeypatch: pytest.MonkeyPatch) -> WarmUp:
    monkeypatch.setattr("rlef_env.server.warm_up.PAUSE_SECONDS", 0.001)
    return WarmUp(judges, runs, None)  # type: ignore[arg-type]


def test_python_is_retried_until_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    judges = Pool(python=[STARVED] * (ROUNDS + 2) + [ACCEPTED])
    warm_up = warmed_up(judges, Pool(python=[RAN]), monkeypatch)
    assert warm_up.ready.wait(250)
    assert len(judges.calls) == ROUNDS + 3
    assert warm_up.failed == {}


def test_another_language_is_left_out_after_some_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    judges, runs = Pool(cpp=[STARVED, ACCEPTED], rust=[ACCEPTED]), Pool(python=[RAN], cpp=[RAN], rust=[BROKEN])
    warm_up = warmed_up(judges, runs, monkeypatch)
    assert warm_up.ready.wait(250)
    assert judges.calls == [None, ["cpp", "rust"], ["rust"]], "only what failed is retried"
    assert warm_up.failed == {"rust": "compile_error no such header"}
    assert warm_up.waiting() == {}


def test_stop_while_python_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    warm_up = warmed_up(Pool(python=[STARVED]), Pool(python=[RAN]), monkeypatch)
    warm_up.stop()
    assert warm_up.finished.is_set()
    assert not warm_up.ready.is_set()


# --- the command ------------------------------------------------------------------------------------------------------


def serve(
    *arguments: str, command: Sequence[str] = (str(Path(sys.executable).parent / "rlef"),)
) -> subprocess.Popen[str]:
    command = [*command, "serve", "--port", "0", "--workers", "1", *arguments]
    environment = {**os.environ, "RLEF_TOKEN": ""}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True)


def test_the_command_reports_when_it_is_ready() -> None:
    with serve("--warm", "python") as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")  # what has started before it is written is not in it
        shown = [next(lines)]
        while "ready" not in shown[-1]:
            shown.append(next(lines))
        url = shown[-1].split()[-1]
        assert requests.get(f"{url}/v1/ready", timeout=250).json()["ready"] is True
        assert any(line.startswith("rlef: machine: ") for line in shown)
        (starting,) = (line for line in shown if line.startswith("rlef: starting at "))
        assert starting in {
            f"rlef: starting at {url}: {names}\n" for names in ("python, checker", "python", "checker", "")
        }
        process.send_signal(signal.SIGINT)
        assert process.wait(250) == 0


NEVER_READY = """
import sys
import rlef_command
import rlef_env.server.warm_up as module
module.first_failure = lambda _: "always"  # so it tries again for ever
sys.exit(rlef_command.main())
"""


def test_ctrl_c_ends_it_cleanly_before_it_is_ready() -> None:
    with serve(command=[sys.executable, "-c", NEVER_READY]) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("rlef: starting at"):
            pass
        wait_until(lambda: len(tree(process.pid)) > 2)
        started = tree(process.pid)[1:]
        os.killpg(process.pid, signal.SIGINT)  # to all of its processes, as in a terminal
        assert process.stderr.readline() == "rlef: stopped before it was ready\n"
        assert process.stderr.read() == ""
        assert process.wait(250) == 0
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started), "a process outlived the server")
