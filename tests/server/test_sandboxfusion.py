"""SandboxFusion's responses for results that real programs produce too slowly or too rarely to test with."""

from __future__ import annotations

from typing import Any

import pytest

from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Execution, Status
from rlef_env.server.runs import RunResult
from rlef_env.server.sandboxfusion import eval_result, run_response


@pytest.mark.parametrize(
    ("execution", "language", "status", "run"),
    [
        (Execution(Status.FAILED, message="lost"), "python", "SandboxError", ("Error", None)),
        (Execution(Status.FAILED, message="lost"), "cpp", "SandboxError", ("Error", None)),
        (Execution(Status.EXITED, exit_code=0), "python", "Success", ("Finished", 0)),
        (Execution(Status.EXITED, exit_code=3), "cpp", "Failed", ("Finished", 3)),
        (Execution(Status.SIGNALED, signal=11), "cpp", "Failed", ("Finished", -11)),
        (Execution(Status.MEMORY_LIMIT), "python", "Failed", ("Finished", -9)),
        (Execution(Status.OUTPUT_LIMIT), "python", "Failed", ("Finished", -25)),
        (Execution(Status.SECURITY_VIOLATION, signal=31), "python", "Failed", ("Finished", -31)),
        (Execution(Status.TIME_LIMIT), "python", "Failed", ("TimeLimitExceeded", None)),
        (Execution(Status.COMPILE_ERROR, exit_code=1), "python", "Failed", ("Finished", 1)),
    ],
)
def test_response_to_each_status(execution: Execution, language: str, status: str, run: tuple[str, Any]) -> None:
    response = run_response(RunResult(execution, True, 0.5), language)
    assert response["status"] == status
    assert (response["run_result"]["status"], response["run_result"]["return_code"]) == run
    if status == "SandboxError":
        assert response["message"] == "lost"
    else:
        assert (response["compile_result"] is None) == (language == "python")


@pytest.mark.parametrize(
    ("timed_out", "compiled"),
    [(False, ("Finished", 1)), (True, ("TimeLimitExceeded", None))],
)
def test_response_to_a_compile_error(timed_out: bool, compiled: tuple[str, Any]) -> None:
    execution = Execution(Status.COMPILE_ERROR, exit_code=1, stderr=b"x.cpp:1: error", compile_over_limit=timed_out)
    response = run_response(RunResult(execution, False, 0.5), "cpp")
    assert (response["status"], response["run_result"]) == ("Failed", None)
    assert (response["compile_result"]["status"], response["compile_result"]["return_code"]) == compiled
    assert response["compile_result"]["execution_time"] == 0.5


LONG = "7" * 5000
PROBLEM = Problem("p", "", (Test(LONG, LONG),))


@pytest.mark.parametrize("in_full", [False, True])
@pytest.mark.parametrize(
    ("verdict", "category", "status", "run"),
    [
        (Verdict.ACCEPTED, None, "Success", ("Finished", 0)),
        (Verdict.WRONG_ANSWER, None, "Success", ("Finished", 0)),
        (Verdict.RUNTIME_ERROR, "IndexError", "Failed", ("Finished", 1)),
        (Verdict.RUNTIME_ERROR, "exit status 42", "Failed", ("Finished", 42)),
        (Verdict.RUNTIME_ERROR, "SIGSEGV", "Failed", ("Finished", -11)),
        (Verdict.TIME_LIMIT, None, "Failed", ("TimeLimitExceeded", None)),
        (Verdict.MEMORY_LIMIT, "MemoryError", "Failed", ("Finished", -9)),
        (Verdict.SECURITY_VIOLATION, None, "Failed", ("Finished", -31)),
        (Verdict.NO_VERDICT, "lost", "SandboxError", ("Error", None)),
    ],
)
def test_response_to_each_verdict(
    verdict: Verdict, category: str | None, status: str, run: tuple[str, Any], in_full: bool
) -> None:
    judgement = Judgement(verdict, (TestResult("public", 0, verdict, category),), 1, category)
    response = eval_result(PROBLEM, "p", "print()", "python", judgement, in_full)
    assert response["accepted"] == response["tests"][0]["passed"] == (verdict is Verdict.ACCEPTED)
    info = response["tests"][0]["exec_info"]
    assert info["status"] == status
    assert (info["run_result"]["status"], info["run_result"]["return_code"]) == run
    cut = verdict is Verdict.ACCEPTED and not in_full
    assert (len(response["tests"][0]["test_info"]["input"]["stdin"]) < len(LONG)) == cut
