"""A model small enough to train from scratch on two cores, and the conversations that it is first trained on."""

from rlef_agents.tiny.conversations import DATASET, conversations
from rlef_agents.tiny.model import make_model
from rlef_agents.tiny.start import make_start
from rlef_agents.tiny.tokenizer import make_tokenizer

__all__ = ["DATASET", "conversations", "make_model", "make_start", "make_tokenizer"]
