"""Finding the program in a response."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rlef_env.envs import extract_program, fenced
from rlef_env.fences import fenced_blocks


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
        ("```print(1)```", "print(1)"),
        ("A stray ``` here.\n```python\nprint(1)\n```", "print(1)"),
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
        # A closing fence has the character of the opening one, at least its length, and nothing after it.
        ("````python\nprint('```')\n````", "print('```')"),
        ("````python\n```\nprint(1)\n````", "```\nprint(1)"),
        ("```python\nprint(1)\n`````", "print(1)"),
        ("```python\nprint(1)\n~~~\n```", "print(1)\n~~~"),
        ("~~~python\nprint(1)\n```\n~~~", "print(1)\n```"),
        ("~~~~ py\nprint(1)\n~~~\n~~~~", "print(1)\n~~~"),
        ("```python\nprint(1)\n``` # done\n```", "print(1)"),
        ("```python\nprint(1)\n```  \t", "print(1)"),
        ("```\na\n``` Python is nice ```\nb\n```", "a\n``` Python is nice ```\nb"),
        # The text after the opening fence in its line is the tag.
        ("```python:solution.py\nprint(1)\n```", "print(1)"),
        ('```python title="a.py" {1,3}\nprint(1)\n```', "print(1)"),
        ("```python print(0)\nprint(1)\n```", "print(1)"),
        ("```cpp main.cpp\nint main() {}\n```", "int main() {}"),
        ("```x = 1\nprint(x)\n```", "print(x)"),
        ("```x = 1\nprint(x)```", None),
        ("~~~ a `b` ~~~\nprint(1)\n~~~", "print(1)"),
        # Indentation.
        ("   ```python\n   print(1)\n  ```", "print(1)"),
        ("  ```python\n\tif 1:\n\t\tprint(1)\n  ```", "if 1:\n    print(1)"),
        ("```python\nprint(1)\n    ```\n```", "print(1)"),
        # Fences that are none of CommonMark, in a block of Python.
        ("```python\nn = input()\nprint(n)```\n\nExample:\n```\n3\n```", "n = input()\nprint(n)"),
        ("```python\nprint('a')```\nOr:\n```\nb\n```", "print('a')"),
        ("```python\nprint(1)\n``` This prints 1.\nOr:\n```python\nprint(2)\n```", "print(1)"),
        ("```python\n```python\nprint(1)\n```", "print(1)"),
        ("```python\ndraft\nNo, better:\n```python\nprint(1)\n```", "print(1)"),
        ('```python\nprint("""\n```python\n``` x\n""")\n```', 'print("""\n```python\n``` x\n""")'),
        ("```python\ns = '```'  # ```\n```", "s = '```'  # ```"),
        ("````python\nprint(1)```\n````", "print(1)```"),
        ("<|begin_of_thought|>\n```python\n1\n```\n<|end_of_thought|>\n```python\nprint(2)\n```", "print(2)"),
        ("\u25c1think\u25b7\n```python\n1\n```\n\u25c1/think\u25b7\n```python\nprint(2)\n```", "print(2)"),
        ("para\n    ```\n    x\n    ```\n```\nprint(1)\n```", "print(1)"),
        # Lists and quotes.
        ("- ```python\n  print(1)\n  ```", "print(1)"),
        ("1. a\n   - b\n\n     ```python\n     if 1:\n         print(1)\n     ```", "if 1:\n    print(1)"),
        ("1. So:\n   ```python\nif 1:\n    print(1)\n   ```", "if 1:\n    print(1)"),
        ("> ```python\n> if 1:\n>     print(1)\n> ```\nAfter.", "if 1:\n    print(1)"),
        ("> > ```python\n> > print(1)\n> > ```", "print(1)"),
        ("> ```python\n> print(1)\n\n```\nx\n```", "print(1)"),
        ("> - ```python\n>   print(1)\n>   ```", "print(1)"),
        # HTML has no meaning.
        ("<answer>\n```python\nprint(1)\n```\n</answer>", "print(1)"),
        # Line ends.
        ("```python\rprint(1)\r```\r", "print(1)"),
        # One line.
        ("````python print('```') ````", "print('```')"),
        ("So ``` and ```py print(1) ```", "and"),
        ("Use ```print``` so:\n```python\nprint(1)\n```", "print(1)"),
        ("``` print(1) ```\n~~~\nx\n~~~", "print(1)"),
        # Text before an opening fence, and before a closing one.
        ("So: ```python\nprint(1)\n```\nIt prints\n```\n1\n```", "print(1)"),
        ("So: ```python or so\nprint(1)\n", None),
        ("```python\nprint(1)``` That is all.", "print(1)"),
        ("    ```python\n    print(1)\n    ```", "print(1)"),
        (">```python\npass\n```", None),  # the quote ends with its line, and the empty block with it
        # Thinking.
        ("<think>\n```python\nprint(0)\n```\nNo.\n</think>\n```python\nprint(1)\n```", "print(1)"),
        ("<think>\n```python\nprint(0)\n```\n</think>\nI give up.", None),
        ("```python\nprint(0)\n```\n</think>\n```\nprint(1)\n```", "print(1)"),
        ("<think>a</think>```python\nprint(0)\n```\n<think>b</think>\n```python\nprint(1)\n```", "print(1)"),
        ("<think>\n```python\nprint(0)\n```\n", None),
        ("<think>a</think>\n<think>\n```python\nprint(0)\n```\n", None),
        ("```python\nprint('<think>')\n```\n```python\nprint(0)\n```", "print('<think>')"),
        ("[THINK]\n```python\nprint(0)\n```\n[/THINK]\n```python\nprint(1)\n```", "print(1)"),
        ("<seed:think>```python\nprint(0)\n```</seed:think>```python\nprint(1)\n```", "print(1)"),
        ("<reasoning>\n```python\nprint(0)\n```\n</reasoning>\nI give up.", None),
        ("<|channel|>analysis<|message|>Hm.\n```python\nprint(0)\n```\n", None),
        (
            "<|channel|>analysis<|message|>Hm.\n```python\nprint(0)\n```\n<|end|><|start|>assistant"
            "<|channel|>final<|message|>```python\nprint(1)\n```<|return|>",
            "print(1)",
        ),
        # The placeholder.
        ("It wants ```python YOUR CODE HERE ```, fine.\n```python\nprint(1)\n```", "print(1)"),
        ("```python YOUR CODE HERE ```", None),
        ("```python\n# your code here\n```\n```\nprint(1)\n```", "print(1)"),
        ("```python\ndef f():  # YOUR CODE HERE\n    return 1\n```", "def f():  # YOUR CODE HERE\n    return 1"),
    ],
)
def test_a_response_and_its_program(response: str, program: str | None) -> None:
    assert extract_program(response) == program


plain = st.text(st.characters(codec="utf-8", exclude_characters="`\r"), max_size=200)


@given(plain, plain, plain, st.sampled_from(["python", "py", "python3", "PYTHON"]))
def test_a_fenced_program_is_extracted_unchanged(before: str, program: str, after: str, tag: str) -> None:
    # A fence in a quote ends with the quote, and one behind an open fence of tildes is in that block.
    assume(">" not in before.rpartition("\n")[2] and "~~~" not in before)
    expected = f"pass\n{program}".rstrip()
    assert extract_program(f"{before}```{tag}\npass\n{program}\n```{after}") == expected


@given(st.lists(st.sampled_from(["`", "```", "\n", "x", " ", "````\n", "~~~\n"]), max_size=20).map("".join))
def test_fenced_and_extract_program_are_inverse(text: str) -> None:
    program = f"x{text}".rstrip()
    assert extract_program(fenced(program)) == program


@given(st.text())
def test_any_text_has_a_program_or_none(response: str) -> None:
    program = extract_program(response)
    assert program is None or program.strip()


# --- against markdown-it ---------------------------------------------------------------------------------------------

# HTML is off, as in ``extract_program``.
COMMONMARK = MarkdownIt("commonmark", {"html": False}).disable(["inline", "reference"])


def oracle(text: str) -> list[str]:
    """Return the code of each closed fenced block, as markdown-it reads the text."""

    def fences(source: str) -> list[str]:
        return [token.content for token in COMMONMARK.parse(source) if token.type == "fence"]

    found = fences(text)
    # A block that is never closed extends to the end of the text, and grows if the text does.
    return [code[:-1] for code, longer in zip(found, fences(text + "\n\nmore\n"), strict=True) if code == longer]


def ours(text: str) -> list[str]:
    return [block.code for block in fenced_blocks(text)]


FENCES = ["```", "````", "~~~", "~~~~~", "`", "``", "~", "\n```py\n"]
LINES = ["\n", "\n", "\n", "\n\n", " ", "   ", "    ", "\t", "x", "# ", "=", "--"]
pieces = st.sampled_from([*FENCES, *LINES])


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces, max_size=40).map("".join))
def test_the_fenced_blocks_are_those_of_commonmark(text: str) -> None:
    assert ours(text) == oracle(text)


code = st.lists(st.sampled_from(["a", "  b", "\tc", "``", "```x", "~~~", "", "- d", "> e", "1. f"]), max_size=5)
CONTAINERS = ["", "- ", "* ", "+   ", "1. ", "12) ", "> ", ">", "- - ", "> > ", "- > ", "> 1. ", "  "]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CONTAINERS), st.sampled_from(["````", "~~~~"]), code), max_size=4))
def test_fenced_blocks_in_lists_and_quotes_are_those_of_commonmark(parts: list[tuple[str, str, list[str]]]) -> None:
    lines = []
    for container, fence, inside in parts:
        further = "".join(each if each == ">" else " " for each in container)  # of lines after the first
        lines += [
            "para",
            "",
            container + fence,
            *(further + line for line in inside),
            further + fence,
            "",
            "<!-- -->",
            "",
        ]
    text = "\n".join(lines)
    assert ours(text) == oracle(text)
    assert len(ours(text)) == len(parts)


# --- size ------------------------------------------------------------------------------------------------------------


RUNS = ["`", "~", " ", "\t", "\n", "\r", ">", "> ", "- ", "1.", "a", "```python", "``` ", "<think>", "</think>"]
ROWS = ["```\n", "~~~\n", "- ```\n", ">```\n", "```\n>", "```python\n", "``` x\n", "a ```python\n", "    - a\n", "```~"]
HOLDERS = ["```python YOUR CODE HERE ```\n", "```python YOUR CODE HERE ``` ", " - x\n\t```\n"]


@pytest.mark.parametrize("piece", [*RUNS, *ROWS, *HOLDERS], ids=repr)
@pytest.mark.parametrize("before", ["", "```python\n \t"], ids=repr)
def test_time_is_linear_in_the_length_of_the_response(piece: str, before: str) -> None:
    """With quadratic time, 8 times the length would take 64 times as long."""

    def seconds(size: int) -> float:
        response = before + piece * (size // len(piece))
        taken = []
        for _ in range(3):
            started = time.process_time()
            extract_program(response)
            taken.append(time.process_time() - started)
        return min(taken)

    # A machine that is interrupted while it measures may seem slow for once; quadratic work is slow each time.
    assert any(seconds(64_000) < 24 * seconds(8_000) + 0.01 for _ in range(5))


def test_ten_megabytes_of_backquotes_hold_no_program() -> None:
    assert extract_program("`" * 10_000_000) is None
