"""Settings of supervised fine-tuning. Apart from the code that trains, so that a command's help loads no PyTorch."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from rlef_agents.ppo.settings import SETTINGS, Count, DType, Size, ZeroOrMore, one_line_errors

__all__ = ["SftConfig"]


@one_line_errors
@dataclass(frozen=True, config=SETTINGS)
class SftConfig:
    """Settings of cloning, with the numbers of the paper's supervised runs."""

    epochs: Count = 2
    """passes over the conversations (paper: 2 to 3)"""
    batch: Count = 64
    """conversations per optimiser step (paper: 64)"""
    lr: ZeroOrMore = 5e-6
    """learning rate, cosine to a tenth (paper: 5e-6 or 2e-6)"""
    warmup: Size = 10
    """optimiser steps of linear warm-up (paper: 10)"""
    weight_decay: ZeroOrMore = 0.1
    """weight decay of AdamW, on matrices only (paper: 0.1)"""
    clip_norm: ZeroOrMore = 1.0
    """largest norm of the gradient; 0 for no limit"""
    context: Count = 8192
    """largest number of tokens per conversation; longer ones are left out (paper: 8,192)"""
    last_only: bool = False
    """train on the last response only (paper: yes)"""
    lora_rank: Size = 0
    """rank of adapters to train and merge at the end; 0 for all weights"""
    dtype: DType = "float32"
    """type that layers compute in: float32 or bfloat16; the weights are float32"""
    token_budget: Count = 8192
    """tokens per micro-batch"""
    seed: Size = 0
    """seed of the order of the conversations"""
