"""Likelihoods of repairs: against a plain forward pass of a small model, and by hand from a small matrix."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from rlef_agents.hf_agent import HFAgent
from rlef_agents.ppo.architecture import prepare
from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.sft import token_episodes
from rlef_agents.studies.cases import play_cases
from rlef_agents.studies.frozen import FrozenPolicy
from rlef_agents.studies.likelihoods import ScoredRepairs, last_logprobs, likelihoods, score_repairs
from rlef_agents.tiny.shrunk import shrunk
from rlef_env import JudgePool, load_dataset
from rlef_env.envs import fenced
from rlef_env.judge import CachedPool, VerdictCache
from rlef_env.problems.procedural import variants_of
from tests.agents.studies.policies import Guesser

CHAT = [
    {"role": "user", "content": "one"},
    {"role": "assistant", "content": "two"},
    {"role": "user", "content": "three"},
    {"role": "assistant", "content": "four"},
]


@pytest.fixture(scope="module")
def policy() -> FrozenPolicy:
    lm, tokenizer = shrunk("llama")
    prepare(lm)
    renderer = Renderer(tokenizer)
    return FrozenPolicy(HFAgent(lm, tokenizer, renderer=renderer), lm, renderer)


@torch.no_grad()
def forward(policy: FrozenPolicy, prompt: list[int], response: list[int]) -> float:
    """Log-probability of a response after a prompt, one sequence at a time."""
    logits = policy.lm(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1]
    return float(torch.log_softmax(logits.double(), -1)[range(len(response)), response].sum())


def test_log_probabilities_are_those_of_a_plain_forward_pass(policy: FrozenPolicy) -> None:
    chats = [CHAT, CHAT[:2], [*CHAT[:3], {"role": "assistant", "content": "another answer"}]]
    episodes = list(token_episodes(chats, policy.renderer, last_only=True))
    expected = [
        forward(policy, each.turns[0].prompt_ids.tolist(), each.turns[0].completion.ids.tolist()) for each in episodes
    ]
    assert last_logprobs(policy, episodes) == pytest.approx(expected, abs=1e-4)


def test_a_row_is_a_feedback_and_a_column_a_right_program(policy: FrozenPolicy) -> None:
    dataset = load_dataset("procedural/hidden_step?short=true&steps=3", split="test")
    with CachedPool(JudgePool(1), VerdictCache()) as pool:
        cases = play_cases(Guesser(3), [dataset[place] for place in range(4)], pool).cases
        scored = score_repairs(policy, cases, pool)
    assert len(scored) == len(cases) > 0
    for case, each in zip(cases, scored, strict=True):
        variants = variants_of(case.problem.id)
        guess = [each.solutions[0].source.rstrip() for each in variants].index(case.program)
        assert [text is None for text in each.told] == [place == guess for place in range(3)]
        assert np.isnan(each.logprobs[guess]).all()
        n = int(case.problem.public_tests[0].input)
        for row, secret in ((row, row + 1) for row in each.rows):
            text = each.told[row]
            assert text is not None
            assert f"Expected output `{n + secret}\n` but got `{n + guess + 1}\n`" in text[0]
            first, answer, told = (message["content"] for message in case.conversation(text).messages)
            said = np.append(policy.renderer.data(answer), policy.renderer.end_of_turn)
            prompt = [*policy.renderer.first(first), *said, *policy.renderer.following(told, said)]
            program = policy.renderer.data(fenced(f"n = int(input())\nprint(n + {3})"))
            response = [*program.tolist(), policy.renderer.end_of_turn]
            assert each.logprobs[row, 2] == pytest.approx(forward(policy, prompt, response), abs=1e-3)


def test_shares_and_differences_by_hand() -> None:
    nan = math.nan
    reads = ScoredRepairs((("x",), None, ("y",)), np.array([[-1.0, -2, -4], [nan, nan, nan], [-3, -1.5, -1]]))
    assert reads.own_most_likely == reads.likeliest_after_own == 1
    assert reads.chance == pytest.approx(1 / 3)
    assert reads.difference == pytest.approx(((-1 - -3) + (-1 - -4)) / 2)
    ignores = ScoredRepairs((("x",), ("y",), ("z",)), np.array([[-1.0, -2, -3]] * 3))
    assert ignores.own_most_likely == pytest.approx(1 / 3)
    assert ignores.difference == 0
    # Two secrets give the same feedback: after it, the program of either is as good.
    same = ScoredRepairs((("x",), ("x",), ("y",)), np.array([[-2.0, -1, -5], [-2, -1, -5], [-4, -4, -5]]))
    assert same.own_most_likely == pytest.approx(2 / 3)
    assert same.likeliest_after_own == pytest.approx(2 / 3)  # of the last column, all are equal
    # The first program is preferred whatever the feedback, and the second one more so after its own.
    biased = ScoredRepairs((("x",), ("y",)), np.array([[-1.0, -9], [-2, -8]]))
    assert (biased.own_most_likely, biased.likeliest_after_own) == (0.5, 1)
    assert same.chance == pytest.approx((2 + 2 + 1) / 9)
    assert same.difference == pytest.approx(((-2 - -4) + (-1 - -4) + (-5 - -5)) / 3)
    found = likelihoods([reads, ignores])
    assert found["own_most_likely"]["mean"] == pytest.approx(2 / 3)
    assert found["difference"]["mean"] == pytest.approx(2.5 / 2)
    assert found["matrix"] == [[-1.0, -2.0, -3.5], [-1.0, -2.0, -3.0], [-2.0, -1.75, -2.0]]
    assert found["count"] == 2
    assert found["chance"] == pytest.approx(1 / 3)


def test_no_case_is_no_number() -> None:
    found = likelihoods([])
    assert found["own_most_likely"]["mean"] is found["matrix"] is found["chance"] is None
    assert found["count"] == 0
