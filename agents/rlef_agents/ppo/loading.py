"""Finding a model by its name or folder, and loading it in float32, the type in which it is trained and evaluated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from huggingface_hub.utils import logging as hub_logging
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from rlef_agents.ppo.checkpoint import latest
from rlef_env.errors import UsageError

__all__ = ["named_policy", "policy_folder", "quiet_libraries", "read_model"]


def read_model(name: str, device: str = "auto") -> tuple[Any, Any]:
    """Load a causal language model with float32 weights, and its tokenizer.

    Args:
        name: a name or folder for ``from_pretrained``.
        device: ``auto`` takes a GPU if there is one.

    Raises:
        UsageError: there is no such model, it cannot be read, or there is no GPU for it.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("device: expected 'auto' or 'cpu', because PyTorch finds no GPU here, got 'cuda'")
    place = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
        return model.to(place), AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError, KeyError, ImportError) as error:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UsageError(
            f"model: expected a name or folder of transformers, got {name!r}: {first[:300]} (without a network, "
            f"download it elsewhere, with `hf download {name}`, and pass its folder)"
        ) from error


def named_policy(model: str) -> str:
    """Return the argument for ``from_pretrained``: the policy in a folder, or any other name unchanged."""
    return str(policy_folder(Path(model))) if Path(model).is_dir() else model


def policy_folder(path: Path) -> Path:
    """Return the folder of a policy: a run's best one, else its last checkpoint's; a checkpoint's; or the path itself.

    Raises:
        UsageError: there is no policy.
    """
    last = latest(path / "checkpoints")
    candidates = [path / "best", path / "policy", path, *([last / "policy"] if last else [])]
    for folder in candidates:
        if any((folder / name).exists() for name in ("config.json", "adapter_config.json")):
            return folder
    raise UsageError(f"checkpoint: expected the folder of a run, a checkpoint or a policy, got {str(path)!r}")


def quiet_libraries() -> None:
    """Turn off progress bars for weight files, and a line for each attempt to connect to the hub."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
