"""Models by name: every kind of name gives the same model, and what is no model is refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    T5Config,
    T5ForConditionalGeneration,
)

from rlef_agents.ppo import gguf_files
from rlef_agents.ppo.loading import model_source, read_model, read_model_config
from rlef_env.errors import UsageError
from tests.agents.ppo.small import model, tokenizer

SIZES: dict[str, Any] = {
    "vocab_size": 32, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
}  # fmt: skip


def stored(folder: Path) -> Path:
    words = tokenizer()
    model(vocab_size=len(words)).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def test_a_folder_is_named_with_and_without_the_prefix(tmp_path: Path) -> None:
    folder = stored(tmp_path / "mine")
    plain, prefixed = read_model(str(folder))[0], read_model(f"hf:{folder}")[0]
    assert all(map(torch.equal, plain.parameters(), prefixed.parameters()))
    assert {parameter.dtype for parameter in plain.parameters()} == {torch.float32}


def test_the_folder_of_a_run_is_its_best_policy(tmp_path: Path) -> None:
    best = stored(tmp_path / "run" / "best")
    assert model_source(f"hf:{tmp_path / 'run'}") == str(best)


def test_a_name_of_the_hub_is_left_to_transformers() -> None:
    assert model_source("hf:gpt2") == "gpt2"
    assert model_source("Qwen/Qwen2.5-Coder-0.5B") == "Qwen/Qwen2.5-Coder-0.5B"


def test_a_gguf_file_is_converted_once(smol_file: Path, smol: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_files, "cache_folder", lambda: smol.parent.parent)
    monkeypatch.setattr(gguf_files, "convert", lambda *_: pytest.fail("it was converted before"))
    assert model_source(f"hf:{smol_file}") == str(smol)
    assert model_source(str(smol_file.parent)) == str(smol), "a folder with one GGUF file is named like the file"
    assert read_model_config(str(smol_file)).vocab_size == 49_152


def test_a_converted_model_has_the_weights_of_the_file(smol_file: Path, smol: Path) -> None:
    lm, _ = read_model(str(smol), "cpu")
    assert {parameter.dtype for parameter in lm.parameters()} == {torch.float32}
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(smol_file).tensors}
    for name, ours in {"blk.7.ffn_down.weight": "layers.7.mlp.down_proj", "output_norm.weight": "norm"}.items():
        kept = lm.model.get_submodule(ours).weight
        found = gguf.dequantize(tensors[name].data, tensors[name].tensor_type)
        assert np.array_equal(kept.detach().numpy(), found)


def damaged(kind: str, folder: Path) -> Path:
    """Write something that is no model, and return its path."""
    made, weights = folder / kind, folder / kind / "model.safetensors"
    if kind == "mystery.gguf":
        writer = gguf.GGUFWriter(made, "mystery")
        writer.add_block_count(1)
        writer.add_tensor("a", np.zeros((2, 2), np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    elif kind == "partial.gguf":
        write_llama(made, left_out="blk.1.ffn_down.weight")
    elif kind == "text.gguf" or kind == "notes.txt":
        made.write_text("no model")
    elif kind == "masked":
        BertForMaskedLM(BertConfig(**SIZES)).save_pretrained(made)
    elif kind == "classifier":
        LlamaForSequenceClassification(LlamaConfig(**SIZES)).save_pretrained(made)
    elif kind == "translator":
        T5ForConditionalGeneration(T5Config(vocab_size=32, d_model=16, num_layers=1, num_heads=2)).save_pretrained(made)
    elif kind in ("weightless", "untokenized", "cut"):
        LlamaForCausalLM(LlamaConfig(**SIZES)).save_pretrained(made)
        if kind == "weightless":
            weights.unlink()
        if kind == "cut":
            weights.write_bytes(weights.read_bytes()[:-100])
    elif kind == "empty":
        made.mkdir()
    return made


def write_llama(path: Path, left_out: str) -> None:
    """Write a GGUF file of a tiny Llama without one of its tensors."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.add_context_length(32)
    writer.add_embedding_length(8)
    writer.add_feed_forward_length(16)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(32)
    shapes = {"token_embd": (32, 8), "output_norm": (8,), "output": (32, 8)}
    for block in ("blk.0", "blk.1"):
        shapes |= {f"{block}.attn_{part}": (8, 8) for part in ("q", "k", "v", "output")}
        shapes |= {f"{block}.{part}_norm": (8,) for part in ("attn", "ffn")}
        shapes |= {f"{block}.ffn_gate": (16, 8), f"{block}.ffn_up": (16, 8), f"{block}.ffn_down": (8, 16)}
    for name, shape in shapes.items():
        if f"{name}.weight" != left_out:
            writer.add_tensor(f"{name}.weight", np.zeros(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("mystery.gguf", "architecture mystery is not supported yet"),
        ("partial.gguf", "1 of its tensors are missing, such as that of model.layers.1.mlp.down_proj.weight"),
        ("text.gguf", "it may be damaged or incomplete"),
        ("notes.txt", "got the file"),
        ("masked", "a causal language model"),
        ("classifier", "which is LlamaForSequenceClassification"),
        ("translator", "which is T5ForConditionalGeneration"),
        ("weightless", "no file named model.safetensors"),
        ("untokenized", "copy the tokenizer's files"),
        ("cut", "incomplete metadata"),
        ("empty", "which has no config.json, adapter_config.json or GGUF file"),
        ("mistyped", "which does not exist"),
    ],
)
def test_what_is_no_model_is_refused_in_one_line(kind: str, words: str, tmp_path: Path) -> None:
    path = damaged(kind, tmp_path)
    with pytest.raises(UsageError, match=r"^model: expected ") as caught:
        read_model(f"hf:{path}")
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_gguf_file_is_refused(smol_file: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    with smol_file.open("rb") as file:
        cut.write_bytes(file.read(1_000_000))
    with pytest.raises(UsageError, match="compare its size with the original's"):
        read_model(str(cut))


def test_weights_that_are_missing_are_not_made_up(tmp_path: Path) -> None:
    """A classifier's folder, renamed to a causal model: transformers would draw the head at random and only warn."""
    LlamaForSequenceClassification(LlamaConfig(**SIZES)).save_pretrained(tmp_path)
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace("LlamaForSequenceClassification", "LlamaForCausalLM"))
    with pytest.raises(
        UsageError, match=r"expected weights for all parts of LlamaForCausalLM .* none for lm_head.weight"
    ):
        read_model(str(tmp_path))
