"""SandboxFusion's wire shapes to ours and back (bytedance/SandboxFusion, ``sandbox_api.py``, ``online_judge_api.py``).

What differs on purpose: limits on time are CPU time (with one on sleep and a far-off one on wall time), a program reads
and writes no files, and the output of a test that was passed is not told.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any, Final

from rlef_env.judge import DEFAULT_MEMORY_BYTES, Judgement, TestResult, Verdict
from rlef_env.problems import Field, Problem
from rlef_env.sandbox import Limits, Program, Status
from rlef_env.server.runs import RunRequest, RunResult

__all__ = ["eval_result", "language_of", "prompt", "run_of", "run_response"]

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
"""SandboxFusion's names of languages -> ours."""
MOST_SECONDS: Final = 600.0
MOST_MEMORY: Final = 2**34
OUTPUT_BYTES: Final = 2**23
LONGEST_SHOWN: Final = 1000  # characters of a passed test's input and output, as there
MEGABYTE: Final = 2**20
# What ends a program there has no name there, and so the exit code is that of the signal that Linux would have sent.
SIGNALS: Final = {
    Status.MEMORY_LIMIT: signal.SIGKILL,
    Status.OUTPUT_LIMIT: signal.SIGXFSZ,
    Status.SECURITY_VIOLATION: signal.SIGSYS,
    Verdict.MEMORY_LIMIT: signal.SIGKILL,
    Verdict.OUTPUT_LIMIT: signal.SIGXFSZ,
    Verdict.SECURITY_VIOLATION: signal.SIGSYS,
}


def run_of(root: Field) -> tuple[RunRequest, float]:
    """What a ``/run_code`` request asks for, and the seconds that its client allows for it.

    Raises:
        DataError: a field is not as it should be, or asks for what the sandbox does not do.
    """
    for key in ("files", "fetch_files", "args"):
        field = root.child(key)
        if field.present and field.value:
            raise field.error("nothing", "a program reads its standard input and writes its output, and no files")
    language = language_of(root.child("language"))
    stdin = root.child("stdin")
    compile_seconds = _seconds(root.child("compile_timeout"))
    seconds = _seconds(root.child("run_timeout"))
    limits = Limits(cpu_seconds=seconds, memory_bytes=_memory(root.child("memory_limit_MB")), output_bytes=OUTPUT_BYTES)
    given = stdin.text().encode() if stdin.present else b""
    return RunRequest(Program(root.child("code").text(), language), given, limits), compile_seconds + seconds


def language_of(field: Field) -> str:
    """Our name of a language.

    Raises:
        DataError: it is none of ours.
    """
    if field.text() not in LANGUAGES:
        raise field.error(f"one of {', '.join(LANGUAGES)}", "choose one of these")
    return LANGUAGES[field.value]


def _seconds(field: Field) -> float:
    if not field.present:
        return 10.0
    if not 0 < field.number() <= MOST_SECONDS:
        raise field.error(f"seconds above 0, at most {MOST_SECONDS:g}", "choose a limit in between")
    return float(field.number())


def _memory(field: Field) -> int:
    if not field.present or field.integer() <= 0:  # there: no limit
        return DEFAULT_MEMORY_BYTES
    return min(field.integer() * MEGABYTE, MOST_MEMORY)


def run_response(ran: RunResult, language: str) -> dict[str, Any]:
    """The answer to ``/run_code``."""
    execution = ran.execution
    stdout, stderr = (text.decode("utf-8", "replace") for text in (execution.stdout, execution.stderr))
    if execution.status in (Status.FAILED, Status.STARVED):
        return _response("SandboxError", execution.message, None, _command("Error", None, "", execution.message))
    compiles = language != "python"
    if execution.status is Status.COMPILE_ERROR and compiles:
        slow = stderr.startswith("compiling it took too much")
        failed = _command("TimeLimitExceeded" if slow else "Finished", None if slow else 1, "", stderr)
        return _response("Failed", "", {**failed, "execution_time": ran.compile_seconds}, None)
    compiled = {**_command("Finished", 0, "", ""), "execution_time": ran.compile_seconds} if compiles else None
    if execution.status is Status.TIME_LIMIT:
        command = _command("TimeLimitExceeded", None, stdout, stderr)
    else:
        code = execution.exit_code
        if execution.status is Status.COMPILE_ERROR:
            code = 1  # there, the interpreter reads the program when it runs it
        elif execution.status is not Status.EXITED:
            code = -(execution.signal or SIGNALS.get(execution.status, signal.SIGKILL))
        command = _command("Finished", code, stdout, stderr)
    command["execution_time"] = execution.wall_seconds
    return _response("Success" if command["return_code"] == 0 else "Failed", "", compiled, command)


def eval_result(
    problem: Problem, asked_id: str | int, code: str, language: str, judgement: Judgement, in_full: bool
) -> dict[str, Any]:
    """The answer to ``/submit``.

    Args:
        problem: what was to be solved.
        asked_id: its id, as the client wrote it.
        code: the program; empty where the response held none.
        language: our name of its language.
        judgement: what was said of it.
        in_full: do not cut the tests that were passed.
    """
    tests = []
    for result, cpu_seconds, _ in judgement.measured():
        test = getattr(problem, f"{result.role}_tests")[result.index]
        passed = result.verdict is Verdict.ACCEPTED
        given, expected = (_cut(text) if passed and not in_full else text for text in (test.input, test.output))
        tests.append(
            {
                "passed": passed,
                "exec_info": _exec_info(result, cpu_seconds, language),
                "test_info": {"input": {"stdin": given}, "output": {"stdout": expected}},
            }
        )
    return {
        "id": asked_id,
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
    """A prompt of ``/get_prompts``."""
    asked = (
        f"Define the function `{problem.function.entry_point}` in {language}."
        if problem.function is not None
        else f"Write a whole {language} program that reads standard input and writes standard output."
    )
    known = {"source": problem.source, "difficulty": problem.difficulty, "tags": list(problem.tags) or None}
    labels = {key: value for key, value in known.items() if value is not None}
    return {"id": problem.id, "prompt": f"{problem.statement}\n\n{asked}", "labels": labels}


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


def _cut(text: str) -> str:
    half = LONGEST_SHOWN // 2
    return text if len(text) <= LONGEST_SHOWN else f"{text[:half]}...{text[-half:]}"
