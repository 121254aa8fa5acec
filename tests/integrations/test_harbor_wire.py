"""Task folders for Harbor, without Harbor and Docker: the written test script runs on paths below a temporary root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rlef_env import Verdict, load_dataset
from rlef_env.cli import main
from rlef_env.errors import UsageError
from rlef_env.integrations.harbor import PROGRAM, judge_file, write_harbor
from rlef_env.problems import CheckerSpec, Problem, Solution, Test
from rlef_env.problems.dataset import Dataset
from rlef_env.problems.writing import write_jsonl
from rlef_env.testing import ScriptedJudge
from tests.integrations.cases import CASES, PROBLEMS, Case, fenced, write_dataset


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return load_dataset(write_dataset(tmp_path_factory.mktemp("data") / "problems.jsonl"))


@pytest.fixture(scope="module")
def tasks(problems: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("harbor") / "tasks"
    assert write_harbor(problems, out) == len(PROBLEMS)
    return out


def verify(task: Path, root: Path, program: str | None) -> tuple[int, str | None, str]:
    """Run a task's test script as in the verifier's container, but below a folder; return code, reward and output."""
    for folder in ("app", "logs/verifier"):
        (root / folder).mkdir(parents=True)
    if program is not None:
        (root / PROGRAM[1:]).write_text(program)
    script = (task / "tests/test.sh").read_text()
    for path in ("/tests/", "/app/", "/logs/"):
        assert f" {path}" in script
        script = script.replace(f" {path}", f" {task if path == '/tests/' else root}{path}")
    (root / "rlef_env.py").write_text("raise SystemExit('a module of the working directory was imported')")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", script], cwd=root, capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    reward = root / "logs/verifier/reward.txt"
    return done.returncode, reward.read_text() if reward.exists() else None, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_case_is_judged_as_by_score(tasks: Path, tmp_path: Path, case: Case) -> None:
    code, reward, output = verify(tasks / case.problem_id, tmp_path, case.program)
    assert (code, reward, output.split()) == (0, f"{float(case.reward > 0)}\n", [case.verdict.value])


@pytest.mark.parametrize("program", [None, "", "# " + "x" * 1_100_000])
def test_no_program_is_no_reward_but_a_verdict(tasks: Path, tmp_path: Path, program: str | None) -> None:
    code, reward, output = verify(tasks / "text", tmp_path, program)
    assert (code, reward, output.split()) == (0, "0.0\n", ["no_program"])


def test_a_judge_that_fails_writes_no_reward(tmp_path: Path) -> None:
    """The checker is broken, whatever the program prints."""
    broken = CheckerSpec("python", source="def check(input, output, expected):\n    raise ValueError\n")
    write_jsonl(tmp_path / "p.jsonl", [Problem("p", "?", (Test("1\n", "1\n"),), checker=broken)])
    write_harbor(load_dataset(tmp_path / "p.jsonl"), tmp_path / "tasks")
    code, reward, output = verify(tmp_path / "tasks/p", tmp_path / "root", "print(1)")
    assert (code, reward) == (70, None)
    assert "no_verdict" in output


def test_the_reward_of_a_judgement(tasks: Path, tmp_path: Path) -> None:
    program = tmp_path / "solution.py"
    program.write_text(fenced("pass"))
    for verdict, reward in ((Verdict.ACCEPTED, 1.0), (Verdict.TIME_LIMIT, 0.0), (Verdict.NO_VERDICT, None)):
        judged = judge_file(tasks / "text/tests/problem.jsonl", program, pool=ScriptedJudge([verdict]))
        assert judged == (reward, verdict.value)


def test_the_agent_gets_no_hidden_test(tasks: Path, problems: Dataset) -> None:
    """Harbor shows the instruction and builds the agent's image of environment/ alone."""
    for problem in problems:
        seen = [tasks / problem.id / "instruction.md", *(tasks / problem.id / "environment").iterdir()]
        text = "\n".join(path.read_text() for path in seen)
        assert problem.statement in text
        assert PROGRAM in text
        assert "20 22" not in text
        assert "backticks" not in text
    task = (tasks / "text/task.toml").read_text()
    assert 'environment_mode = "separate"' in task
    assert f'artifacts = ["{PROGRAM}"]' in task


def test_the_solution_is_a_stored_one(tmp_path: Path) -> None:
    solved = Problem("a/b c", "?", (Test("1\n", "1\n"),), solutions=(Solution("int main", "cpp"), Solution("print(1)")))
    write_jsonl(tmp_path / "p.jsonl", [solved])
    write_harbor(load_dataset(tmp_path / "p.jsonl"), tmp_path / "tasks")
    task = tmp_path / "tasks/a-b-c"
    assert (task / "solution/solution.py").read_text() == "print(1)"
    assert os.access(task / "solution/solve.sh", os.X_OK)
    assert os.access(task / "tests/test.sh", os.X_OK)
    assert "print(1)" not in (task / "tests/problem.jsonl").read_text()


def test_bad_input_is_one_line(problems: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is empty; name another"):
        write_harbor(problems, tmp_path)
    with pytest.raises(UsageError, match="path of a wheel"):
        write_harbor(problems, tmp_path / "out", package="missing.whl")
    same = [Problem(name, "?", (Test("1\n", "1\n"),)) for name in ("a/b", "a b")]
    write_jsonl(tmp_path / "same.jsonl", same)
    with pytest.raises(UsageError, match="a folder of its own"):
        write_harbor(load_dataset(tmp_path / "same.jsonl"), tmp_path / "tasks")


def test_the_command_writes_tasks(tmp_path: Path) -> None:
    data, out = write_dataset(tmp_path / "problems.jsonl"), tmp_path / "tasks"
    wheel = tmp_path / "rlef_env-1-py3-none-any.whl"
    wheel.write_bytes(b"")
    assert main(["problems", "export", data, "--for", "harbor", "-o", str(out), "--package", str(wheel)]) == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(problem.id for problem in PROBLEMS)
    dockerfile = (out / "text/tests/Dockerfile").read_text()
    assert f"pip install /tmp/{wheel.name}" in dockerfile
    assert (out / "text/tests" / wheel.name).exists()
