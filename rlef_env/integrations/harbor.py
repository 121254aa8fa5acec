"""Problems as task folders for Harbor. ``rlef problems export --for harbor`` writes them.

The agent writes a program to ``/app/solution.py``. The verifier runs in a container of its own, which gets that file
and nothing else that judges: the agent sees no hidden test, and cannot change the judge or the reward.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rlef_env.envs import Episodes, prompt_rows
from rlef_env.envs.extract import ACTION_LENGTH
from rlef_env.errors import UsageError
from rlef_env.judge import BaseJudgePool, JudgePool
from rlef_env.problems import Dataset, Problem
from rlef_env.problems.writing import write_jsonl

__all__ = ["judge_file", "main", "write_harbor"]

PROGRAM: Final = "/app/solution.py"
DOCKERFILE: Final = "FROM python:3.12-slim\nWORKDIR /app\n"
# -I: no module from the working directory or the environment is imported.
TEST: Final = f"""\
#!/bin/sh
exec python3 -I -m rlef_env.integrations.harbor /tests/problem.jsonl {PROGRAM} /logs/verifier/reward.txt
"""
SOLVE: Final = f"#!/bin/sh\ncp /solution/solution.py {PROGRAM}\n"


def write_harbor(dataset: Dataset, out: Path, *, package: str = "rlef-env", prompt_cap: int | None = 2048) -> int:
    """Write a task folder for each problem that has tests, and return their number.

    Args:
        dataset: the problems.
        out: folder that does not exist or is empty.
        package: what pip installs in the verifier's image: a requirement, or a wheel file, which is copied into it.
        prompt_cap: as for ``CodeEnv``.

    Raises:
        UsageError: the folder is not empty, the wheel is missing, or two problems would get the same folder.
        OSError: a file cannot be written.
    """
    wheel = Path(package) if package.endswith(".whl") else None
    if wheel is not None and not wheel.is_file():
        raise UsageError(
            f"package: expected a requirement of pip or the path of a wheel, got {package!r}: no such file"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: expected a folder that does not exist or is empty; name another")
    written = 0
    for row in prompt_rows(dataset, protocol="tool", prompt_cap=prompt_cap):
        problem = dataset.get(row["problem_id"])
        folder = out / re.sub(r"[^A-Za-z0-9._-]+", "-", problem.id).lstrip("._-")
        if folder == out or folder.exists():
            raise UsageError(f"{folder}: expected a folder of its own for each problem, got {problem.id!r}; rename it")
        _write_task(folder, problem, row["prompt"][0]["content"], package, wheel)
        written += 1
    return written


def _write_task(folder: Path, problem: Problem, prompt: str, package: str, wheel: Path | None) -> None:
    count = sum(1 for _ in problem.tests())
    # A program may not reach the timeout: Harbor would leave it out, and being slow would pay more than failing.
    timeout = 600.0 + 12.0 * (problem.time_limit or 10.0) * count
    task = [
        'schema_version = "1.4"',
        f'artifacts = ["{PROGRAM}"]',
        "[metadata]",
        f"problem_id = {json.dumps(problem.id, ensure_ascii=False)}",
        "[verifier]",
        'environment_mode = "separate"',
        f"timeout_sec = {timeout}",
    ]
    install = f"COPY {wheel.name} /tmp/\nRUN pip install /tmp/{wheel.name}" if wheel else f"RUN pip install '{package}'"
    files = {
        "task.toml": "\n".join(task) + "\n",
        "instruction.md": f"{prompt}\n\nWrite the program, in Python 3, to the file `{PROGRAM}`.\n",
        "environment/Dockerfile": DOCKERFILE,
        "tests/Dockerfile": f"{DOCKERFILE}{install}\nCOPY problem.jsonl test.sh /tests/\nRUN chmod +x /tests/test.sh\n",
        "tests/test.sh": TEST,
    }
    solution = next((each.source for each in problem.solutions if each.language == "python"), None)
    if solution is not None:
        files |= {"solution/solve.sh": SOLVE, "solution/solution.py": solution}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "replace"))
        if path.suffix == ".sh":
            path.chmod(0o755)
    write_jsonl(folder / "tests/problem.jsonl", [dataclasses.replace(problem, solutions=(), incorrect_solutions=())])
    if wheel is not None:
        shutil.copy(wheel, folder / "tests")


# --- in the verifier's container -------------------------------------------------------------------------------------


def judge_file(problem: Path, program: Path, *, pool: BaseJudgePool) -> tuple[float | None, str]:
    """Judge a program in a file on all tests.

    Args:
        problem: file with the one problem.
        program: the program's file; if there is none, or it is too long to be a program, nothing is solved.
        pool: a judge pool.

    Returns:
        1.0 or 0.0, or None if the judge itself failed; and the verdict.
    """
    source = b""
    if program.is_file() and program.stat().st_size <= ACTION_LENGTH:
        source = program.read_bytes()
    play = Episodes(problem, max_turns=1, protocol="tool", pool=pool).begin()
    turn = play.respond(source.decode("utf-8", "replace"))
    return (None if play.total_reward is None else float(play.episode.solved)), turn.judgement.verdict.value


def main(arguments: Sequence[str]) -> int:
    """Judge a program, and write its reward; write none, and return 70, if the judge itself failed."""
    problem, program, reward = map(Path, arguments)
    with JudgePool(1) as pool:
        value, verdict = judge_file(problem, program, pool=pool)
    print(verdict)
    if value is None:
        print("rlef: the judge failed; no reward is written, because nothing is known of the program", file=sys.stderr)
        return 70
    reward.write_text(f"{value}\n", encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
