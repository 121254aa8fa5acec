"""The pool behind ``rlef serve``: the interface of pools, and what it makes of servers that are away, busy or wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import gymnasium
import pytest
import requests

import rlef_env
from rlef_env import CodeEnv, Episodes, HttpJudgePool, Program, Verdict, score, score_async
from rlef_env.errors import UsageError
from rlef_env.judge import JudgeJob, Judgement
from rlef_env.judge.judgement_rows import judgement_from_row, judgement_to_row
from rlef_env.judge.pool.conformance import BUSY, ECHO, LONG, RIGHT, check_judge_pool
from rlef_env.problems import Dataset
from rlef_env.server import JudgeServer, ServerSettings
from rlef_env.testing import ScriptedJudge
from tests import asynchronous
from tests.integrations.cases import CASES, PROBLEMS, Case, fenced
from tests.ports import lasting_port
from tests.server.serving import until

FACTS = {"version": rlef_env.__version__, "workers": 1, "isolation": "locked", "numpy": False}
RIGHT_ROW = judgement_to_row(ScriptedJudge().judge(ECHO, RIGHT))
WRONG_ROW = judgement_to_row(ScriptedJudge([Verdict.WRONG_ANSWER]).judge(ECHO, RIGHT))


@pytest.fixture(scope="module")
def real() -> Iterator[JudgeServer]:
    with JudgeServer(ServerSettings(port=0, workers=3, warm=())) as server:
        yield server


@contextmanager
def scripted(
    *answers: Any, facts: Any = FACTS, keeps_connections: bool = False
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve answers: a status and a body, bytes, or None to close the connection. The last one is repeated."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if keeps_connections else "HTTP/1.0"

        def do_GET(self) -> None:
            self.answer(200, facts)

        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer = answers[min(len(asked), len(answers)) - 1]
            if answer is not None:
                self.answer(*answer)

        def answer(self, status: int, content: Any) -> None:
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True  # those of connections that the client keeps

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def judged(*answers: Any, seconds: float = 100.0) -> tuple[Judgement, int]:
    """Return the judgement of a pool whose server gives these answers, and the number of requests."""
    with scripted(*answers) as (url, asked), HttpJudgePool(url, seconds=seconds) as pool:
        return pool.judge(ECHO, RIGHT), len(asked)


# --- a real server ---------------------------------------------------------------------------------------------------


def test_it_is_a_pool(real: JudgeServer) -> None:
    check_judge_pool(lambda workers, _: HttpJudgePool(real.url, workers=workers), supports_checkers=False, examples=2)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_environments_and_scores_accept_it(real: JudgeServer, case: Case) -> None:
    dataset = Dataset("cases", "Cases", PROBLEMS)
    with HttpJudgePool(real.url) as pool:
        assert score(case.problem_id, fenced(case.program), dataset=dataset, judge=pool).reward == case.reward
        scored = asynchronous.run(score_async(case.problem_id, fenced(case.program), dataset=dataset, pool=pool))
        assert (scored.judgement.verdict, scored.reward) == (case.verdict, case.reward)
        play = Episodes(dataset, pool=pool, max_turns=1).begin(case.problem_id)
        assert play.respond(fenced(case.program)).reward == case.reward
        env = CodeEnv(dataset, judge=pool, max_turns=1)
        env.reset(options={"problem_id": case.problem_id})
        assert env.step(fenced(case.program))[1] == case.reward
        env.close()


def test_many_environments_share_it(real: JudgeServer) -> None:
    with HttpJudgePool(real.url) as pool:
        envs = gymnasium.make_vec("RLEF-Starter-v0", num_envs=3, pool=pool, max_turns=1)
        envs.reset(seed=0)
        _, rewards, terminated, _, _ = envs.step([fenced("print(1)")] * 3)
        envs.close()
        assert terminated.all()
        assert len(rewards) == 3


def test_a_cancelled_judgement_ends_at_the_server(real: JudgeServer) -> None:
    """Its connection is closed: the server counts a client that vanished, and judges no further test."""
    with HttpJudgePool(real.url, workers=1) as pool:
        future = pool.submit(JudgeJob(LONG, BUSY))
        until(lambda: real.num_pending, "the judgement never reached the server")
        assert not future.cancel(), "the future itself says that it runs"
        pool.cancel(future)
        assert future.result(timeout=0).category == "stopped"
        until(lambda: not real.num_pending, "the server goes on")
        assert pool.judge(ECHO, RIGHT).verdict is Verdict.ACCEPTED


def test_what_the_server_refuses_is_an_error(real: JudgeServer) -> None:
    near = replace(ECHO, checker=rlef_env.CheckerSpec("near"))
    with HttpJudgePool(real.url) as pool:
        with pytest.raises(UsageError, match="checker"):
            pool.judge(near, RIGHT)
        with pytest.raises(UsageError, match="surrogates"):
            pool.judge(ECHO, Program("print('\ud800')"))


def test_the_token_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with JudgeServer(ServerSettings(port=0, workers=1, warm=(), token="s3/cret")) as server:
        port = server.url.rpartition(":")[2]
        for pool in (HttpJudgePool(server.url, "s3/cret"), HttpJudgePool(f"http://any:s3%2Fcret@127.0.0.1:{port}/")):
            assert pool.judge(ECHO, RIGHT).verdict is Verdict.ACCEPTED
            assert "cret" not in pool.url
        with pytest.raises(UsageError, match="token"):
            HttpJudgePool(server.url, "wrong").judge(ECHO, RIGHT)
        monkeypatch.setenv("RLEF_TOKEN", "s3/cret")
        assert HttpJudgePool(server.url).judge(ECHO, RIGHT).verdict is Verdict.ACCEPTED


def test_a_server_that_comes_back_is_used_again() -> None:
    """The kept connections of a pool are those of the server that is gone."""
    settings = ServerSettings(port=lasting_port(), workers=1, warm=())
    with JudgeServer(settings) as server:
        pool = HttpJudgePool(server.url)
        assert pool.judge(ECHO, RIGHT).verdict is Verdict.ACCEPTED
    future = pool.submit(JudgeJob(ECHO, RIGHT))
    with JudgeServer(settings):
        assert future.result(250).verdict is Verdict.ACCEPTED


def test_metrics_say_what_an_operator_needs(real: JudgeServer) -> None:
    def value(name: str) -> float:
        text = requests.get(f"{real.url}/metrics", timeout=250).text
        return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).rpartition(" ")[2])

    with HttpJudgePool(real.url, workers=20) as pool:
        assert value("rlef_workers") == 3
        futures = [pool.submit(JudgeJob(LONG, BUSY)) for _ in range(20)]
        until(lambda: value("rlef_programs_queued") > 0 and value("rlef_programs_running") > 0, "nothing is counted")
        for future in futures:
            pool.cancel(future)
        until(lambda: value("rlef_programs_queued") == value("rlef_programs_running") == 0, "they are still counted")
        pool.judge(ECHO, RIGHT)
    assert value('rlef_verdicts_total{verdict="accepted"}') >= 1
    assert value('rlef_request_seconds_count{route="/judge"}') >= 1


# --- servers that are away, busy or wrong ----------------------------------------------------------------------------


def test_a_busy_server_is_asked_again() -> None:
    busy = [(503, {"detail": "busy"}), (429, b""), (504, b"<html>"), (502, b"")]
    judgement, requests_ = judged(*busy, (200, RIGHT_ROW))
    assert (judgement.verdict, requests_) == (Verdict.ACCEPTED, 5)


def test_a_kept_connection_asks_once_for_each_judgement() -> None:
    with scripted((200, RIGHT_ROW), keeps_connections=True) as (url, asked), HttpJudgePool(url) as pool:
        for number in range(1, 5):
            pool.judge(ECHO, RIGHT)
            assert len(asked) == number


def test_a_server_that_stays_busy_gives_no_verdict() -> None:
    judgement, _ = judged((503, {"detail": "1024 requests are pending"}), seconds=0.5)
    assert judgement.verdict is Verdict.NO_VERDICT
    assert "1024 requests are pending" in str(judgement.category)
    assert judgement.total == 3


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in RIGHT_ROW.items() if name != key}


def with_results(*places: tuple[str, int, str]) -> dict[str, Any]:
    result = RIGHT_ROW["results"][0]
    results = [{**result, "role": role, "index": index, "verdict": verdict} for role, index, verdict in places]
    return {**RIGHT_ROW, "results": results, "total": len(results)}


LIES: list[Any] = [
    (200, b""),
    (200, b"{"),
    (200, b"<html>welcome</html>"),
    (200, []),
    (200, {}),
    (200, {"detail": "all is well"}),
    (200, {"verdict": "wrong_answer"}),
    (200, without("total")),
    (200, without("results")),
    (200, {**RIGHT_ROW, "verdict": "splendid"}),
    (200, {**RIGHT_ROW, "verdict": "wrong_answer"}),
    (200, {**WRONG_ROW, "verdict": "accepted"}),
    (200, {**WRONG_ROW, "verdict": "time_limit"}),
    (200, {**RIGHT_ROW, "results": []}),
    (200, {**RIGHT_ROW, "results": RIGHT_ROW["results"][:2]}),
    (200, {**RIGHT_ROW, "total": 0}),
    (200, {**RIGHT_ROW, "isolation": "none"}),
    (200, {**RIGHT_ROW, "results": RIGHT_ROW["results"] * 2, "total": 6}),
    (200, with_results(("public", 1, "accepted"), ("public", 0, "accepted"), ("public", 2, "accepted"))),
    (200, with_results(("private", 0, "wrong_answer"))),
    (500, {"detail": "internal error"}),
    (302, b""),
    None,
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: str(lie)[:60])
def test_an_answer_that_is_no_judgement_is_no_verdict(lie: Any) -> None:
    """It is asked for again; what a right server says then counts."""
    judgement, requests_ = judged(lie)
    assert (judgement.verdict, judgement.results, requests_) == (Verdict.NO_VERDICT, (), 3)
    judgement, _ = judged(lie, (200, WRONG_ROW))
    assert judgement.verdict is Verdict.WRONG_ANSWER


def test_a_lost_verdict_of_the_server_stays_one() -> None:
    """The judge has made its own attempts: the client makes no further ones."""
    lost = ScriptedJudge([Verdict.NO_VERDICT]).judge(ECHO, RIGHT)
    judgement, requests_ = judged((200, judgement_to_row(lost)))
    assert (judgement.verdict, requests_) == (Verdict.NO_VERDICT, 1)


def test_no_server_gives_an_error_then_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlef_env.judge.pool.http.client.CONNECT_SECONDS", 0.3)
    with pytest.raises(UsageError, match="rlef serve"):
        HttpJudgePool(f"http://127.0.0.1:{lasting_port()}")
    with scripted((200, RIGHT_ROW)) as (url, _):
        pool = HttpJudgePool(url, seconds=0.5)
    for _ in range(3):
        judgement = pool.judge(ECHO, RIGHT)
        assert judgement.verdict is Verdict.NO_VERDICT
        assert "refused" in str(judgement.category)


@pytest.mark.parametrize(
    "facts", [b"<html>", {"ready": True}, {**FACTS, "version": "0.0.1"}, {**FACTS, "workers": "x"}]
)
def test_a_server_of_another_kind_or_version_is_refused(facts: Any) -> None:
    with scripted((200, RIGHT_ROW), facts=facts) as (url, _), pytest.raises(UsageError, match="expected rlef"):
        HttpJudgePool(url)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "ftp://x", "http://", "http://x:y", None])
def test_an_address_that_is_none_is_refused(url: Any) -> None:
    with pytest.raises(UsageError, match="url: expected"):
        HttpJudgePool(url)


@pytest.mark.parametrize("change", [{"workers": 0}, {"seconds": 0}])
def test_arguments_are_checked(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="above 0"):
        HttpJudgePool("http://127.0.0.1:1", **change)


def test_what_is_sent(real: JudgeServer) -> None:
    """All that decides the verdict, and neither statement nor solutions."""
    job = JudgeJob(replace(ECHO, statement="A SECRET"), Program("x", "cpp"), ("public",), False, 2, 1, 1)
    with scripted((500, b"")) as (url, asked), HttpJudgePool(url) as pool:
        pool.submit(job, priority=7).result()
    sent = asked[0]
    assert sent.pop("problem")["description"] == ""
    assert 0 < sent.pop("timeout") <= 600
    assert sent == {
        "program": "x", "language": "cpp", "roles": ["public"], "stop_early": False, "limit": 2, "first": 1, "gate": 1,
        "priority": 7, "layout": "code_contests",
    }  # fmt: skip


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_judgement_is_read_back_equal(verdict: Verdict) -> None:
    measure: Callable[[], tuple[float, int]] = lambda: (0.25, 10)  # noqa: E731
    judgement = ScriptedJudge([verdict], measures=measure).judge(ECHO, RIGHT)
    read = judgement_from_row(json.loads(json.dumps(judgement_to_row(judgement))))
    assert (read, read.measured()) == (judgement, judgement.measured())
