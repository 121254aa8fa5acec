"""In bfloat16, too, each generator is the function that the learner scores, except for little rounding."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

from rlef_agents.ppo import parallel
from rlef_agents.ppo.checks import SAMPLED
from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.generation.batching import BatchingGenerator
from rlef_agents.ppo.generation.hf import HFGenerator
from rlef_agents.ppo.generation.local.decoder import Decoder, Segment
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.generation.local.kv_memory import Rows
from rlef_agents.ppo.generation.model_settings import using_dtype
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.network import base
from rlef_agents.ppo.trajectory import TokenEpisode, TokenTurn
from tests.agents.ppo.generation.implementations import PAGES
from tests.agents.ppo.generation.models import LLAMA_LIKE, STOP, VOCABULARY, model, prompts, sample_all
from tests.agents.ppo.small import episode, learner, turn

BFLOAT16 = torch.bfloat16
IDS = np.random.default_rng(0).integers(0, VOCABULARY, 60)


def student(name: str, dtype: str = "bfloat16", **changes: Any) -> Learner:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return learner(lm=model(name), dtype=dtype, **changes)


def scored(trained: Learner) -> float:
    """Return the learner's log-probability of the last id after all others."""
    return float(trained.score([episode(turn(IDS[:-1].tolist(), IDS[-1:].tolist()))]).old[0])


@pytest.mark.parametrize("rank", [0, 2])
@pytest.mark.parametrize("name", LLAMA_LIKE)
def test_the_decoder_computes_what_the_learner_computes(name: str, rank: int) -> None:
    """They agree to 1e-5, because both compute the same number of tokens; a rounded residual stream is off by 0.01."""
    trained = student(name, lora_rank=rank)
    for parameter in trained.policy if rank else ():
        with torch.no_grad():
            parameter.normal_(0.0, 0.1)
    decoder = Decoder(trained.model.lm, BFLOAT16)
    with torch.inference_mode():
        row = Rows(decoder, 64).pool[:, :, 3]
        logits = decoder.prefill([Segment(row, 0, torch.as_tensor(IDS[:-1]))])[0]
    assert row.dtype == BFLOAT16
    assert abs(float(logits.log_softmax(-1)[IDS[-1]]) - scored(trained)) < 1e-5


@pytest.mark.parametrize("rank", [0, 2])
@pytest.mark.parametrize("name", ["llama", "qwen3", "gpt2"])
def test_a_model_of_transformers_computes_what_the_learner_computes(name: str, rank: int) -> None:
    trained = student(name, lora_rank=rank)
    lm: Any = trained.model.lm
    with torch.no_grad(), using_dtype(lm, BFLOAT16):
        logits = lm(torch.as_tensor(IDS[None, :-1])).logits[0, -1]
        assert logits.dtype == torch.float32
    assert abs(float(logits.log_softmax(-1)[IDS[-1]]) - scored(trained)) < 1e-5
    assert not {"forward"} & (vars(base(lm)).keys() | vars(base(lm).get_output_embeddings()).keys())


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("generator", ["local", "hf", "continuous"])
@pytest.mark.parametrize("name", ["llama", "qwen3"])
def test_generator_and_learner_agree_by_quantile(name: str, generator: str, dtype: str) -> None:
    """At a temperature and over longer responses, differences are at most half of what a run allows."""
    trained = student(name, dtype, temperature=0.7, token_budget=200)
    lm, kind = trained.model.lm, getattr(torch, dtype)
    makers = {
        "local": lambda: LocalGenerator(lm, [STOP], 0.7, slots=3, dtype=kind),
        "hf": lambda: HFGenerator(lm, [STOP], 0.7, slots=3, dtype=kind),
        "continuous": lambda: BatchingGenerator(lm, [STOP], 0.7, batching=PAGES, dtype=kind),
    }
    contexts = prompts(12)
    answered = sample_all(
        makers[generator](), [Request(number, each, 30, number) for number, each in enumerate(contexts)]
    )
    episodes = [
        TokenEpisode((TokenTurn(context, answered[number], 0.0),), "p", False)
        for number, context in enumerate(contexts)
    ]
    behaviour = np.concatenate([each.turns[0].completion.logprobs for each in episodes])
    gaps = np.abs(behaviour - trained.score(episodes).old)
    assert len(gaps) > 100
    for share, limit in SAMPLED[kind].items():
        assert parallel.quantiles(gaps, (share,))[0] < limit / 2, share


def test_quantiles_are_at_most_3_percent_too_large_and_never_too_small() -> None:
    sizes = np.abs(np.random.default_rng(0).normal(size=1000)) ** 3
    for share in (0.1, 0.5, 0.99, 1.0):
        exact = float(np.quantile(sizes, share, method="inverted_cdf"))
        assert exact <= parallel.quantiles(sizes, (share,))[0] <= 1.03 * exact
    assert parallel.quantiles(np.zeros(3), (0.5,)) == [0.0]
    assert parallel.quantiles(np.zeros(0), (0.5, 1.0)) == [0.0, 0.0]
    assert parallel.quantiles(np.array([1e6, 0.0]), (0.5, 0.9)) == [1e-9, 1e6]
