"""Checkpoints of a run, at most one at a time: written at once, or by a thread while training goes on.

The thread has what it writes in copies of its own, and sends its messages to the other processes through a group of its
own. It reads nothing of the learner.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch.distributed import ProcessGroup

from rlef_agents.ppo import parallel
from rlef_agents.ppo.checkpoint import CANNOT_WRITE, begin_checkpoint, finish_checkpoint, latest
from rlef_agents.ppo.learner import Learner
from rlef_env.errors import RLEFError

__all__ = ["CheckpointWriter"]


class CheckpointWriter:
    """Writes the checkpoints of a run; all processes call each method but ``last`` at once.

    Args:
        folder: folder of the run's checkpoints.
        keep: number of checkpoints to keep.
        version: version of the learner in the last checkpoint.

    Attributes:
        version: version of the learner in the last checkpoint, also while that is being written.
    """

    def __init__(self, folder: Path, keep: int, version: int) -> None:
        self.folder, self.keep, self.version = folder, keep, version
        self._thread: ThreadPoolExecutor | None = None
        self._group: ProcessGroup | None = None
        self._pending: Future[Path] | None = None

    def save(self, learner: Learner, extra: Mapping[str, Any], tokenizer: Any, wait: bool) -> Path:
        """Write a checkpoint, after the one before it is complete.

        Args:
            learner: learner to save.
            extra: as for ``save_checkpoint``.
            tokenizer: tokenizer of the policy.
            wait: return when it is complete. Otherwise return when what is to be written has been copied.

        Returns:
            The checkpoint.

        Raises:
            RLEFError: it cannot be written, or the one before it could not; the last complete one is untouched.
        """
        try:
            self.wait()
        finally:
            self._pending = None
        try:
            draft = begin_checkpoint(self.folder, learner, extra, tokenizer, self.keep, copy=not wait)
            if wait:
                finish_checkpoint(draft)
        except CANNOT_WRITE as error:
            raise self._failure(error) from error
        if not wait:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, "checkpoint")
                self._group = parallel.second_group()
            self._pending = self._thread.submit(finish_checkpoint, draft, self._group)
        self.version = learner.version
        return draft.target

    def wait(self) -> None:
        """Wait until the checkpoint that is being written is complete.

        Raises:
            RLEFError: it could not be written; the one before it is untouched.
        """
        if self._pending is not None:
            try:
                self._pending.result()
            except CANNOT_WRITE as error:
                raise self._failure(error) from error

    def last(self) -> str:
        """Say which checkpoint to resume from, after the one that is being written is complete."""
        with suppress(RLEFError):
            self.wait()
        return self._said()

    def close(self) -> None:
        """Wait as ``wait`` does, with the same error, and end the thread."""
        try:
            self.wait()
        finally:
            if self._thread is not None:
                self._thread.shutdown()

    def _failure(self, error: BaseException) -> RLEFError:
        return RLEFError(f"checkpoint: could not be written ({error}); {self._said()}")

    def _said(self) -> str:
        last = latest(self.folder)
        return "there is no checkpoint yet" if last is None else f"resume from {last} with --resume"
