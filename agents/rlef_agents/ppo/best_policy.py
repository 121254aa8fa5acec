"""The best policy of a run, in ``best/``: all of it or nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from rlef_agents.ppo import parallel
from rlef_agents.ppo.checkpoint import CANNOT_WRITE, policy_weights, save_policy
from rlef_agents.ppo.learner import Learner
from rlef_env.errors import RLEFError

__all__ = ["finish_replacement", "keep_best"]


def keep_best(out: Path, learner: Learner, tokenizer: Any, last: str, card: str = "") -> None:
    """Write the policy to ``best/``, and then delete the one before it; all processes call it at once.

    Args:
        out: folder of the run.
        learner: learner that has the policy.
        tokenizer: tokenizer of the policy.
        last: what to do if it cannot be written, for the error.
        card: text of its model card.

    Raises:
        RLEFError: it cannot be written; the one before it is untouched.
    """
    writing, before, target = out / ".writing-best", out / ".before-best", out / "best"
    weights = policy_weights(learner)
    if parallel.rank() == 0:
        try:
            shutil.rmtree(writing, ignore_errors=True)
            save_policy(writing, learner, weights, tokenizer)
            (writing / "README.md").write_text(card, encoding="utf-8")
            shutil.rmtree(before, ignore_errors=True)
            if target.exists():
                target.replace(before)
            writing.replace(target)
            shutil.rmtree(before, ignore_errors=True)
        except CANNOT_WRITE as error:
            raise RLEFError(f"best: could not be written ({error}); {last}") from error
    parallel.wait_for_all()


def finish_replacement(out: Path) -> None:
    """Put the policy before the best one back if the run was killed between two renames."""
    before = out / ".before-best"
    if parallel.rank() == 0 and before.exists() and not (out / "best").exists():
        before.replace(out / "best")
