"""An agent that is a model of transformers, trained or not."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from rlef_agents.ppo.chat_template import Renderer, model_stops
from rlef_agents.ppo.generation import Generator, Request
from rlef_agents.ppo.generation.hf import HFGenerator
from rlef_agents.ppo.generation.local.decoder import unsupported_reason
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.generation.model_settings import max_context
from rlef_agents.ppo.loading import read_model
from rlef_agents.ppo.trajectory import Ids
from rlef_env.agents import Conversation

__all__ = ["HFAgent"]

_REMEMBERED = 1 << 14  # responses: enough for the episodes that are played at a time


class HFAgent:
    """Answers with a causal language model of transformers, in its chat template, all conversations at a time.

    A response that it gave itself is not turned into tokens a second time when the conversation goes on, so that the
    model reads what it wrote, and what was computed of it is used again.

    Args:
        model: the model, or its name or folder, as ``from_pretrained`` takes it.
        tokenizer: a fast tokenizer with a chat template; the model's own where None, if a name or folder was given.
        temperature: what logits are divided by; 0 for the most likely token.
        max_new: tokens that a response may have.
        seed: of all that is drawn.
        slots: responses that are sampled at a time.
        template: a Jinja chat template in the place of the tokenizer's own.
        top_p: draw among the likeliest tokens alone that have so much of the probability together; 0.95 in the paper.
        renderer: turns messages into tokens, in the place of one with ``template``.
        context: tokens that a conversation may have; as many as the model takes where None.
        dtype: what layers compute in, ``float32`` or ``bfloat16``; the weights of a name or folder are read in float32,
            as in training and evaluation.

    Raises:
        UsageError: there is no such model, or its tokenizer has no chat template, or one that rewrites what was said.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        temperature: float = 0.2,
        max_new: int = 1024,
        seed: int = 0,
        slots: int = 64,
        template: str | None = None,
        top_p: float = 1.0,
        renderer: Renderer | None = None,
        context: int | None = None,
        dtype: str = "float32",
    ) -> None:
        if isinstance(model, str):
            model, its_own = read_model(model)
            tokenizer = tokenizer or its_own
        self._renderer = renderer or Renderer(tokenizer, template, stops=model_stops(model))
        make = LocalGenerator if unsupported_reason(model) is None else HFGenerator
        kind = None if dtype == "float32" else getattr(torch, dtype)  # a model in memory keeps its own
        self._generator: Generator = make(model, self._renderer.stop_ids, temperature, slots, dtype=kind, top_p=top_p)
        model_context = max_context(model.config)
        self._max_context, self._max_new = min(model_context, model_context if context is None else context), max_new
        self._random = np.random.default_rng(seed)
        self._said: OrderedDict[tuple[str, ...], tuple[int, Ids]] = OrderedDict()
        self._numbers = 0

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation, in order; with nothing where its context is full.

        Raises:
            ValueError: a conversation does not go user, assistant, user, ..., user.
        """
        asked: dict[int, int] = {}
        answers = [""] * len(conversations)
        for index, conversation in enumerate(conversations):
            number, ids = self._context(conversation)
            if number in asked or number < 0:
                number, self._numbers = self._numbers, self._numbers + 1
            max_new = min(self._max_new, self._max_context - len(ids))
            seed = int(self._random.integers(1 << 31))
            if max_new >= 1:
                self._generator.submit(Request(number, ids, max_new, seed))
                asked[number] = index
        while completions := self._generator.poll():
            for number, completion in completions:
                index = asked[number]
                answers[index] = self._renderer.text(completion.ids)
                self._said[(*_contents(conversations[index]), answers[index])] = number, completion.ids
        while len(self._said) > _REMEMBERED:
            self._generator.forget(self._said.popitem(last=False)[1][0])
        return answers

    def _context(self, conversation: Conversation) -> tuple[int, Ids]:
        """All tokens of a conversation, and under which number its last response was sampled; -1 if it was not here."""
        roles = [message["role"] for message in conversation.messages]
        if roles != ["user" if turn % 2 == 0 else "assistant" for turn in range(len(roles))] or len(roles) % 2 == 0:
            raise ValueError(f"conversation: expected the roles user, assistant, user, ..., user, got {roles}")
        contents = _contents(conversation)
        number, parts = -1, [self._renderer.first(contents[0])]
        for turn in range(1, len(contents), 2):
            number, sampled = self._said.get(contents[: turn + 1]) or (-1, self._renderer.data(contents[turn]))
            parts += [sampled, self._renderer.following(contents[turn + 1], sampled)]
        return number, np.concatenate(parts)


def _contents(conversation: Conversation) -> tuple[str, ...]:
    return tuple(message["content"] for message in conversation.messages)
