"""Agent that answers with a model of transformers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import torch

from rlef_agents.model_digest import model_digest
from rlef_agents.ppo.chat_template import Renderer, model_stops, read_template
from rlef_agents.ppo.generation import Generator, Request
from rlef_agents.ppo.generation.hf import HFGenerator
from rlef_agents.ppo.generation.local.decoder import unsupported_reason
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.generation.model_settings import max_context
from rlef_agents.ppo.loading import quiet_libraries, read_model
from rlef_agents.ppo.trajectory import Ids
from rlef_env.agents import AgentOptions, Conversation, SampledText
from rlef_env.errors import UsageError

__all__ = ["HFAgent"]

_MAX_RESPONSES = 1 << 14  # responses whose tokens are kept: enough for all episodes that are played at the same time


class HFAgent:
    """Answers with a causal language model of transformers and its chat template, all conversations in one batch.

    When a conversation continues, the agent's own responses are not encoded again: the model gets exactly the tokens
    that it sampled, and their keys and values are reused.

    Args:
        model: model, or its name: a folder, a training run's folder, a GGUF file, or a name on the hub.
        tokenizer: fast tokenizer with a chat template; None uses the one of a model given by name or folder.
        temperature: divisor of the logits; 0 takes the most likely token.
        max_new: maximum number of tokens of a response.
        seed: a response's draws depend on this seed, the conversation's seed and its turn only.
        slots: maximum number of responses decoded at the same time.
        template: Jinja chat template that replaces the tokenizer's own.
        top_p: draw only from the fewest likeliest tokens whose total probability reaches this; the paper uses 0.95.
        renderer: renderer that turns messages into tokens; ``template`` is then ignored.
        context: maximum number of tokens of a conversation; None is the model's own maximum.
        dtype: dtype that layers compute in, ``float32`` or ``bfloat16``. The weights of a model given by name or folder
            are loaded in float32, as in training and evaluation.
        system: text before the first message; None for none.
        generator: what samples, instead of the model in this process: servers of the same model.

    Attributes:
        settings: what decides its responses, with a hash of the weights and the tokenizer.

    Raises:
        UsageError: there is no such model, or its tokenizer has no chat template or one that rewrites earlier messages.
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
        system: str | None = None,
        generator: Generator | None = None,
    ) -> None:
        if isinstance(model, str):
            model, own_tokenizer = read_model(model)
            tokenizer = tokenizer or own_tokenizer
        self._renderer = renderer or Renderer(tokenizer, template, stops=model_stops(model))
        if generator is None:
            make = LocalGenerator if unsupported_reason(model) is None else HFGenerator
            kind = None if dtype == "float32" else getattr(torch, dtype)  # a model in memory keeps its own
            generator = make(model, self._renderer.stop_ids, temperature, slots, dtype=kind, top_p=top_p)
        self._generator: Generator = generator
        model_context = max_context(model.config)
        self._max_context, self._max_new = min(model_context, model_context if context is None else context), max_new
        self._seed, self._before = seed, "" if system is None else f"{system}\n\n"
        self.settings = {
            "model": model_digest(model, tokenizer, template), "temperature": temperature, "top_p": top_p,
            "max_new": max_new, "context": self._max_context, "seed": seed, "dtype": dtype, "system": system,
        }  # fmt: skip
        # Number of the conversation, and sampled tokens, of each response, by the texts up to and including it.
        self._responses: OrderedDict[tuple[str, ...], tuple[int, Ids]] = OrderedDict()
        self._next_number = 0

    @classmethod
    def from_options(cls, target: str, options: AgentOptions) -> HFAgent:
        """Create the agent of ``hf:NAME``: a model's folder, a training run's, a GGUF file, or a name on the hub.

        Further options are ``dtype``, ``slots`` and ``template``, a file or the name of a template of this package.

        Raises:
            UsageError: there is no such model, or an option is unknown.
        """
        quiet_libraries()
        others = dict(options.others)
        if unknown := set(others) - {"dtype", "slots", "template"}:
            raise UsageError(f"expected the options dtype, slots and template, got {', '.join(sorted(unknown))}")
        if others.get("dtype", "float32") not in ("float32", "bfloat16"):
            raise UsageError(f"dtype: expected float32 or bfloat16, got {others['dtype']!r}")
        others["template"] = read_template(str(others.get("template", "")))
        return cls(
            target,
            temperature=options.temperature,
            max_new=1024 if options.max_new_tokens is None else options.max_new_tokens,
            seed=options.seed,
            top_p=options.top_p,
            context=options.context,
            system=options.system,
            **{"slots": options.concurrency, **others},
        )

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation, in order; with an empty text if its context is full.

        Raises:
            ValueError: the roles of a conversation are not user, assistant, user, ..., user.
        """
        requested: dict[int, int] = {}
        read: list[int] = []
        answers: list[str] = [SampledText("", 0, 0)] * len(conversations)
        for index, conversation in enumerate(conversations):
            number, ids = self._context(conversation)
            read.append(len(ids))
            if number in requested or number < 0:
                number, self._next_number = self._next_number, self._next_number + 1
            max_new = min(self._max_new, self._max_context - len(ids))
            seed = Random(f"{self._seed} {conversation.seed} {conversation.turn}").getrandbits(31)
            if max_new >= 1:
                self._generator.submit(Request(number, ids, max_new, seed))
                requested[number] = index
        while completions := self._generator.poll():
            for number, completion in completions:
                index = requested[number]
                text = self._renderer.text(completion.ids)
                answers[index] = SampledText(text, read[index], len(completion.ids))
                self._responses[(*_contents(conversations[index]), answers[index])] = number, completion.ids
        while len(self._responses) > _MAX_RESPONSES:
            self._generator.forget(self._responses.popitem(last=False)[1][0])
        return answers

    def _context(self, conversation: Conversation) -> tuple[int, Ids]:
        """Return a conversation's number in the generator and all its tokens.

        The number is -1 if the last response was not sampled by this agent.
        """
        roles = [message["role"] for message in conversation.messages]
        if roles != ["user" if turn % 2 == 0 else "assistant" for turn in range(len(roles))] or len(roles) % 2 == 0:
            raise ValueError(f"conversation: expected the roles user, assistant, user, ..., user, got {roles}")
        contents = _contents(conversation)
        number, parts = -1, [self._renderer.first(self._before + contents[0])]
        for turn in range(1, len(contents), 2):
            number, sampled = self._responses.get(contents[: turn + 1]) or (-1, self._renderer.response(contents[turn]))
            parts += [sampled, self._renderer.following(contents[turn + 1], sampled)]
        return number, np.concatenate(parts)


def _contents(conversation: Conversation) -> tuple[str, ...]:
    return tuple(message["content"] for message in conversation.messages)
