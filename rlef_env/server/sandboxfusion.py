"""Requests and responses of SandboxFusion (bytedance/SandboxFusion, ``sandbox_api.py``, ``online_judge_api.py``).

Deliberate differences: time limits are CPU time (plus a limit on sleep and a generous one on wall time), a program
cannot read or write files, and a passed test's output is left out of the response.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any, Final

from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.judge.judge import DEFAULT_MEMORY_BYTES
from rlef_env.problems import Problem
from rlef_env.problems.parsing.fields import Field
from rlef_env.sandbox import Limits, Program, Status
from rlef_env.server.runs import RunRequest, RunResult

__all__ = ["eval_result", "language_name", "prompt", "run_from_request", "run_response"]

LANGUAGES: Final[Mapping[str, str]] = {
    "python": "python",
    "cpp": "cpp",
    "c": "c",
    "go": "go",
    "java": "java",
    "rust": "rust",
    "nodejs": "javascript",
    "js": "javascript",
    "javascript": "javascript",
}
"""SandboxFusion's name of a language -> our name."""
MAX_SECONDS: Final = 600.0
MAX_MEMORY_BYTES: Final = 2**34
OUTPUT_BYTES: Final = 2**23
MAX_SHOWN: Final = 1000  # characters of a passed test's input and output, as in SandboxFusion
MEGABYTE: Final = 2**20
# SandboxFusion has no status for these: the exit code is that of the signal that Linux would have sent.
SIGNALS: Final = {
    Status.MEMORY_LIMIT: signal.SIGKILL,
    Status.OUTPUT_LIMIT: signal.SIGXFSZ,
    Status.SECURITY_VIOLATION: signal.SIGSYS,
    Verdict.MEMORY_LIMIT: signal.SIGKILL,
    Verdict.OUTPUT_LIMIT: signal.SIGXFSZ,
    Verdict.SECURITY_VIOLATION: signal.SIGSYS,
}


def run_from_request(root: Field) -> tuple[RunRequest, float]:
    """Read a ``/run_code`` request: return the run, and the seconds that its client allows for compiling and running.

    Raises:
        DataError: a field has a wrong value, or asks for something that the sandbox does not support.
    """
    for key in ("files", "fetch_files", "args"):
        field = root.child(key)
        if field.present and field.value:
            raise field.error("nothing", "a program has standard input and output only, no files")
    language = language_name(root.child("language"))
    stdin = root.child("stdin")
    compile_seconds = _seconds(root.child("compile_timeout"))
    seconds = _seconds(root.child("run_timeout"))
    limits = Limits(cpu_seconds=seconds, memory_bytes=_memory(root.child("memory_limit_MB")), output_bytes=OUTPUT_BYTES)
    run = RunRequest(
        Program(root.child("code").text(), language), stdin.text().encode() if stdin.present else b"", limits
    )
    return run, compile_seconds + seconds


def language_name(field: Field) -> str:
    """Return our name of a language.

    Raises:
        DataError: the language is not supported.
    """
    if field.text() not in LANGUAGES:
        raise field.error(f"one of {', '.join(LANGUAGES)}", "choose one of these")
    return LANGUAGES[field.value]


def _seconds(field: Field) -> float:
    if not field.present:
        return 10.0
    if not 0 < field.number() <= MAX_SECONDS:
        raise field.error(f"seconds above 0, at most {MAX_SECONDS:g}", "choose a limit in between")
    return float(field.number())


def _memory(field: Field) -> int:
    if not field.present or field.integer() <= 0:  # no limit in SandboxFusion
        return DEFAULT_MEMORY_BYTES
    return min(field.integer() * MEGABYTE, MAX_MEMORY_BYTES)


def run_response(result: RunResult, language: str) -> dict[str, Any]:
    """Return the response to ``/run_code``."""
    execution = result.execution
    stdout, stderr = (text.decode("utf-8", "replace") for text in (execution.stdout, execution.stderr))
    if execution.status in (Status.FAILED, Status.STARVED):
        return _response("SandboxError", execution.message, None, _command("Error", None, "", execution.message))
    compiles = language != "python"
    if execution.status is Status.COMPILE_ERROR and compiles:
        over = execution.compile_over_limit
        failed = _command("TimeLimitExceeded" if over else "Finished", None if over else 1, "", stderr)
        return _response("Failed", "", {**failed, "execution_time": result.compile_seconds}, None)
    compiled = {**_command("Finished", 0, "", ""), "execution_time": result.compile_seconds} if compiles else None
    if execution.status is Status.TIME_LIMIT:
        command = _command("TimeLimitExceeded", None, stdout, stderr)
    else:
        code = execution.exit_code
        if execution.status is Status.COMPILE_ERROR:
            code = 1  # SandboxFusion does not compile Python: its interpreter exits with 1
        elif execution.status is not Status.EXITED:
            code = -(execution.signal or SIGNALS.get(execution.status, signal.SIGKILL))
        command = _command("Finished", code, stdout, stderr)
    command["execution_time"] = execution.wall_seconds
    return _response("Success" if command["return_code"] == 0 else "Failed", "", compiled, command)


def eval_result(
    problem: Problem, problem_id: str | int, code: str, language: str, judgement: Judgement, in_full: bool
) -> dict[str, Any]:
    """Return the response to ``/submit``.

    Args:
        problem: the problem.
        problem_id: its id as the client wrote it.
        code: the program; empty if the response held none.
        language: our name of the program's language.
        judgement: the program's judgement.
        in_full: whether the input and output of passed tests are shown in full.
    """
    tests = []
    for result, cpu_seconds, _ in judgement.measured():
        test = getattr(problem, f"{result.role}_tests")[result.index]
        passed = result.verdict is Verdict.ACCEPTED
        stdin, expected = (_shorten(text) if passed and not in_full else text for text in (test.input, test.output))
        tests.append(
            {
                "passed": passed,
                "exec_info": _exec_info(result, cpu_seconds, language),
                "test_info": {"input": {"stdin": stdin}, "output": {"stdout": expected}},
            }
        )
    return {
        "id": problem_id,
        "accepted": judgement.verdict is Verdict.ACCEPTED,
        "extracted_code": code,
        "full_code": None,
        "test_code": None,
        "tests": tests,
        "extracted_type": "fenced" if code else "empty",
        "extra": {"verdict": judgement.verdict.value, "category": judgement.category, "total": judgement.total},
    }


def _exec_info(result: TestResult, cpu_seconds: float, language: str) -> dict[str, Any]:
    verdict = result.verdict
    compiled = {**_command("Finished", 0, "", ""), "execution_time": None} if language != "python" else None
    if verdict is Verdict.NO_VERDICT:
        return _response("SandboxError", result.category or "", None, _command("Error", None, "", ""))
    if verdict is Verdict.COMPILE_ERROR and compiled is not None:
        return _response("Failed", "", _command("Finished", 1, "", result.stderr), None)
    if verdict is Verdict.TIME_LIMIT:
        command = _command("TimeLimitExceeded", None, result.stdout, result.stderr)
    else:
        command = _command("Finished", _exit_code(result), result.stdout, result.stderr)
    command["execution_time"] = cpu_seconds
    return _response("Success" if command["return_code"] == 0 else "Failed", "", compiled, command)


def _exit_code(result: TestResult) -> int:
    if result.verdict in (Verdict.ACCEPTED, Verdict.WRONG_ANSWER):
        return 0
    if result.verdict in SIGNALS:
        return -SIGNALS[result.verdict]
    category = result.category or ""
    if category.startswith("exit status "):
        return int(category.removeprefix("exit status "))
    return -signal.Signals[category] if category in signal.Signals.__members__ else 1


def prompt(problem: Problem, language: str) -> dict[str, Any]:
    """Return the prompt of a problem, as ``/get_prompts`` lists it."""
    task = (
        f"Define the function `{problem.function.entry_point}` in {language}."
        if problem.function is not None
        else f"Write a whole {language} program that reads standard input and writes standard output."
    )
    facts = {"source": problem.source, "difficulty": problem.difficulty, "tags": list(problem.tags) or None}
    labels = {key: value for key, value in facts.items() if value is not None}
    return {"id": problem.id, "prompt": f"{problem.statement}\n\n{task}", "labels": labels}


def _response(
    status: str, message: str, compiled: Mapping[str, Any] | None, command: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "status": status,
        "message": message,
        "compile_result": compiled,
        "run_result": command,
        "executor_pod_name": None,
        "files": {},
    }


def _command(status: str, code: int | None, stdout: str, stderr: str) -> dict[str, Any]:
    return {"status": status, "execution_time": None, "return_code": code, "stdout": stdout, "stderr": stderr}


def _shorten(text: str) -> str:
    half = MAX_SHOWN // 2
    return text if len(text) <= MAX_SHOWN else f"{text[:half]}...{text[-half:]}"
