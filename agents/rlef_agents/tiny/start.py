"""The supervised start of the small model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rlef_agents.ppo.render import Renderer
from rlef_agents.ppo.sft import SftConfig, sft
from rlef_agents.tiny.conversations import conversations
from rlef_agents.tiny.model import make_model
from rlef_agents.tiny.tokenizer import make_tokenizer

__all__ = ["CLONING", "make_start"]

CONVERSATIONS: Final = 4000
CLONING: Final = SftConfig(epochs=4, batch=64, lr=2e-3, warmup=20, context=1024)


def make_start(folder: Path, seed: int = 0, report: Callable[[dict[str, float]], None] = lambda _: None) -> Path:
    """Make tokenizer and model, clone, and save; a folder that is there already is left as it is.

    Args:
        folder: where ``from_pretrained`` will find it.
        seed: of conversations and weights.
        report: gets the metrics of each step of cloning.
    """
    if folder.exists():
        return folder
    chats = conversations(CONVERSATIONS, seed)
    tokenizer = make_tokenizer(message["content"] for chat in chats for message in chat)
    model = sft(make_model(tokenizer, seed=seed), Renderer(tokenizer), chats, CLONING, report)
    writing = folder.with_name(f".writing-{folder.name}")
    shutil.rmtree(writing, ignore_errors=True)
    model.save_pretrained(writing)
    tokenizer.save_pretrained(writing)
    writing.rename(folder)
    return folder
