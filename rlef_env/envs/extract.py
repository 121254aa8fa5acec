"""Find the program in a response.

The paper does not say how; the rule is that of the same lab's later release: the first fenced block tagged as
Python, else the first fenced block of any tag, else the response holds no program.
"""

from __future__ import annotations

import re
import textwrap

__all__ = ["extract_program"]

# A response may be a megabyte of anything, so no pattern has two repetitions that can share characters: all linear.
_FENCE = re.compile(r"`{3,}")
_PYTHON_TAG = re.compile(r"[ \t]*(?:python3|python|py3|py)(?![\w+#.-])", re.IGNORECASE)
_ANY_TAG = re.compile(r"[\w+#.-]*")


def extract_program(response: str) -> str | None:
    r"""Return the program a response holds, or None.

    A block runs from a run of three or more backticks to the next such run; neither has to stand at the start of a
    line, because the paper's own format line, ```` ```python YOUR CODE HERE ``` ````, has everything on one line.
    The first closed block tagged ``python``, ``py``, ``python3`` or ``py3`` (any case) counts, else the first block
    of any tag. A block that is never closed is no block: the response was cut off. If the block that counts is
    empty the response holds no program, and later blocks are not looked at.

    Windows line ends become ``\n``; white space at the end goes; a block that is indented as a whole (as in a list)
    is moved to the left, since no program starts indented.

    Args:
        response: what the agent said, of any length.

    Returns:
        The program's text without fences and tag, or None where there is none.
    """
    text = response.replace("\r\n", "\n")
    fences = [match.span() for match in _FENCE.finditer(text)]
    if len(fences) < 2:
        return None
    # Read fences in pairs first, so that the end of a block followed by " Python" opens nothing; then any fence with a
    # tag glued to it may open, so that a stray fence earlier in the response hides nothing.
    for step in (2, 1):
        for index in range(0, len(fences) - 1, step):
            opened, closing = fences[index][1], fences[index + 1][0]
            tag = _PYTHON_TAG.match(text, opened, closing)
            if tag and (step == 2 or text[opened] not in " \t"):
                return _program(text[tag.end() : closing])
    block = text[fences[0][1] : fences[1][0]]
    first, newline, rest = block.partition("\n")
    return _program(rest if newline and _ANY_TAG.fullmatch(first.strip(" \t")) else block)


def _program(block: str) -> str | None:
    """Clean a block whose tag was taken off; None where nothing is left."""
    first, newline, rest = block.partition("\n")
    # Code on the tag's own line follows a space that is no indentation.
    source = first.lstrip(" \t") + newline + rest if first.strip() else rest
    source = source.rstrip()
    if not source:
        return None
    if source.lstrip("\n")[0] in " \t":
        source = textwrap.dedent(source)
    return source
