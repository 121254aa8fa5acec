"""Read a response: check it, and find the program in it.

The paper does not define how a program is found. This follows the same lab's later release: the first block tagged as
Python, else the first block with any tag, else the response holds no program. CommonMark defines fenced blocks
(spec.commonmark.org, "Fenced code blocks").
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Final

from gymnasium.error import InvalidAction

from rlef_env.episodes.settings import ActionProtocol
from rlef_env.fences import code_blocks, fence, loose_blocks

__all__ = ["ACTION_LENGTH", "Response", "extract_program", "fenced", "read_response", "without_thoughts"]

ACTION_LENGTH: Final = 2**20
"""Maximum characters of a response."""

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
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # Sky-T1, OpenThinker
    ("\u25c1think\u25b7", "\u25c1/think\u25b7"),  # Kimi
)
"""Marks that models put before and after their thinking."""
_BEGINS, _ENDS = (re.compile("|".join(map(re.escape, marks))) for marks in zip(*_THINKING, strict=True))
_RUN = re.compile(r"`{3,}")
_PYTHON_TAG = re.compile(r"python3?|py3?", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"(?:#[ \t]*)?YOUR CODE HERE", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Response:
    """A checked response and its program.

    Attributes:
        text: the whole response.
        program: the program in it; None where it holds none.
    """

    text: str
    program: str | None


def read_response(action: object, protocol: ActionProtocol = "chat") -> Response:
    """Return an action as a response.

    Args:
        action: the action.
        protocol: ``"chat"``: the program is in the action, as ``extract_program`` finds it. ``"tool"``: the action is
            the program; backticks around the whole of it are taken off.

    Raises:
        InvalidAction: the action is not a text of the action space.
    """
    if not isinstance(action, str):
        raise InvalidAction(f"action: expected a response as a str, got {type(action).__name__}: {action!r:.100}")
    if len(action) > ACTION_LENGTH:
        raise InvalidAction(f"action: expected at most {ACTION_LENGTH} characters, got {len(action)}")
    try:
        action.encode()
    except UnicodeEncodeError:
        raise InvalidAction(
            "action: expected Unicode text, got a lone surrogate; decode it with errors='replace'"
        ) from None
    return Response(action, extract_program(action) if protocol == "chat" else _whole_program(action))


def extract_program(response: str) -> str | None:
    r"""Return the program that a response holds, or None.

    There are two kinds of blocks:

    * A fenced code block of CommonMark: the lines between an opening fence, a line that begins with three or more
      backticks or tildes, and a closing fence, the next line with nothing but at least as many of them. The text after
      the opening fence in its line is the tag and never code. In a quote or a list item, a fence may be indented as far
      as the text there; the lines of a block in a list item need not be. HTML has no meaning: fences inside
      ``<answer>`` count.
    * The paper's own form, ```` ```python YOUR CODE HERE ``` ````, all in one line, anywhere in that line.

    Two forms beyond CommonMark count too. Text may precede the backticks that open a block, if only a Python tag
    follows them (``So: ```python``). And if a response has no block at all, backticks in the middle of a line may close
    a block that has a Python tag (``print(1)``` ``).

    Within the block that counts, if it has a Python tag, a fence behind code or with text behind it ends the program,
    and an opening fence with a Python tag begins it again: no program contains them outside of a quoted text.

    The first block tagged ``python``, ``py``, ``python3`` or ``py3`` (in any letter case) counts, else the first block.
    A block that is never closed is not a block: the response was cut off. If the block that counts is empty, the
    response holds no program, and later blocks are not considered.

    Text before the last ``</think>`` is thinking and is ignored; so is the text after a ``<think>`` that is never
    closed. The same holds for the other marks that models use (``_THINKING``). The prompt's placeholder
    ``YOUR CODE HERE`` is never a program: a block with nothing else is skipped.

    All line ends become ``\n``. White space at the end is removed. A block that is indented as a whole is dedented,
    because no program starts indented.

    Args:
        response: the agent's text, of any length. The time taken is proportional to it.

    Returns:
        The program's text without fences and tag, or None if there is none.
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
    if chosen is None:
        return None
    return _program(_without_stray_fences(chosen.code, text, chosen.start) if chosen.python else chosen.code)


def without_thoughts(response: str) -> str:
    """Return a response without its thinking, as ``extract_program`` reads it: what later messages should repeat."""
    end = max((mark.end() for mark in _ENDS.finditer(response)), default=0)
    text = response[end:]
    unclosed = _BEGINS.search(text)
    if unclosed and "```" not in text[: unclosed.start()]:  # behind backticks, it may be part of the program
        text = text[: unclosed.start()]
    return text.strip() if len(text) < len(response) else response


def fenced(program: str) -> str:
    """Return a program as a block from which ``extract_program`` reads it back, even if it contains backticks."""
    fences = fence(program)
    return f"{fences}python\n{program}\n{fences}"


def _whole_program(text: str) -> str | None:
    """Return a text as a program, without the backticks around it that models add to a tool's argument."""
    text = _LINE_END.sub("\n", text)
    stripped = text.strip()
    if stripped.startswith("```") and stripped.endswith("```"):
        return extract_program(stripped) or _program(text)
    return _program(text)


def _without_stray_fences(code: str, text: str, start: int) -> str:
    """Return the part of a block of Python that is a program where a fence in it is not one of CommonMark.

    A fence that closes behind code, or with text behind it, ends the program; an opening fence with a Python tag begins
    it again. In a text between three quotation marks they mean nothing. Outside of it no backtick is valid in Python.
    """
    mark = _RUN.match(text, start)
    if mark is None or mark[0] not in code:
        return code
    kept: list[str] = []
    quoted = False
    for line in code.split("\n"):
        place = -1 if quoted else line.find(mark[0])
        if place >= 0:
            before, rest = line[:place], line[place:].lstrip("`").strip()
            if not before.strip() and _PYTHON_TAG.fullmatch(rest):
                kept.clear()
                continue
            if not before.strip():
                return "\n".join(kept)
            if not rest and "#" not in before and all(before.count(each) % 2 == 0 for each in "'\""):
                return "\n".join([*kept, before])
        quoted ^= (line.count('"""') + line.count("'''")) % 2 == 1
        kept.append(line)
    return "\n".join(kept)


def _program(code: str) -> str | None:
    """Return a block's code cleaned; None if nothing is left."""
    source = code.rstrip()
    if not source:
        return None
    return textwrap.dedent(source) if source.lstrip("\n")[0] in " \t" else source
