"""Train byte-level BPE tokenizers with the control tokens of a chat template.

Each digit is a separate token, because the model calculates with digits. Merges may cross spaces but not line ends: the
environment's fixed wording is equal in every conversation, and should take few of a small model's tokens.
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
"""Control tokens of each template. The first begins or pads a text, the last ends a turn."""

SPLIT: Final = r"\n`(?!`)[^\n\d]*|\n+|`{2,}|\d|[^\n`\d]+(?:`(?!`))?|`"
"""Digits, fences and line ends are not merged with anything; other text is merged as far as it repeats. A single
backquote is merged with the words next to it, so that the token after a number shows which number it was:
``- input `7⏎` failed:``."""


def make_tokenizer(texts: Iterable[str], size: int = 512, template: str = "chatml") -> Any:
    """Train a tokenizer.

    Args:
        texts: texts to learn merges from. Afterwards any text can be encoded, if necessary byte by byte.
        size: maximum number of tokens, including the 256 bytes and the control tokens.
        template: name of its chat template.

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
