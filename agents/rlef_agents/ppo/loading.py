"""Models by name: finding their files, and loading them in float32, the type in which they are trained and evaluated.

This is the only place where a model that a user names is read. A name is a folder, the folder of a training run (its
best policy), a GGUF file, a folder with one GGUF file, or a name on the Hugging Face hub, each with or without ``hf:``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.utils import logging as hub_logging
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.models.auto import modeling_auto
from transformers.utils import logging

from rlef_agents.ppo.checkpoint import complete_policy, latest
from rlef_agents.ppo.construction import FileSource, empty_model
from rlef_agents.ppo.gguf_files import converted, is_gguf
from rlef_env.errors import UsageError

__all__ = [
    "model_source", "plain_name", "policy_folder", "quiet_libraries", "read_empty_model", "read_model",
    "read_model_config", "read_tokenizer",
]  # fmt: skip

PREFIX: Final = "hf:"
"""Beginning of names of models, as in ``rlef eval hf:NAME``; may be left out here."""

CONFIGS: Final = ("config.json", "adapter_config.json")
"""Files that make a folder a model or an adapter."""

UNREADABLE: Final = (
    OSError, ValueError, KeyError, ImportError, AttributeError, TypeError, RuntimeError, SafetensorError,
)  # fmt: skip
"""Exceptions of transformers, huggingface_hub and safetensors for missing, damaged and other files."""


def read_model(name: str, device: str = "auto") -> tuple[Any, Any]:
    """Load a causal language model with float32 weights, and its tokenizer.

    Args:
        name: see this module.
        device: ``auto`` takes a GPU if there is one.

    Raises:
        UsageError: there is no such model, it cannot be read or is no causal language model, or there is no GPU for it.
    """
    place, source = place_of(device), model_source(name)
    _config(name, source)
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32, output_loading_info=True)
        model, found = loaded
    except UNREADABLE as error:
        raise unreadable(name, error) from error
    if missing := sorted(found["missing_keys"]):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UsageError(
            f"model: expected weights for all parts of {type(model).__name__} in {name!r}, got none for "
            f"{missing[0]}{more}; its files are incomplete, or those of another kind of model"
        )
    return model.to(place), read_tokenizer(name, source)


def read_empty_model(name: str, device: str = "auto") -> tuple[Any, Any, FileSource]:
    """Return a model without weights (on the ``meta`` device), its tokenizer, and the source of its weights.

    Args:
        name: see this module.
        device: ``auto`` takes a GPU if there is one.

    Raises:
        UsageError: as ``read_model``, or its weights are not in safetensors files.
    """
    place, source = place_of(device), model_source(name)
    config = _config(name, source)
    if base_of_adapter(Path(source)) is not None:
        raise UsageError(
            f"model: expected a whole model, because it is divided among processes, got the adapters in {name!r}; "
            f"merge them first: `rlef-agents export {name} FOLDER`"
        )
    folder = Path(source)
    try:
        if not folder.is_dir():
            folder = Path(snapshot_download(source, allow_patterns=["*.safetensors", "*.json"]))
        model = empty_model(config, folder)
        weights = FileSource(folder, [each for each, _ in model.named_parameters()], torch.device(place))
    except UNREADABLE as error:
        raise unreadable(name, error) from error
    return model, read_tokenizer(name, source), weights


def place_of(device: str) -> str:
    """Return the device that a setting means.

    Raises:
        UsageError: there is no GPU, and the setting asks for one.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("device: expected 'auto' or 'cpu', because PyTorch finds no GPU here, got 'cuda'")
    return device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"


def read_tokenizer(name: str, source: str) -> Any:
    """Return the tokenizer of a model.

    Args:
        name: the model's name, for errors.
        source: result of ``model_source``.

    Raises:
        UsageError: there is none, or it cannot be read.
    """
    try:
        return AutoTokenizer.from_pretrained(source)
    except UNREADABLE as error:
        raise UsageError(
            f"model: expected {name!r} to have a tokenizer that transformers can read: {first_line(error)}; copy the "
            "tokenizer's files (tokenizer.json, tokenizer_config.json) into the model's folder"
        ) from error


def read_model_config(name: str) -> Any:
    """Return the configuration of a model without loading its weights.

    Raises:
        UsageError: there is no such model, or it is no causal language model.
    """
    return _config(name, model_source(name))


def _config(name: str, source: str) -> Any:
    try:
        config = AutoConfig.from_pretrained(base_of_adapter(Path(source)) or source)
    except UNREADABLE as error:
        raise unreadable(name, error) from error
    kinds = list(getattr(config, "architectures", None) or ())
    if type(config) not in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING or not all(map(generates, kinds)):
        raise UsageError(
            f"model: expected a causal language model, got {name!r}, which is "
            f"{' '.join(kinds) or type(config).__name__}; choose one that continues a text"
        )
    return config


def generates(architecture: str) -> bool:
    """Return whether a class of transformers, by its name, continues texts; masked models and classifiers do not."""
    return architecture.endswith(("CausalLM", "LMHeadModel", "LMHead", "ConditionalGeneration"))


def model_source(name: str) -> str:
    """Return what ``from_pretrained`` gets for a model that a user names: a folder or a name on the hub.

    A GGUF file is converted by the first call.

    Raises:
        UsageError: the name is the path of nothing, or of something that is no model.
    """
    name = plain_name(name)
    path = Path(name).expanduser()
    if path.is_file():
        if is_gguf(path):
            return str(converted(path))
        raise UsageError(
            f"model: expected a folder, a GGUF file or a name on the Hugging Face hub, got the file {name!r}"
        )
    if path.is_dir():
        return str(policy_folder(path))
    if name.startswith(("/", ".", "~")) or name.endswith(".gguf") or name.count("/") > 1 or not name:
        raise UsageError(
            f"model: expected a folder, a GGUF file or a name on the Hugging Face hub, got {name!r}, which does not "
            "exist; correct the path"
        )
    return name


def plain_name(name: str) -> str:
    """Return a model's name without ``hf:``."""
    return name.removeprefix(PREFIX)


def policy_folder(path: Path) -> Path:
    """Return the folder of a policy: a run's best one, else its last checkpoint's; a checkpoint's; or the path itself.

    A folder with one GGUF file is that file's converted folder.

    Raises:
        UsageError: there is no policy.
    """
    last = latest(path / "checkpoints")
    candidates = [path / "best", path / "policy", path, *([last / "policy"] if last else [])]
    for folder in candidates:
        if any((folder / name).exists() for name in CONFIGS):
            is_of_checkpoint = folder.name == "policy" and (folder.parent / "weights").is_dir()
            return complete_policy(folder.parent) if is_of_checkpoint else folder
    files = sorted(path.glob("*.gguf"))
    if len(files) == 1:
        return converted(files[0])
    if files:
        raise UsageError(
            f"model: expected one GGUF file in {str(path)!r}, got {len(files)}; name one, such as {str(files[0])!r}"
        )
    raise UsageError(
        f"model: expected the folder of a model, a run, a checkpoint or a policy, got {str(path)!r}, which has no "
        "config.json, adapter_config.json or GGUF file"
    )


def base_of_adapter(folder: Path) -> str | None:
    """Return the name of the model that a folder's adapter belongs to; None if it holds a whole model."""
    adapter = folder / "adapter_config.json"
    if (folder / "config.json").exists() or not adapter.exists():
        return None
    name = json.loads(adapter.read_text(encoding="utf-8")).get("base_model_name_or_path")
    return str(name) if name else None


def unreadable(name: str, error: Exception) -> UsageError:
    """Return the error for a model that transformers cannot find or read."""
    here = Path(plain_name(name)).exists()
    advice = (
        ""
        if here
        else f" (without a network, download it elsewhere, with `hf download {plain_name(name)}`, and pass its folder)"
    )
    return UsageError(
        f"model: expected a folder, a GGUF file or a name on the Hugging Face hub, got {name!r}: "
        f"{first_line(error)}{advice}"
    )


def first_line(error: Exception) -> str:
    """Return the first line of an error's message."""
    lines = (line.strip() for line in str(error).splitlines())
    return next(filter(None, lines), type(error).__name__)[:300]


def quiet_libraries() -> None:
    """Turn off progress bars for weight files, and a line for each attempt to connect to the hub."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
