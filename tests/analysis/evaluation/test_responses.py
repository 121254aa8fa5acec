"""Responses made elsewhere: three formats, samples, and what is wrong with a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rlef_env import Dataset, JudgePool, Problem, Test, load_dataset
from rlef_env.analysis import evaluate
from rlef_env.analysis.evaluation import read_responses
from rlef_env.envs import fenced
from rlef_env.errors import DataError, UsageError
from rlef_env.problems.schemas.human_eval import ASKED
from tests.analysis.evaluation.agents import HARD_CODED, WRONG, right, sums

DATA = Dataset("sums", "Sums", tuple(sums(3)))
ANSWERS = {"p0": [right(0), WRONG], "p1": [WRONG, HARD_CODED]}

OURS = [{"problem_id": "p0", "responses": [f"So: \n{fenced(right(0))}", fenced(WRONG)]}, *(
    {"problem_id": "p1", "response": fenced(program)} for program in ANSWERS["p1"]
)]  # fmt: skip
EVALPLUS = [{"task_id": name, "solution": program} for name, programs in ANSWERS.items() for program in programs]
LIVECODEBENCH = [{"question_id": name, "code_list": programs, "metadata": []} for name, programs in ANSWERS.items()]


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2) as made:
        yield made


def file_of(folder: Path, rows: Any, as_list: bool = False) -> Path:
    path = folder / "responses.jsonl"
    path.write_text(json.dumps(rows, indent=1) if as_list else "".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("rows", "as_list"), [(OURS, False), (EVALPLUS, False), (LIVECODEBENCH, True)], ids=["ours", "evalplus", "lcb"]
)
def test_every_format_is_judged_as_single_turns(
    rows: list[dict[str, Any]], as_list: bool, pool: JudgePool, tmp_path: Path
) -> None:
    path = file_of(tmp_path, rows, as_list)
    stored = read_responses(path, DATA, DATA.ids)
    assert stored.unanswered == ("p2",)
    run = evaluate(f"file:{path}", DATA, out=tmp_path / "run", pool=pool, n_at_k="1@1,1@2")
    assert [(each.problem.problem_id, each.sample, each.solved_at, len(each.turns)) for each in sorted(
        run.facts, key=lambda each: (each.problem.problem_id, each.sample)
    )] == [("p0", 0, 1, 1), ("p0", 1, 0, 1), ("p1", 0, 0, 1), ("p1", 1, 0, 1)]  # fmt: skip
    found = run.metrics()
    # Of the two samples of p0 one passes the public test, and is the one to submit.
    assert (found["solve_rate"].value, found["pass@2"].value, found["1@2"].value) == (0.25, 0.5, 0.5)
    assert run.folder.identity.agent["responses"] == stored.settings["responses"]


def test_problems_may_have_different_numbers_of_responses(pool: JudgePool, tmp_path: Path) -> None:
    rows = [{"problem_id": "p2", "responses": [fenced(right(2))] * 3}, {"problem_id": "p0", "response": "none"}]
    run = evaluate(f"file:{file_of(tmp_path, rows)}", DATA, out=tmp_path / "run", pool=pool)
    assert len(run.facts) == 4
    assert run.metrics()["solve_rate"].value == 0.5, "a problem counts once"


def test_a_file_may_answer_more_than_a_date_window(tmp_path: Path) -> None:
    path = file_of(tmp_path, OURS)
    part = Dataset("sums", "Sums", DATA.problems[1:])
    with pytest.raises(UsageError, match="that it does not have: 'p0'"):
        read_responses(path, part, part.ids)
    assert list(read_responses(path, part, part.ids, is_part=True).responses) == ["p1"]
    assert list(read_responses(path, DATA, ["p0"]).responses) == ["p0"]


def test_a_completion_continues_the_prompt_of_human_eval(tmp_path: Path) -> None:
    prompt = 'from math import pi\n\ndef area(r):\n    """Return the area."""'
    problem = Problem("HumanEval/0", f"{prompt}\n\n{ASKED}\n", private_tests=(Test("1", "2"),))
    whole = Problem("Mbpp/1", "Write area(r).", private_tests=(Test("1", "2"),))
    data = Dataset("d", "D", (problem, whole))
    rows = [{"task_id": name, "completion": "    return pi * r * r"} for name in data.ids]
    stored = read_responses(file_of(tmp_path, rows), data, data.ids)
    assert stored.responses["HumanEval/0"] == (fenced(f"{prompt}\n    return pi * r * r"),)
    assert stored.responses["Mbpp/1"] == (fenced("    return pi * r * r"),)


@pytest.mark.shared
def test_samples_of_evalplus_on_its_own_data(shared_data: Path, tmp_path: Path, pool: JudgePool) -> None:
    """The canonical solutions of HumanEval as a `samples.jsonl` of completions: each is right."""
    files = sorted((shared_data / "humaneval").glob("*"))
    data = load_dataset(files[0])
    rows = [{"task_id": each.id, "solution": each.solutions[0].source} for each in data.problems[:5]]
    run = evaluate(f"file:{file_of(tmp_path, rows)}", data, out=tmp_path / "run", pool=pool)
    assert run.metrics()["solve_rate"].value == 1.0


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ('{"problem_id": "p0"}\n', DataError, r"responses.jsonl:1: expected .* got no response"),
        ('{"id": "p0", "text": "x"}\n', DataError, r'expected \{"problem_id", "response"\} .* got the fields id, text'),
        ('{"problem_id": "p0", "response": 3}\n', DataError, r"responses.jsonl:1: field 'response': expected text"),
        ('{"problem_id": "p0", "response": "x"}\n{"problem', DataError, r"responses.jsonl:2: expected a JSON object"),
        ("[1]", DataError, r"responses.jsonl: item 0: expected an object, got 1"),
        ("[", DataError, "expected a JSON list of responses"),
        ("", UsageError, "expected a response to one of 3 problems, got none"),
        (
            "".join(f'{{"problem_id": "q{n % 4}", "response": "x"}}\n' for n in range(8)),
            UsageError,
            r"problems of the data set Sums, got responses to 4 that it does not have: 'q0', 'q1', 'q2', \.\.\.;",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file(text: str, error: type[Exception], words: str, tmp_path: Path) -> None:
    path = tmp_path / "responses.jsonl"
    path.write_text(text)
    with pytest.raises(error, match=words):
        evaluate(f"file:{path}", DATA, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_file_has_no_turns_and_samples_of_its_own(tmp_path: Path) -> None:
    path = file_of(tmp_path, OURS)
    for options in ({"turns": 3}, {"samples": 2}):
        with pytest.raises(UsageError, match="expected no number of turns or samples"):
            evaluate(f"file:{path}", DATA, out=tmp_path / "run", **options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="expected 3 or more episodes of each problem, which 1@3 needs"):
        evaluate(f"file:{path}", DATA, out=tmp_path / "run", n_at_k="1@3")
