"""Episodes as values: stored in files, checked, and shown as text."""

from rlef_env.episodes.episode import Episode, Turn
from rlef_env.episodes.storage import episode_from_row, episode_to_row, read_episodes, write_episodes

__all__ = [
    "Episode",
    "Turn",
    "episode_from_row",
    "episode_to_row",
    "read_episodes",
    "write_episodes",
]
