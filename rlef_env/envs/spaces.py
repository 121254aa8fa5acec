"""Space of texts that hold programs, for observations and actions.

``gymnasium.spaces.Text`` needs a list of its characters, and its shared memory in ``AsyncVectorEnv`` is decoded only
once, when the vector environment is made, so that every step returns the same text (gymnasium 1.4.0). ``ProgramText``
holds any Unicode text, and its shared memory is decoded each time it is read.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any, Final, NoReturn

import numpy as np
from gymnasium.spaces import Text
from gymnasium.spaces.utils import flatdim, flatten, flatten_space, unflatten
from gymnasium.vector.utils import (
    create_empty_array,
    create_shared_memory,
    read_from_shared_memory,
    write_to_shared_memory,
)

from rlef_env.errors import UsageError

__all__ = ["ProgramText", "SharedTexts"]

_BYTES_PER_CHARACTER: Final = 4
"""Maximum bytes of one code point in UTF-8."""

_LENGTH_BYTES: Final = 8
"""Bytes of the 64-bit integer before each text in shared memory: the text's length in bytes."""

_SAMPLES: Final = (
    "print({0})",
    "a, b = map(int, input().split())\nprint(a + b + {0})",
    "import sys\nprint(len(sys.stdin.read()) % {1})",
    "print(sum(int(x) for x in input().split() if x.lstrip('-').isdigit()))",
    "raise SystemExit({0} % 2)",
)


class ProgramText(Text):
    """Any Unicode text of at most ``max_length`` characters (code points), including the empty text.

    Lone surrogates are not text, because they have no UTF-8 form. ``sample()`` returns a short runnable Python program
    in a fenced block, so that random agents exercise the judge.

    Args:
        max_length: maximum number of characters.
        min_length: minimum number of characters.
        seed: seed of ``sample()``.
    """

    def __init__(self, max_length: int, *, min_length: int = 0, seed: int | np.random.Generator | None = None) -> None:
        # The charset is unused, because ``contains`` is overridden. A list of all Unicode characters would take 47 MB.
        super().__init__(max_length, min_length=min_length, charset=" ", seed=seed)

    def contains(self, x: Any) -> bool:
        """Return whether ``x`` is a text without lone surrogates whose length is within bounds."""
        if not isinstance(x, str) or not self.min_length <= len(x) <= self.max_length:
            return False
        try:
            x.encode()
        except UnicodeEncodeError:
            return False
        return True

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """Return a short runnable program in a fenced block. Masks have no meaning here and are refused."""
        if mask is not None or probability is not None:
            raise UsageError("ProgramText.sample: expected no mask and no probability, as there is no list to mask")
        template = _SAMPLES[int(self.np_random.integers(len(_SAMPLES)))]
        number = int(self.np_random.integers(100))
        text = f"```python\n{template.format(number, number + 1)}\n```"
        return text[: self.max_length].ljust(self.min_length)

    def to_jsonable(self, sample_n: Iterable[str]) -> list[str]:
        """Return the texts as a list, which JSON can represent."""
        return [str(text) for text in sample_n]

    def from_jsonable(self, sample_n: list[Any]) -> list[str]:
        """Return the texts unchanged."""
        return [str(text) for text in sample_n]

    @property
    def is_np_flattenable(self) -> bool:
        """False: there is no list of characters to number. A wrapper can turn text into tokens instead."""
        return False

    def __repr__(self) -> str:
        return f"ProgramText({self.max_length}, min_length={self.min_length})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProgramText) and (self.min_length, self.max_length) == (
            other.min_length,
            other.max_length,
        )

    __hash__ = None  # type: ignore[assignment]


class SharedTexts(Sequence[str]):
    """The current texts of a vector environment, read from shared memory at each access.

    ``copy.deepcopy``, which ``AsyncVectorEnv`` calls at every step by default, returns a new tuple of strings.
    """

    def __init__(self, memory: Any, stride: int, count: int) -> None:
        self._memory = memory
        self._stride = stride  # bytes from one text to the next
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(self._count)))
        if not -self._count <= index < self._count:
            raise IndexError(f"expected an index below {self._count}, got {index}")
        start = (index % self._count) * self._stride
        view = memoryview(self._memory.get_obj()).cast("B")
        size = int.from_bytes(view[start : start + _LENGTH_BYTES], "little")
        return str(view[start + _LENGTH_BYTES : start + _LENGTH_BYTES + size], "utf-8")

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[str, ...]:
        return tuple(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(tuple(self))


def _stride(space: ProgramText) -> int:
    """Return the bytes of shared memory per environment: enough for the longest text in UTF-8."""
    return _LENGTH_BYTES + _BYTES_PER_CHARACTER * space.max_length


@create_shared_memory.register(ProgramText)
def _create_shared_memory(space: ProgramText, n: int = 1, ctx: ModuleType = multiprocessing) -> Any:
    return ctx.Array("B", n * _stride(space))


@read_from_shared_memory.register(ProgramText)
def _read_from_shared_memory(space: ProgramText, shared_memory: Any, n: int = 1) -> SharedTexts:
    return SharedTexts(shared_memory, _stride(space), n)


@write_to_shared_memory.register(ProgramText)
def _write_to_shared_memory(space: ProgramText, index: int, value: object, shared_memory: Any) -> None:
    if not isinstance(value, str) or not space.contains(value):
        got = f"a text of {len(value)} characters" if isinstance(value, str) else type(value).__name__
        raise UsageError(
            f"environment {index}: expected an observation of at most {space.max_length} characters without lone "
            f"surrogates, got {got}; make the environment with a lower prompt_cap or feedback_cap"
        )
    data = value.encode()
    view = memoryview(shared_memory.get_obj()).cast("B")
    start = index * _stride(space)
    view[start + _LENGTH_BYTES : start + _LENGTH_BYTES + len(data)] = data
    view[start : start + _LENGTH_BYTES] = len(data).to_bytes(_LENGTH_BYTES, "little")


# --- operations without meaning for texts ----------------------------------------------------------------------------


@flatdim.register(ProgramText)
@flatten_space.register(ProgramText)
@flatten.register(ProgramText)
@unflatten.register(ProgramText)
def _no_numbers(space: ProgramText, *_: object) -> NoReturn:  # type: ignore[misc]
    """Refuse to convert texts to numbers. Gymnasium's own functions for ``Text`` look up each character in a list."""
    raise UsageError(
        f"{space}: expected a space of numbers to flatten, got one of texts; turn texts into numbers first, with "
        "gymnasium.wrappers.TransformObservation and a tokenizer, or leave flattening out: "
        "TimeAwareObservation(env, flatten=False)"
    )


# --- vector environments ---------------------------------------------------------------------------------------------


@create_empty_array.register(ProgramText)
def _create_empty_array(space: ProgramText, n: int = 1, fn: object = None) -> tuple[str, ...]:
    del fn  # makes arrays of numbers; a batch of texts is a tuple
    return (" " * space.min_length,) * n
