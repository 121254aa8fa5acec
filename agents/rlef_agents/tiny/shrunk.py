"""Tiny random models with real architectures and real chat templates, for dry runs and tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from rlef_agents.ppo.construction import SMALL, small_version
from rlef_agents.ppo.loading import model_source, plain_name, read_model_config
from rlef_agents.tiny.tokenizer import make_tokenizer
from rlef_env.envs import prompt_text
from rlef_env.errors import UsageError
from rlef_env.problems import load_dataset

__all__ = ["shrunk"]

SIZES: Final = {**SMALL, "max_position_embeddings": 8192}


def shrunk(name: str, seed: int = 0) -> tuple[Any, Any]:
    """Return a model with random weights and the architecture of a named model, and a tokenizer with its chat template.

    Nothing is downloaded: a name that contains ``qwen3`` or ``qwen`` gives these architectures, any other name a Llama.
    A folder or a GGUF file gives its own architecture and tokenizer.

    Args:
        name: name of a model, such as ``meta-llama/Llama-3.1-8B-Instruct``, or a folder or file with a model.
        seed: seed of the weights.

    Raises:
        UsageError: the folder has no model that transformers knows.
    """
    if Path(plain_name(name)).exists():
        return shrunk_folder(name, seed)
    lowered = name.lower()
    template = "qwen3" if "qwen3" in lowered else "chatml" if "qwen" in lowered else "llama3"
    problems = load_dataset("starter", split="train")
    texts = [prompt_text(problems[place].statement) for place in range(len(problems))]
    tokenizer = make_tokenizer(texts, 1024, template)
    sizes: dict[str, Any] = {
        **SIZES, "vocab_size": len(tokenizer), "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id,
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if "qwen3" in lowered:
            return Qwen3ForCausalLM(Qwen3Config(**sizes, head_dim=16)), tokenizer
        if "qwen" in lowered:
            return Qwen2ForCausalLM(Qwen2Config(**sizes, tie_word_embeddings=True)), tokenizer
        return LlamaForCausalLM(LlamaConfig(**sizes)), tokenizer


def shrunk_folder(folder: str, seed: int) -> tuple[Any, Any]:
    """Return a model with a folder's architecture but two layers and few features, and the folder's tokenizer."""
    try:
        source = model_source(folder)
        config: Any = read_model_config(folder)
        tokenizer = AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError, KeyError, ImportError) as error:
        first = str(error).strip().splitlines()[0][:300]
        raise UsageError(f"model: expected a model of transformers in {folder!r}: {first}") from error
    config = small_version(config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
        return model, tokenizer
