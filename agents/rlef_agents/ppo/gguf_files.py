"""GGUF files: converted once into a folder for ``from_pretrained``, in the user's cache.

transformers reads such a file slowly (the tokenizer alone takes seconds) and cannot save what it read. The folder holds
the same numbers in float32, the same tokenizer and the same chat template, so everything that works with a folder works
with a GGUF file.
"""

from __future__ import annotations

import copy
import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rlef_env.errors import UsageError
from rlef_env.files import cache_folder

__all__ = ["converted", "is_gguf"]

MAGIC: Final = b"GGUF"

FORMAT: Final = 2
"""Part of a folder's name; raise it when the same file is to be converted in another way."""


def is_gguf(path: Path) -> bool:
    """Return whether a path is a file whose name or first bytes say GGUF."""
    if not path.is_file():
        return False
    if path.suffix == ".gguf":
        return True
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def converted(path: Path) -> Path:
    """Return the folder with a GGUF file's model; the first call converts it, which needs 4 bytes a weight on the disk.

    Several processes may call this at the same time: one converts, the others wait.

    Args:
        path: the file.

    Raises:
        UsageError: the file is damaged or of an architecture that transformers does not know, or ``gguf`` is missing.
        OSError: the cache cannot be written.
    """
    folder = cache_folder() / "models" / f"{path.stem}-{digest(path)}-{FORMAT}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(f".{folder.name}.lock")):
        if not folder.is_dir():
            writing = folder.with_name(f".writing-{folder.name}")
            shutil.rmtree(writing, ignore_errors=True)
            convert(path, writing)
            writing.rename(folder)
    return folder


def convert(path: Path, folder: Path) -> None:
    """Write a GGUF file's model, in float32, and its tokenizer into a new folder."""
    try:
        import gguf  # noqa: F401
    except ImportError:
        raise UsageError(
            f"model: reading the GGUF file {str(path)!r} needs the package gguf; pip install 'rlef-agents[gguf]' (in a "
            "clone: 'agents[gguf]')"
        ) from None
    source: dict[str, Any] = {"pretrained_model_name_or_path": path.parent, "gguf_file": path.name}
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32, output_loading_info=True)
        model, found = loaded
        if missing := sorted(found["missing_keys"]):  # transformers has put random weights there
            raise ValueError(f"{len(missing)} of its tensors are missing, such as that of {missing[0]}")
        tokenizer: Any = AutoTokenizer.from_pretrained(**source)
    except Exception as error:  # a damaged file raises whatever the first wrong byte leads to
        raise unreadable(path, error) from error
    config = copy.deepcopy(model.config)
    vars(config).pop("quantization_config", None)  # the weights are plain numbers now
    with torch.device("meta"):
        plain: Any = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
    plain.load_state_dict(model.state_dict(), assign=True)
    plain.tie_weights()
    plain.generation_config = model.generation_config
    plain.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def unreadable(path: Path, error: Exception) -> UsageError:
    """Return the error for a GGUF file that transformers cannot read."""
    reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    if "architecture" in reason and "not supported" in reason:
        advice = "convert the original model instead: pass its folder or its name on the hub"
    else:
        advice = "it may be damaged or incomplete: compare its size with the original's and copy it again"
    return UsageError(
        f"model: expected a GGUF file that transformers can read, got {str(path)!r}: {reason[:200]}; {advice}"
    )


def digest(path: Path) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a file's bytes."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()[:16]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; it is released when its owner ends, whatever ends it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
