"""`rlef judge`: scripts read its lines, so their keys and order are fixed."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rlef_env.episodes import Episode, write_episodes
from rlef_env.sandbox import installed_languages

KEYS = {"problem", "kind", "index", "verdict", "passed", "total", "cpu_seconds"}
RIGHT = "print(sum(map(int, input().split())))"
OFF_BY_ONE = "print(sum(map(int, input().split())) + 1)"
CPP = "int main() {}"
SETTINGS = {"max_turns": 3, "feedback": "public", "full_grid": False}


def row(name: str, **other: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": "Add two numbers.",
        "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
        "private_tests": {"input": ["3 4\n", "5 -5\n"], "output": ["7\n", "0\n"]},
        "generated_tests": {"input": ["10 20\n"], "output": ["30\n"]},
        "solutions": {"language": [2, 3], "solution": [CPP, RIGHT]},
        "incorrect_solutions": {"language": [3, 2, 3], "solution": [OFF_BY_ONE, CPP, "print(3)"]},
        **other,
    }


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps(row(name)) + "\n" for name in ("first", "zweites ✓")), encoding="utf-8")
    return path


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_python_solutions_are_judged_in_order_on_all_tests(rlef, problems: Path) -> None:
    process = rlef("judge", problems, "--workers", "2")
    assert process.returncode == 0, process.stderr
    found = lines(process.stdout)
    assert all(set(line) == KEYS for line in found)
    assert [
        tuple(line[key] for key in ("problem", "kind", "index", "verdict", "passed", "total")) for line in found
    ] == [
        (name, *rest)
        for name in ("first", "zweites ✓")
        for rest in [
            ("correct", 1, "accepted", 4, 4),
            ("incorrect", 0, "wrong_answer", 0, 4),
            ("incorrect", 2, "wrong_answer", 1, 4),  # no early stop: the passed test counts
        ]
    ]
    assert all(line["cpu_seconds"] > 0 for line in found)
    assert "6 programs of 2 problems" in process.stderr


@pytest.mark.parametrize("which", ["correct", "incorrect"])
def test_which(rlef, problems: Path, which: str) -> None:
    found = lines(rlef("judge", problems, "--which", which, "--workers", "1").stdout)
    assert {line["kind"] for line in found} == {which}
    assert len(found) == {"correct": 2, "incorrect": 4}[which]


def test_json_writes_to_a_file_and_nothing_to_standard_output(rlef, problems: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    process = rlef("judge", problems, "--which", "correct", "--json", out)
    assert (process.returncode, process.stdout) == (0, "")
    assert len(lines(out.read_text())) == 2


def test_the_input_is_never_overwritten(rlef, problems: Path) -> None:
    before = problems.read_bytes()
    process = rlef("judge", problems, "--json", problems)
    assert process.returncode == 2
    assert "--json" in process.stderr
    assert problems.read_bytes() == before


def test_bad_input_does_not_overwrite_the_output(rlef, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("precious")
    (tmp_path / "bad.jsonl").write_text("{}\n")
    assert rlef("judge", "bad.jsonl", "--json", out).returncode == 2
    assert out.read_text() == "precious"


def test_an_output_that_cannot_be_written_is_reported_in_one_line(rlef, problems: Path) -> None:
    process = rlef("judge", problems, "--json", "no/such/folder/out.jsonl")
    assert process.returncode == 2
    assert process.stderr.startswith("rlef: no/such/folder/out.jsonl")
    assert process.stderr.count("\n") == 1


def test_a_file_without_programs(rlef, tmp_path: Path) -> None:
    none: dict[str, list[Any]] = {"language": [], "solution": []}
    (tmp_path / "p.jsonl").write_text(json.dumps(row("a", solutions=none, incorrect_solutions=none)) + "\n")
    process = rlef("judge", "p.jsonl")
    assert (process.returncode, process.stdout) == (0, "")
    assert process.stderr == "rlef: 0 programs of 1 problems: nothing to judge\n"


def test_the_reason_of_no_verdict_is_printed(rlef, tmp_path: Path) -> None:
    broken = {"name": "python", "source": "def check(input, output, expected):\n    raise ValueError('oops')\n"}
    none: dict[str, list[Any]] = {"input": [], "output": []}
    untested = row("untested", public_tests=none, private_tests=none, generated_tests=none)
    problems = [row("adding up", checker=broken), untested]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(problem) + "\n" for problem in problems))
    process = rlef("judge", "p.jsonl", "--which", "correct")
    assert process.returncode == 0, process.stderr
    found = lines(process.stdout)
    assert [line["verdict"] for line in found] == ["no_verdict", "no_verdict"]
    assert all(type(line["cpu_seconds"]) is float for line in found)
    first, second, summary = process.stderr.splitlines()
    assert first.startswith("rlef: no verdict on adding up correct 1: ")
    assert len(first) > len("rlef: no verdict on adding up correct 1: ")
    assert second == "rlef: no verdict on untested correct 1: no tests"
    assert summary == "rlef: 2 programs of 2 problems. correct: 2 no_verdict"


def test_stored_episodes_are_refused_with_the_command_that_judges_them(rlef, tmp_path: Path) -> None:
    write_episodes(tmp_path / "e.jsonl", [Episode("a", "problems", "", settings=SETTINGS)])
    process = rlef("judge", "e.jsonl")
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr == "rlef: e.jsonl: expected problems, got stored episodes; rlef rescore judges these again\n"


def test_ctrl_c_ends_the_command_at_once_and_all_processes(tmp_path: Path) -> None:
    endless = "while True: pass"
    problem = row("endless", solutions={"language": [3] * 40, "solution": [RIGHT] + [endless] * 39}, time_limit=900)
    (tmp_path / "problems.jsonl").write_text(json.dumps(problem) + "\n")
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "rlef"), "judge", "problems.jsonl", "--workers", "2"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline(), "the first program should be judged; all others are endless"
    children = descendants(process.pid)
    assert children
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=250)
    assert (process.returncode, err) == (130, "rlef: stopped\n")
    assert [child for child in children if runs(child)] == []


def runs(pid: int) -> bool:
    """Return whether a process runs; an ended one stays listed as a zombie until its parent reaps it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def descendants(pid: int) -> list[int]:
    """Return all processes below a process."""
    children = []
    with contextlib.suppress(OSError):  # it has ended
        for task in list(Path(f"/proc/{pid}/task").iterdir()):
            with contextlib.suppress(OSError):
                children += [int(child) for child in (task / "children").read_text().split()]
    return children + [below for child in children for below in descendants(child)]


def test_meta_names_the_checker(rlef, tmp_path: Path) -> None:
    shouting = row("case", solutions={"language": [3], "solution": ["print('YES')"]}, incorrect_solutions=None)
    shouting |= {key: {"input": ["x\n"], "output": ["yes\n"]} for key in ("public_tests", "private_tests")}
    shouting["generated_tests"] = None
    (tmp_path / "p.jsonl").write_text(json.dumps(shouting) + "\n")
    (tmp_path / "m.jsonl").write_text(json.dumps({"name": "case", "checker": {"name": "tokens"}}) + "\n")
    assert [line["verdict"] for line in lines(rlef("judge", "p.jsonl").stdout)] == [
        "accepted"
    ]  # CodeContests: any case
    with_meta = rlef("judge", "p.jsonl", "--meta", "m.jsonl")
    assert [line["verdict"] for line in lines(with_meta.stdout)] == ["wrong_answer"]


def test_meta_without_the_problem_is_reported(rlef, problems: Path, tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text(json.dumps({"name": "other", "checker": {"name": "tokens"}}) + "\n")
    process = rlef("judge", problems, "--meta", "m.jsonl", "--which", "correct")
    assert process.returncode == 0
    assert "no checker for 2 of 2 problems" in process.stderr


@pytest.mark.shared
@pytest.mark.slow
def test_a_real_problem(rlef, shared_data: Path, tmp_path: Path) -> None:
    first = (shared_data / "kattis.jsonl").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "one.jsonl").write_text(first + "\n", encoding="utf-8")
    process = rlef("judge", "one.jsonl", "--meta", shared_data / "meta.jsonl")
    assert process.returncode == 0, process.stderr
    found = lines(process.stdout)
    assert {line["verdict"] for line in found if line["kind"] == "correct"} == {"accepted"}
    assert "accepted" not in {line["verdict"] for line in found if line["kind"] == "incorrect"}


def test_solutions_that_are_left_out_are_counted_and_named(rlef, tmp_path: Path) -> None:
    files = {
        "problem.yaml": "name: Six\n",
        "problem_statement/problem.en.tex": "Print 6.",
        "data/secret/1.in": "",
        "data/secret/1.ans": "6\n",
        "submissions/accepted/a.py": "print(6)",
        "submissions/accepted/a.c": '#include <stdio.h>\n#include "a.h"\nint main(void) { printf("%d\\n", SIX); }',
        "submissions/accepted/a.h": "#define SIX 6",
        "submissions/accepted/a.rs": 'fn main() { println!("6"); }',
        "submissions/accepted/a.js": "console.log(6)",
        "submissions/accepted/a.kt": 'fun main() { println("6") }',
        "submissions/accepted/b.kt": 'fun main() { println("6") }',
        "submissions/accepted/two/a.py": "import b",
        "submissions/accepted/two/b.py": "print(6)",
        "submissions/wrong_answer/notes.txt": "none",
    }
    for name, text in files.items():
        (tmp_path / "six" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "six" / name).write_text(text)
    process = rlef("judge", "six", "--languages", "all", "--workers", "1")
    assert process.returncode == 0, process.stderr
    missing = {"c", "rust", "javascript"} - set(installed_languages())
    assert [line["verdict"] for line in lines(process.stdout)] == ["accepted"] * (4 - len(missing))
    err = process.stderr
    assert (
        "left out 2: written in kotlin, which is not supported (six: submissions/accepted/a.kt, "
        "six: submissions/accepted/b.kt)" in err
    )
    assert "left out 1: it has 2 files of programs (six: submissions/accepted/two)" in err
    assert "no language is known by the name notes.txt" in err
    assert "a.h" not in err
    assert all(
        f"written in {language}, whose compiler or interpreter is not installed here" in err for language in missing
    )
    assert "left out" not in rlef("judge", "six", "--workers", "1").stderr
    verified = rlef("problems", "verify", "six", "--out", "report", "--workers", "1")
    assert "left out 2: written in kotlin" in verified.stderr
