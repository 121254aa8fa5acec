"""Byte-level BPE tokenizers with the control tokens of a chat template, trained on the spot.

Digits are tokens of their own, as arithmetic is done on them. Merges cross the spaces between words, but no end of a
line: the environment's wording is the same in every conversation, and should not be most of what a small model reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from rlef_agents.ppo.chat_template import shipped_template

__all__ = ["CONTROLS", "make_tokenizer"]

CHATML: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CONTROLS: Final[Mapping[str, tuple[str, ...]]] = {
    "chatml": CHATML,
    "qwen3": CHATML,
    "llama3": ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
}
"""Of each template, the control tokens; the first begins a text or pads it, the last ends a turn."""

SPLIT: Final = r"\n`(?!`)[^\n\d]*|\n+|`{2,}|\d|[^\n`\d]+(?:`(?!`))?|`"
"""Digits, fences and ends of lines stay apart; all else is merged as far as it repeats. A quote is one with the words
beside it, so that what follows a number says which number it was: ``- input `7⏎` failed:``."""


def make_tokenizer(texts: Iterable[str], size: int = 512, template: str = "chatml") -> Any:
    """Train a tokenizer.

    Args:
        texts: what it learns merges from. Any text can be encoded afterwards, byte by byte where need be.
        size: tokens at most, the 256 bytes and control tokens included.
        template: the name of the chat template that it gets.

    Returns:
        A fast tokenizer of transformers.
    """
    controls = CONTROLS[template]
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
        special_tokens=list(controls),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    words = (word for text in texts for word in ("user", "assistant", text))
    backend.train_from_iterator(words, trainer)
    make: Any = PreTrainedTokenizerFast
    tokenizer = make(
        tokenizer_object=backend,
        bos_token=controls[0] if template == "llama3" else None,
        eos_token=controls[-1],
        pad_token=controls[0],
        additional_special_tokens=list(controls[1:-1]),
    )
    tokenizer.chat_template = shipped_template(template)
    return tokenizer
