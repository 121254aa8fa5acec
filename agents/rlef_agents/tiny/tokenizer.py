"""A byte-level BPE tokenizer with ChatML control tokens, trained on the spot.

Digits are tokens of their own, as arithmetic is done on them. Merges cross the spaces between words, but no end of a
line: the environment's wording is the same in every conversation, and should not be most of what a small model reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from rlef_agents.ppo.render import shipped_template

__all__ = ["CONTROLS", "make_tokenizer"]

CONTROLS: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
SPLIT: Final = r"\n+|`+|\d|[^\n`\d]+"
"""Ends of lines, backticks and digits stay apart; everything else is merged as far as it repeats."""


def make_tokenizer(texts: Iterable[str], size: int = 512) -> Any:
    """Train a tokenizer.

    Args:
        texts: what it learns merges from. Any text can be encoded afterwards, byte by byte where need be.
        size: tokens at most, the 256 bytes and control tokens included.

    Returns:
        A fast tokenizer of transformers, with the ChatML template.
    """
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(CONTROLS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    roles = (role for text in texts for role in ("user", "assistant", text))
    backend.train_from_iterator(roles, trainer)
    end, start, stop = CONTROLS
    make: Any = PreTrainedTokenizerFast
    tokenizer = make(tokenizer_object=backend, eos_token=stop, pad_token=end, additional_special_tokens=[start])
    tokenizer.chat_template = shipped_template("chatml")
    return tokenizer
