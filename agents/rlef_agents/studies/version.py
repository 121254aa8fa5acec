"""The version of the code that made a result."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["code_version"]


def code_version() -> str:
    """Return the commit of the checkout, with ``+`` where files differ from it; ``unknown`` outside of a checkout."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        commit = git("rev-parse", "--short=12", "HEAD")
        return commit + ("+" if git("status", "--porcelain", "--untracked-files=no", "--", ":(top)*.py") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
