"""A small valid row of every schema and a small package of every format, for the gallery and for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["DMOJ", "IDS", "KATTIS", "KATTIS_2025", "ROWS", "another", "write_package"]

_TESTS: Final = {"input": ["1 2\n", "3 4\n"], "output": ["3\n", "7\n"]}
_COLUMNS: Final = {"inputs": _TESTS["input"], "outputs": _TESTS["output"]}
_PAIRS: Final = [{"input": a, "output": b} for a, b in zip(*_TESTS.values(), strict=True)]
_ADD: Final = "print(sum(map(int, input().split())))"

ROWS: Final[dict[str, dict[str, Any]]] = {
    "code_contests": {"name": "sum", "description": "Add.", "public_tests": _TESTS},
    "code_contests_plus": {
        "id": "1_A",
        "description": "Add.",
        "test_cases": _PAIRS,
        "correct_submissions": [{"language": "py3", "code": _ADD}],
    },
    "alpha_codium": {"name": "sum", "description": "Add.", "public_tests": _TESTS, "is_valid_problem": True},
    "common_oj": {
        "id": 0,
        "content": "Add.",
        "labels": '{"difficulty": "EASY"}',
        "test": json.dumps([{"input": {"stdin": "1 2\n"}, "output": {"stdout": "3\n"}}]),
    },
    "apps": {
        "problem_id": 0,
        "question": "Add.",
        "solutions": json.dumps([_ADD]),
        "input_output": json.dumps(_COLUMNS),
    },
    "taco": {"question": "Add.", "solutions": json.dumps([_ADD]), "input_output": json.dumps(_COLUMNS)},
    "live_code_bench": {
        "question_id": "abc1_a",
        "question_content": "Add.",
        "platform": "atcoder",
        "contest_date": "2024-06-01T00:00:00",
        "public_test_cases": json.dumps([{**pair, "testtype": "stdin"} for pair in _PAIRS[:1]]),
        "private_test_cases": json.dumps([{**pair, "testtype": "stdin"} for pair in _PAIRS[1:]]),
    },
    "deep_coder": {"problem": "Add.", "tests": json.dumps(_COLUMNS)},
    "nemo_gym": {
        "hash_id": "a1",
        "responses_create_params": {"input": [{"role": "user", "content": "Add."}]},
        "verifier_metadata": {"unit_tests": _COLUMNS},
    },
    "open_r1": {"id": "1/A", "description": "Add.", "examples": _PAIRS[:1], "official_tests": _PAIRS},
    "prime": {
        "data_source": "apps",
        "ability": "code",
        "prompt": "Add.",
        "reward_model": {"ground_truth": json.dumps(_COLUMNS)},
    },
    "prime_intellect": {
        "problem_id": "p1",
        "prompt": "Add.",
        "verification_info": json.dumps({"language": "python", "test_cases": [{**_PAIRS[0], "type": "stdin_stdout"}]}),
    },
    "human_eval": {
        "task_id": "HumanEval/0",
        "prompt": 'def add(a, b):\n    """Add."""\n',
        "entry_point": "add",
        "canonical_solution": "    return a + b\n",
        "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
    },
    "human_eval_plus": {
        "task_id": "HumanEval/0",
        "prompt": 'def add(a, b):\n    """Add."""\n',
        "contract": "",
        "entry_point": "add",
        "canonical_solution": "    return a + b\n",
        "base_input": [[1, 2]],
        "plus_input": [[3, 4]],
        "atol": 0,
    },
    "mbpp": {
        "task_id": 1,
        "text": "Write a function to add.",
        "code": "def add(a, b):\r\n\treturn a + b",
        "test_setup_code": "",
        "test_list": ["assert add(1, 2) == 3"],
        "challenge_test_list": [],
    },
    "mbpp_sanitized": {
        "source_file": "x",
        "task_id": 1,
        "prompt": "Write a function to add.",
        "code": "def add(a, b):\n    return a + b",
        "test_imports": [],
        "test_list": ["assert add(1, 2) == 3"],
    },
    "mbpp_plus": {
        "task_id": "Mbpp/900",
        "prompt": '"""\nWrite a function to add.\nassert add(1, 2) == 3\n"""\n',
        "entry_point": "add",
        "canonical_solution": "def add(a, b):\n    return a + b\n",
        "base_input": [[1, 2]],
        "plus_input": [[3, 4]],
        "contract": "",
        "atol": 0,
        "assertion": "assert add(1, 2) == 3",
    },
}
"""Name of a schema -> a row of it."""

IDS: Final = {
    "code_contests": "name",
    "alpha_codium": "name",
    "code_contests_plus": "id",
    "common_oj": "id",
    "apps": "problem_id",
    "taco": "question",
    "live_code_bench": "question_id",
    "deep_coder": "problem",
    "nemo_gym": "hash_id",
    "open_r1": "id",
    "prime": "prompt",
    "prime_intellect": "problem_id",
    **dict.fromkeys(("human_eval", "human_eval_plus", "mbpp", "mbpp_sanitized", "mbpp_plus"), "task_id"),
}
"""Name of a schema -> the field whose value makes a row another problem."""


def another(schema: str) -> dict[str, Any]:
    """Return the row of a schema, changed into another problem."""
    key = IDS[schema]
    value = ROWS[schema][key]
    return ROWS[schema] | {key: value + 1 if isinstance(value, int) else f"{value.rstrip('0123456789')}901"}


KATTIS: Final[dict[str, str | bytes]] = {
    "problem.yaml": "name: Sum\n",
    "problem_statement/problem.en.tex": "\\problemname{Sum}\nAdd two numbers.\n",
    "data/sample/1.in": "1 2\n",
    "data/sample/1.ans": "3\n",
    "data/secret/1.in": "2 3\n",
    "data/secret/1.ans": "5\n",
    "data/secret/2.in": "4 5\n",
    "data/secret/2.ans": "9\n",
}
DMOJ: Final[dict[str, str | bytes]] = {
    "init.yml": "test_cases:\n- {in: 1.in, out: 1.out, points: 5}\n- {in: 2.in, out: 2.out, points: 10}\n",
    "statement.md": "Add two numbers.\n",
    "1.in": "1 2\n",
    "1.out": "3\n",
    "2.in": "4 5\n",
    "2.out": "9\n",
}
KATTIS_2025: Final[dict[str, str | bytes]] = {
    "problem.yaml": "problem_format_version: 2025-09\nname: Sum\nuuid: 1c1a1b62-5e2f-4b7f-9d5b-1f0b3f2a1c11\n",
    "statement/problem.en.md": "Add two numbers.\n",
    "data/sample/1.in": "1 2\n",
    "data/sample/1.ans": "3\n",
    "data/secret/1.in": "2 3\n",
    "data/secret/1.ans": "5\n",
    "data/secret/2.in": "4 5\n",
    "data/secret/2.ans": "9\n",
}
"""A package: the path of each file -> its content."""


def write_package(root: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """Write files, given as path -> content, into a folder and return the folder; a content of None is left out."""
    for name, content in files.items():
        if content is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
