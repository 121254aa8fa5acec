"""Measure sampling against transformers' ``generate``, and the saving of a kept prefix.

Prefixes are also counted without a model's speed: three turns at the lengths of CodeContests, in the default memory.

Figures are CPU seconds of this process on one thread; the two sides alternate, and a figure is the median of the ratios
of pairs. ``generate`` (dynamic cache, pure sampling) ends a batch when its longest row has its wanted length, as in
training. Only wanted tokens count, the same on both sides. The time includes the prefill of the prompts.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, StoppingCriteria

from benchmarks.figures import Figure, Goal, measured, missing
from benchmarks.smollm2 import smollm2
from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.generation.local import kv_memory
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.loading import read_model
from rlef_agents.ppo.trajectory import Ids

__all__ = ["decode_rows", "pretrained_rows"]

FACTOR = Goal(3.0, "x", at_least=True)
PROMPT, SLOTS, REQUESTS, MAX_NEW = 64, 64, 256, 256
CONVERSATIONS, TURN, FEEDBACK = 32, 320, 40
SIZES: dict[str, dict[str, int]] = {
    "0.9 M parameters": {"vocab_size": 512, "hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 4,
                         "num_attention_heads": 4, "num_key_value_heads": 2},
    "6 M parameters": {"vocab_size": 4096, "hidden_size": 256, "intermediate_size": 688, "num_hidden_layers": 6,
                       "num_attention_heads": 8, "num_key_value_heads": 4},
}  # fmt: skip


def decode_rows(rounds: int = 5) -> list[Figure]:
    """Measure tokens per CPU second against ``generate``, and turn-2 prefill with and without prefix, for two sizes."""
    with one_thread():
        small = [figure for size in SIZES for figure in (*_decode(size, rounds), *_prefix(size, rounds))]
        return [*small, _kept()]


def pretrained_rows(rounds: int = 3) -> list[Figure]:
    """Measure SmolLM2-135M against ``generate``: 32 requests, and one."""
    with one_thread():
        return _pretrained(min(rounds, 3))


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _decode(size: str, rounds: int) -> list[Figure]:
    model = _model(size)
    random = np.random.default_rng(0)
    lengths = np.clip(random.lognormal(3.5, 0.9, REQUESTS).astype(int), 1, MAX_NEW)
    prompts = random.integers(0, 500, (REQUESTS, PROMPT))
    ours, theirs, rates = [], [], []
    for number in range(rounds + 1):
        ours.append(_cpu(lambda: _refilled(model, prompts, lengths)))
        theirs.append(_cpu(lambda: _batches(model, prompts, lengths)))
        rates.append(float(lengths.sum()) / ours[-1])
        if number == 0:
            ours, theirs, rates = [], [], []  # the first round is a warm-up
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    note = (
        f"{REQUESTS} requests, prompts of {PROMPT}, log-normal lengths: mean {lengths.mean():.0f}, longest "
        f"{lengths.max()}; {SLOTS} at a time on both sides"
    )
    return [
        measured("decode", f"sampling against generate, {size}", ratios, "x", FACTOR, note),
        measured("decode", f"sampled tokens, {size}", rates, "tokens per CPU s"),
    ]


def _prefix(size: str, rounds: int) -> list[Figure]:
    model = _model(size)
    random = np.random.default_rng(1)
    first = random.integers(0, 500, (CONVERSATIONS, TURN))
    feedback = random.integers(0, 500, (CONVERSATIONS, FEEDBACK))

    def second_turn(keep: bool) -> float:
        generator = LocalGenerator(model, [], slots=CONVERSATIONS)
        sampled = _sampled(generator, [Request(n, context, 2, n) for n, context in enumerate(first)])
        for number in range(CONVERSATIONS):
            if not keep:
                generator.forget(number)
        requests = [
            Request(number, np.concatenate([first[number], sampled[number], feedback[number]]), 1, number)
            for number in range(CONVERSATIONS)
        ]
        return _cpu(lambda: _sampled(generator, requests))

    ratios = [second_turn(keep=False) / second_turn(keep=True) for _ in range(rounds + 1)][1:]
    note = f"{CONVERSATIONS} conversations of {TURN + 2} tokens, {FEEDBACK} new ones, and the first token sampled"
    return [measured("prefix", f"turn-2 prefill, prefix kept against none, {size}", ratios, "x", FACTOR, note)]


def _kept() -> Figure:
    """Play three turns of 256 conversations as a driver does, and return the share of prefixes that was kept.

    Lengths are 1/8 of those of CodeContests: prompts of 100 to 2,000 tokens, responses of 300 on average, feedback of
    200; so is the memory, which holds 131,072 tokens by default, and the smallest row.
    """
    scale, random = 8, np.random.default_rng(2)
    model = _model("0.9 M parameters")
    conversations = 256
    prompts = np.clip(random.lognormal(6.2, 0.7, conversations), 100, 2000).astype(int) // scale
    responses = np.clip(random.lognormal(5.4, 0.7, (conversations, 3)), 20, 1024).astype(int) // scale
    generator = LocalGenerator(model, [], slots=128, kv_tokens=(1 << 17) // scale)
    contexts = [random.integers(0, 500, length) for length in prompts]
    turns, earlier = [0] * conversations, 0
    with patch.object(kv_memory, "MIN_CAPACITY", kv_memory.MIN_CAPACITY // scale):
        for number, context in enumerate(contexts):
            generator.submit(Request(number, context, int(responses[number, 0]), number))
        while completions := generator.poll():
            for number, completion in completions:
                turns[number] += 1
                if turns[number] == 3:
                    generator.forget(number)
                    continue
                earlier += len(contexts[number]) + len(completion.ids) - 1  # the last one was never an input
                feedback = random.integers(0, 500, 200 // scale)
                contexts[number] = np.concatenate([contexts[number], completion.ids, feedback])
                request = Request(number, contexts[number], int(responses[number, turns[number]]), number)
                generator.submit(request)
    lengths = sorted(len(context) * scale for context in contexts)
    note = f"{conversations} conversations, median context at turn 3 {lengths[conversations // 2]} tokens, 128 slots"
    share = 100.0 * generator.restored / earlier
    return measured("prefix", "share of prefixes kept over 3 turns", [share], "%", Goal(90.0, "%", at_least=True), note)


def _pretrained(rounds: int) -> list[Figure]:
    """Measure greedy sampling of SmolLM2-135M: the same tokens on both sides, 32 requests and one."""
    try:
        file = smollm2()
    except FileNotFoundError as error:
        return [missing("pretrained", "sampling against generate, SmolLM2-135M", str(error))]
    with redirect_stderr(io.StringIO()):  # progress bars
        model, _ = read_model(str(file))
    model.eval()
    random = np.random.default_rng(3)
    rows = []
    for count, goal in ((32, FACTOR), (1, Goal(1.0, "x", at_least=True))):
        lengths = np.clip(random.lognormal(3.8, 0.8, count).astype(int), 8, 128)
        prompts = [random.integers(10, 49000, length) for length in random.integers(100, 400, count)]
        ratios, rates = [], []
        for _ in range(rounds):
            began = time.process_time()
            ours = _greedy(model, prompts, lengths)
            between = time.process_time()
            theirs = _generated(model, prompts, lengths)
            ratios.append((time.process_time() - between) / (between - began))
            rates.append(float(lengths.sum()) / (between - began))
            same = sum(np.array_equal(ours[number], theirs[number]) for number in range(count))
        what = f"SmolLM2-135M, {count} request{'s' * (count > 1)}"
        note = (
            f"greedy, float32, prompts of {min(map(len, prompts))} to {max(map(len, prompts))} tokens, {lengths.sum()} "
            f"tokens sampled, longest {lengths.max()}; {same} of {count} responses equal"
        )
        rows.append(measured("pretrained", f"sampling against generate, {what}", ratios, "x", goal, note))
        rows.append(measured("pretrained", f"sampled tokens, {what}", rates, "tokens per CPU s"))
    return rows


def _greedy(model: Any, prompts: list[Ids], lengths: Ids) -> dict[int, Ids]:
    generator = LocalGenerator(model, [], 0.0, slots=SLOTS)
    pairs = enumerate(zip(prompts, lengths, strict=True))
    return _sampled(generator, [Request(number, ids, int(length), number) for number, (ids, length) in pairs])


def _generated(model: Any, prompts: list[Ids], lengths: Ids) -> dict[int, Ids]:
    width = max(map(len, prompts))
    ids, mask = torch.zeros(2, len(prompts), width, dtype=torch.int64)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :], mask[row, width - len(prompt) :] = torch.as_tensor(prompt), 1
    with torch.inference_mode():
        whole = model.generate(
            ids,
            attention_mask=mask,
            generation_config=GenerationConfig(  # type: ignore[no-untyped-call]
                max_new_tokens=int(lengths.max()), do_sample=False, pad_token_id=0
            ),
            stopping_criteria=[_Wanted(torch.as_tensor(lengths), width)],
        )
    return {row: whole[row, width : width + length].numpy() for row, length in enumerate(lengths)}


def _refilled(model: Any, prompts: Ids, lengths: Ids) -> None:
    generator = LocalGenerator(model, [], slots=SLOTS)
    requests = [
        Request(number, ids, int(length), number)
        for number, (ids, length) in enumerate(zip(prompts, lengths, strict=True))
    ]
    assert sum(map(len, _sampled(generator, requests).values())) == lengths.sum()


def _batches(model: Any, prompts: Ids, lengths: Ids) -> None:
    for begin in range(0, REQUESTS, SLOTS):
        ids = torch.as_tensor(prompts[begin : begin + SLOTS])
        wanted = torch.as_tensor(lengths[begin : begin + SLOTS])
        sampled = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            generation_config=GenerationConfig(  # type: ignore[no-untyped-call]
                max_new_tokens=MAX_NEW, do_sample=True, temperature=1.0, top_k=0, top_p=1.0, pad_token_id=0
            ),
            stopping_criteria=[_Wanted(wanted)],
        )
        assert sampled.shape[1] == PROMPT + wanted.max()


class _Wanted(StoppingCriteria):  # type: ignore[misc, no-any-unimported, unused-ignore]
    def __init__(self, lengths: torch.Tensor, prompt: int = PROMPT) -> None:
        self._lengths, self._prompt = lengths, prompt

    def __call__(self, input_ids: torch.Tensor, *_: Any, **_unused: Any) -> torch.Tensor:
        return self._lengths <= input_ids.shape[1] - self._prompt


def _sampled(generator: LocalGenerator, requests: list[Request]) -> dict[int, Ids]:
    for request in requests:
        generator.submit(request)
    sampled: dict[int, Ids] = {}
    while completions := generator.poll():
        sampled.update((conversation, completion.ids) for conversation, completion in completions)
    return sampled


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _model(size: str) -> Any:
    torch.manual_seed(0)
    config = LlamaConfig(**SIZES[size], max_position_embeddings=1024, bos_token_id=None, eos_token_id=None)  # type: ignore[arg-type]
    model: Any = LlamaForCausalLM(config)
    return model.eval()
