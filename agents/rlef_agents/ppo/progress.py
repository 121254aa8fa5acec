"""How far an update or an evaluation is, in one line, while its episodes are played."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_agents.ppo.rollout import Progress

__all__ = ["Watch"]


@dataclass
class Watch:
    """What is being played.

    Attributes:
        label: what it is, such as ``"update 3/40"``.
        episodes: number of its episodes in this process.
        began: time at which it began, in seconds.
        done: episodes of its finished batches.
        tokens: tokens of its finished batches.
    """

    label: str
    episodes: int
    began: float
    done: int = 0
    tokens: int = 0

    def add(self, episodes: int, tokens: int) -> None:
        """Count a finished batch."""
        self.done += episodes
        self.tokens += tokens

    def line(self, now: float, batch: Progress) -> str:
        """Return the line at a time, in seconds.

        Args:
            now: the time.
            batch: how far the batch is that is being played.
        """
        done, seconds = self.done + batch.finished, max(now - self.began, 1e-9)
        rate = (self.tokens + batch.tokens) / seconds
        left = clock(seconds / done * (self.episodes - done)) if done else "unknown"
        pending_text = f", {batch.pending} at the judge" if batch.pending else ""
        return f"{self.label}: {done} of {self.episodes} episodes, {rate:,.0f} tokens/s{pending_text}, time left {left}"


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds, or hours, minutes and seconds."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
