"""verl without the package: its reward function with a real server, and its SandboxFusion client's rules, restated."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from rlef_env import Dataset, Verdict
from rlef_env.errors import NoVerdictError, UsageError
from rlef_env.integrations import verl as adapter
from rlef_env.integrations.rows import training_rows
from rlef_env.judge import JudgePool
from rlef_env.server import JudgeServer, ServerSettings
from rlef_env.testing import ScriptedJudge
from tests.integrations.cases import CASES, PROBLEMS, Case, fenced
from tests.ports import lasting_port

DATASET = Dataset("cases", "Cases", PROBLEMS)
ROWS = {row["extra_info"]["problem_id"]: row for row in training_rows("verl", DATASET, "cases")}
SUM = CASES[0].program


@pytest.fixture(scope="module")
def server() -> Iterator[JudgeServer]:
    with JudgeServer(ServerSettings(port=0, workers=2, warm=(), datasets={"cases": DATASET})) as server:
        yield server


@pytest.fixture(autouse=True)
def url(server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLEF_JUDGE_URL", server.url)
    monkeypatch.setattr(adapter, "PAUSE_SECONDS", 0.0)


def scored(response: str, problem_id: str = "text", **arguments: Any) -> dict[str, Any]:
    row = ROWS[problem_id]
    extra = {**row["extra_info"], **arguments.pop("extra", {}), "num_turns": 2, "rollout_reward_scores": {}}
    truth = row["reward_model"]["ground_truth"]
    return adapter.compute_score(row["data_source"], response, truth, extra_info=extra, **arguments)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_reward_function_agrees_with_score(case: Case) -> None:
    found = scored(fenced(case.program), case.problem_id)
    assert (found["score"], found["verdict"]) == (case.reward, case.verdict.value)
    assert found["acc"] == float(case.reward > 0)


def test_other_rewards_and_responses_without_a_program() -> None:
    assert scored("I do not know.") == {"score": -1.0, "acc": 0.0, "verdict": "no_program"}
    assert scored(fenced("print(3)"), reward={"pass_fraction": 1.0})["score"] == pytest.approx(1 / 3)
    assert scored(fenced("print(3)"), reward={"public_fraction": 1.0})["score"] == 1.0


def test_the_last_program_of_the_tool_is_scored() -> None:
    assert scored("It is done.", extra={"rlef_program": SUM})["score"] == 1.0
    assert scored(fenced(SUM), extra={"rlef_program": "print(3)"})["score"] == -1.0


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_verdict_is_asked_for_again(monkeypatch: pytest.MonkeyPatch, lost: int) -> None:
    judge = ScriptedJudge([Verdict.NO_VERDICT] * lost + [Verdict.ACCEPTED])
    monkeypatch.setattr(JudgePool, "submit", lambda _, job, *__: judge.submit(job))
    assert scored(fenced(SUM))["score"] == 1.0


def test_a_verdict_that_stays_lost_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = ScriptedJudge([Verdict.NO_VERDICT])
    monkeypatch.setattr(JudgePool, "submit", lambda _, job, *__: judge.submit(job))
    with pytest.raises(NoVerdictError, match="must not be trained on"):
        scored(fenced(SUM))


def test_a_server_that_is_away_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoVerdictError, match="refused"):
        scored(fenced(SUM), url=f"http://127.0.0.1:{lasting_port()}", seconds=0.3)
    monkeypatch.delenv("RLEF_JUDGE_URL")
    with pytest.raises(UsageError, match="RLEF_JUDGE_URL"):
        scored(fenced(SUM))


@pytest.mark.parametrize("extra", [{"problem_id": None}, {"dataset": ""}, {"problem_id": "none"}, {"dataset": "none"}])
def test_a_row_of_no_problem_is_an_error(extra: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"expected problem_id|none"):
        scored(fenced(SUM), extra=extra)
    with pytest.raises(UsageError, match="problem_id"):
        adapter.compute_score("rlef", fenced(SUM), "text")


def test_classes_need_verl() -> None:
    if "verl" not in sys.modules:
        for name in ("AgentLoop", "SubmitTool"):
            with pytest.raises(UsageError, match="pip install verl"):
                getattr(adapter, name)


# --- verl's own scorer over SandboxFusion's protocol -----------------------------------------------------------------


def sandbox_score(url: str, response: str, tests: dict[str, Any], seconds: float = 100) -> float:
    """Return what verl's scorer makes of the server's answers: the share of passed tests among the first ten."""
    if "```" not in response:
        return 0.0
    code = response.split("```python")[-1].split("```")[0]
    results = []
    for given, expected in zip(tests["inputs"], tests["outputs"], strict=True):
        content = {
            "compile_timeout": 100, "run_timeout": seconds, "code": code, "stdin": given, "memory_limit_MB": 1024,
            "language": "python", "files": {}, "fetch_files": [],
        }  # fmt: skip
        answer = requests.post(
            f"{url}/run_code", json.dumps(content), headers={"Content-Type": "application/json"}, timeout=250
        )
        row = answer.json()
        ran = row.get("run_result") or {}
        finished = answer.status_code == 200 and row["status"] == "Success" and ran["status"] == "Finished"
        results.append(finished and ran["stdout"].rstrip("\n") == expected.rstrip("\n"))
    return sum(results[:10]) / len(results[:10])


ONE = {"inputs": ["1 2\n"], "outputs": ["3\n"]}
TWELVE = {"inputs": ["1 2\n"] * 12, "outputs": ["3\n"] * 10 + ["4\n"] * 2}
RECORDED: list[tuple[str, dict[str, Any], float]] = [
    (SUM, ONE, 1.0),
    ("print(4)", ONE, 0.0),
    ("print(3, end='')", ONE, 1.0),  # line ends at the end do not count
    ("print('3 ')", ONE, 0.0),  # other white space does, unlike in our checker for tokens
    (SUM, {"inputs": ["1 2\n", "1 2\n"], "outputs": ["3\n", "5\n"]}, 0.5),  # a share, not all or nothing
    (SUM, TWELVE, 1.0),  # the tests after the first ten do not count
    ("1 / 0", ONE, 0.0),
    ("print(", ONE, 0.0),
    ("x = bytearray(2 * 10**9)\nprint(3)", ONE, 0.0),
    ("import socket\nsocket.socket()\nprint(3)", ONE, 0.0),
]


@pytest.mark.parametrize(("program", "tests", "share"), RECORDED, ids=[program for program, *_ in RECORDED])
def test_recorded_cases_of_verls_own_scorer(
    server: JudgeServer, program: str, tests: dict[str, Any], share: float
) -> None:
    assert sandbox_score(server.url, fenced(program), tests) == share
