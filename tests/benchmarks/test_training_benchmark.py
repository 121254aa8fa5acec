"""The training benchmark compares equal work, and says what it does not measure."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.training import __main__ as benchmark
from benchmarks.training.update import _learner, _packed_step, _padded_step, _ragged


def test_packed_and_padded_take_the_same_step() -> None:
    episodes = _ragged(np.random.default_rng(1))[:6]
    ours, theirs = _learner("0.9 M parameters"), _learner("0.9 M parameters")
    before = [parameter.detach().clone() for parameter in ours.policy]
    _packed_step(ours, episodes)
    _padded_step(theirs, episodes)
    assert any(not torch.equal(one, other) for one, other in zip(before, ours.policy, strict=True))
    for one, other in zip(ours.policy, theirs.policy, strict=True):
        assert torch.allclose(one, other, atol=2e-4)  # AdamW's first step has the size of lr wherever a gradient is


def test_what_is_not_measured_is_named() -> None:
    assert all(figure.measured is None and figure.note for figure in benchmark.not_compared(1))
    assert set(benchmark.ROWS) >= {"decode", "update", "judge", "step"}
