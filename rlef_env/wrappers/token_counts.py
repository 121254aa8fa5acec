"""Counts the tokens of a text, by the name of a tokenizer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from rlef_env.errors import UsageError

__all__ = ["CHARACTERS", "load_tokenizer", "token_counter"]

CHARACTERS: Final = "characters"
"""Name of the tokenizer of which each character is a token."""


def token_counter(name: str) -> Callable[[str], int]:
    """Return a function that counts the tokens of a text, without those that a chat template adds.

    Args:
        name: ``"characters"``, the folder of a model (``./characters`` is one), or its name on the Hugging Face hub.

    Raises:
        UsageError: there is no such tokenizer, or the package ``tokenizers`` is not installed.
    """
    if type(name) is not str or not name:
        raise UsageError(f"tokenizer: expected {CHARACTERS!r}, a folder or a name on the hub, got {name!r:.100}")
    if name == CHARACTERS:
        return len
    tokenizer = load_tokenizer(name)
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False))


def load_tokenizer(name: str) -> Any:
    """Return a ``tokenizers.Tokenizer`` by the folder of a model or its name on the hub.

    Raises:
        UsageError: there is none, or the package ``tokenizers`` is not installed.
    """
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError:
        raise UsageError(
            f"tokenizer {name!r}: expected the package tokenizers, which reads it: pip install tokenizers"
        ) from None
    path = Path(name).expanduser()
    file = path / "tokenizer.json" if path.is_dir() else path
    try:
        return Tokenizer.from_file(str(file)) if file.is_file() else Tokenizer.from_pretrained(name)
    except Exception as error:  # the package raises nothing more specific
        raise UsageError(
            f"tokenizer {name!r}: expected {CHARACTERS!r}, or a tokenizer.json in a folder or on the hub, got: "
            f"{str(error).strip() or type(error).__name__:.300}"
        ) from error
