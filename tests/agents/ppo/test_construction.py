"""Models that are built without weights and filled part by part."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM

from rlef_agents.ppo.construction import FileSource, Filler, empty_copy, empty_model, is_empty, small_version
from rlef_env.errors import UsageError
from tests.agents.ppo.small import ARCHITECTURES, model

CPU = torch.device("cpu")


def names(lm: nn.Module) -> list[str]:
    return [name for name, _ in lm.named_parameters()]


@pytest.mark.parametrize("shard_size", ["50GB", "8KB"], ids=["one file", "several files"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_model_filled_from_its_files_is_the_model(name: str, shard_size: str, tmp_path: Path) -> None:
    lm = model(name)
    lm.save_pretrained(tmp_path, max_shard_size=shard_size)
    empty = empty_model(lm.config, tmp_path)
    assert is_empty(empty)
    source = FileSource(tmp_path, names(empty), CPU)
    seen: list[str] = []

    def filling(weight: str) -> object:
        return lambda tensor: (seen.append(weight), source.fill(weight, tensor))

    Filler(CPU, {weight: filling(weight_name) for weight_name, weight in empty.named_parameters()})(empty)
    assert seen == names(lm), "a weight that is shared is filled once"
    prompt = torch.tensor([[1, 2, 3, 4]])
    assert torch.equal(empty(prompt).logits, lm(prompt).logits)
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert empty.generation_config.to_dict() == again.generation_config.to_dict()
    assert empty.training == again.training


def test_an_empty_copy_has_no_weights_and_shares_what_is_shared() -> None:
    lm = model("qwen3")
    copied = empty_copy(lm)
    assert all(weight.is_meta for weight in copied.parameters())
    assert not any(buffer.is_meta for buffer in copied.buffers())
    assert copied.lm_head.weight is copied.model.embed_tokens.weight
    assert not is_empty(lm)


def test_files_without_the_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected model\.safetensors in"):
        FileSource(tmp_path, [], CPU)
    lm = model()
    lm.save_pretrained(tmp_path)
    with pytest.raises(UsageError, match=r"expected other\.weight among the weights in"):
        FileSource(tmp_path, [*names(lm), "other.weight"], CPU)


def test_a_small_version_is_of_the_same_architecture() -> None:
    config = model("qwen2", num_hidden_layers=4, hidden_size=128).config
    small = small_version(config)
    assert (type(small), small.num_hidden_layers, small.hidden_size) == (type(config), 2, 64)
    assert config.num_hidden_layers == 4
    assert small.vocab_size == config.vocab_size
