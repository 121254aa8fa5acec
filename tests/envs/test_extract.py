"""Finding the program in a response."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.envs import extract_program


@pytest.mark.parametrize(
    ("response", "program"),
    [
        ("```python\nprint(1)\n```", "print(1)"),
        ("```py\nprint(1)\n```", "print(1)"),
        ("```python3\nprint(1)\n```", "print(1)"),
        ("``` Python\nprint(1)\n```", "print(1)"),
        ("Your code: ```python print(1) ``` as asked", "print(1)"),
        ("```python\r\nx = 1\r\nprint(x)\r\n```", "x = 1\nprint(x)"),
        ("```\nfirst\n```\n```python\nsecond\n```\n```python\nthird\n```", "second"),
        ("```cpp\nint main() {}\n```\n```\nx\n```", "int main() {}"),
        ("```\nprint(1)\n```", "print(1)"),
        ("```x = 1\nprint(x)```", "x = 1\nprint(x)"),
        ("```print(1)```", "print(1)"),
        ("A stray ``` here.\n```python\nprint(1)\n```", "print(1)"),
        ("```\na\n``` Python is nice ```\nb\n```", "a"),
        ("````python\nprint(1)\n````", "print(1)"),
        ("1. So:\n   ```python\n   if 1:\n       print(1)\n   ```", "if 1:\n    print(1)"),
        ("```python\n\nprint(1)\n\n\n```", "\nprint(1)"),
        ("```pypy\nprint(1)\n```", "print(1)"),
        ("no code", None),
        ("", None),
        ("`print(1)`", None),
        ("```python\nprint(1)", None),
        ("```python\n\n```", None),
        ("```python\n  \n```\n```python\nprint(1)\n```", None),
        ("``````", None),
        ("```\nfirst\n```\n```python\ncut off", "first"),
    ],
)
def test_a_response_and_its_program(response: str, program: str | None) -> None:
    assert extract_program(response) == program


plain = st.text(st.characters(codec="utf-8", exclude_characters="`\r"), max_size=200)


@given(plain, plain, plain, st.sampled_from(["python", "py", "python3", "PYTHON"]))
def test_a_fenced_program_comes_out_whole(before: str, program: str, after: str, tag: str) -> None:
    expected = f"pass\n{program}".rstrip()
    assert extract_program(f"{before}```{tag}\npass\n{program}\n```{after}") == expected


@given(st.text())
def test_any_text_has_a_program_or_none(response: str) -> None:
    program = extract_program(response)
    assert program is None or program.strip()


@given(st.text(alphabet="`python \n\tx"))
def test_any_mix_of_fences_has_a_program_without_fences_or_none(response: str) -> None:
    program = extract_program(response)
    assert program is None or (program and "```" not in program)


MILLION = 1_000_000


@pytest.mark.parametrize(
    "response",
    [
        "`" * MILLION,
        "```python" * (MILLION // 9),
        "``` " * (MILLION // 4),
        "``` " + " " * MILLION + "```",
        "```" + " " * MILLION + "x```",
        "```" + "a" * MILLION + "```",
        "```\n " + " " * MILLION + "a\n" + " " * MILLION + "```",
        "```\n x\n" + "\t " * MILLION + "\n y```",
        "```" + "\n" * MILLION + " x```",
    ],
    ids=lambda response: repr(response[:12]),
)
def test_hostile_megabytes_take_linear_time(response: str) -> None:
    started = time.process_time()
    extract_program(response)
    # Linear takes 0.3 s at most; a quadratic scan took minutes.
    assert time.process_time() - started < 10
