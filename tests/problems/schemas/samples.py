"""A small valid row of every layout. What is tested of all layouts alike is tested on these."""

from __future__ import annotations

import json
from typing import Any, Final

__all__ = ["IDS", "ROWS", "another"]

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
"""A layout's name -> a row."""

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
"""A layout's name -> the field that makes another problem of a row."""


def another(layout: str) -> dict[str, Any]:
    """The layout's row as another problem."""
    key = IDS[layout]
    value = ROWS[layout][key]
    return ROWS[layout] | {key: value + 1 if isinstance(value, int) else f"{value.rstrip('0123456789')}901"}
