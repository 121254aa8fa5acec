"""Find the program in a response.

The paper does not say how; the rule is that of the same lab's later release: the first block tagged as Python, else the
first block of any tag, else the response holds no program. What a fenced block is, CommonMark says
(spec.commonmark.org, "Fenced code blocks").
"""

from __future__ import annotations

import re
import textwrap

from rlef_env.fences import code_blocks, fence, loose_blocks

__all__ = ["extract_program", "fenced"]

_LINE_END = re.compile(r"\r\n?")
_THINKING = (
    ("<think>", "</think>"),  # Qwen, DeepSeek-R1 and most others
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("[THINK]", "[/THINK]"),  # Magistral
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),  # gpt-oss
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A
)
"""What models put before and behind their thinking."""
_BEGINS, _ENDS = (re.compile("|".join(map(re.escape, marks))) for marks in zip(*_THINKING, strict=True))
_PLACEHOLDER = re.compile(r"(?:#[ \t]*)?YOUR CODE HERE", re.IGNORECASE)


def extract_program(response: str) -> str | None:
    r"""Return the program a response holds, or None.

    Two things are blocks:

    * A fenced code block of CommonMark: lines between a line that begins with three or more backticks or tildes, and
      the next line that has nothing but as many of them or more. What follows the opening fence in its line is the
      tag and never code. In a quote or a list item a fence may stand as far to the right as the text there; the lines
      of a block in a list item need not. HTML means nothing: fences in an ``<answer>`` count.
    * The paper's own form, ```` ```python YOUR CODE HERE ``` ````, with everything in one line, anywhere in it.

    Beyond CommonMark, there may be text before backticks that open a block, where a Python tag and nothing else follows
    them (``So: ```python``). And where there is no block at all, backticks in the middle of a line may close one that
    has a Python tag (``print(1)``` ``).

    The first block tagged ``python``, ``py``, ``python3`` or ``py3`` (any letter case) counts, else the first one. A
    block that is never closed is no block: the response was cut off. If the block that counts is empty the response
    holds no program, and later blocks are not looked at.

    What stands before the last ``</think>`` is thinking and not looked at; nor is what follows a ``<think>`` that is
    never closed. The same holds for the other marks that models use (``_THINKING``). The prompt's placeholder
    ``YOUR CODE HERE`` is never a program: a block of it alone is passed over.

    All line ends become ``\n``; white space at the end goes; a block that is indented as a whole is moved to the left,
    since no program starts indented.

    Args:
        response: what the agent said, of any length. The time taken is proportional to it.

    Returns:
        The program's text without fences and tag, or None where there is none.
    """
    end = 0
    for mark in _ENDS.finditer(response):
        end = mark.end()
    text = _LINE_END.sub("\n", response[end:])
    unclosed = _BEGINS.search(text)
    thinking = unclosed.start() if unclosed else len(text)
    found = code_blocks(text) or loose_blocks(text)
    blocks = [block for block in found if block.start < thinking and not _PLACEHOLDER.fullmatch(block.code.strip())]
    chosen = next((block for block in blocks if block.python), blocks[0] if blocks else None)
    return None if chosen is None else _program(chosen.code)


def fenced(program: str) -> str:
    """The program as a block that ``extract_program`` takes it out of, whatever backticks are in it."""
    fences = fence(program)
    return f"{fences}python\n{program}\n{fences}"


def _program(code: str) -> str | None:
    """Clean the code of a block; None where nothing is left."""
    source = code.rstrip()
    if not source:
        return None
    return textwrap.dedent(source) if source.lstrip("\n")[0] in " \t" else source
